"""All that the report's template can name: the tables' rows, the settings, and words that the data
choose. Every number is a `Number`, which knows its cell.
"""

import platform
from importlib.metadata import version

import jinja2

from scripts.analysis.causes import judge, remedies
from scripts.analysis.inference import ALPHA, REFITS, STANDS
from scripts.study.config import NUDGED, own_settings, protocols, without_twins
from scripts.study.errors import StudyError
from scripts.study.layout import DRAWN_SEEDS, beside_main, combinations
from scripts.study.names import comparison_names
from scripts.study.schema import nearest
from scripts.tables import schemas
from scripts.writing.bound import LISTING, Names, Number, Source
from scripts.writing.filters import listed, where

RESULTS = (  # it reads
    *("summary", "factors", "missing", "claims", "verdicts", "intervals", "agreement", "chaotic"),
)
NAMED = 10  # missing combinations
PACKAGES = (
    *("torch", "snakemake", "pandas", "numpy", "matplotlib", "jinja2", "pypandoc_binary", "typst"),
)
VERDICT_WORDS = {
    "holds": "holds",
    "reversed": "is reversed",
    "no difference": "shows no difference",
    "undecided": "stays undecided",
    "unproven": "is unproven, for runs are missing",
    "not tested": "is not tested",
}


class FactsError(StudyError):
    """One line: the table, and the row that it lacks."""


def facts(config, digest, results, claims, causes):
    """All that the template can name. `results` are the tables by name."""
    seeds = {name: own["seeds"] for name, own in protocols(config).items()}
    config = without_twins(config | {"protocols": own_settings(config)})
    settings = bound_protocols(config)
    main = config["main"]
    beside = list(beside_main(config))
    rows_of = {name: bound_rows(name, results[name], seeds) for name in RESULTS}
    all_rows = in_order(config, rows_of["summary"])
    of_source = {name: entry for name, entry in claims.items() if "source" in entry}
    puzzle = next((name for name, entry in claims.items() if "puzzle" in entry), None)
    comparisons_of = {}
    for row in rows_of["claims"]:
        comparisons_of.setdefault((row["claim"], row["protocol"]), []).append(row)
    for rows in comparisons_of.values():
        names = comparison_names([(row["comparison"], row["output"]) for row in rows])
        for row, words in zip(rows, names, strict=True):
            row["name"] = words
    verdict_of = {(row["claim"], row["protocol"]): row for row in rows_of["verdicts"]}

    def claim(name, protocol):
        if name not in claims:
            hint = f"; there are {listed(claims)}"
            raise jinja2.TemplateRuntimeError(f"report/claims.yaml has no claim {name}{hint}")
        if protocol not in settings:
            hint = nearest(protocol, settings)
            raise jinja2.TemplateRuntimeError(f"config.yaml has no protocol {protocol}{hint}")
        key = name, protocol
        if key not in verdict_of:
            return {"verdict": "not tested", "words": VERDICT_WORDS["not tested"], "groups": []}
        rows = comparisons_of[key]
        words = verdict_words(verdict_of[key]["verdict"], rows)
        return verdict_of[key] | {"words": words, "groups": rows}

    def holding(protocol):
        return Names(
            [name for name in of_source if claim(name, protocol)["verdict"] == "holds"],
            [Source("results/verdicts.csv", f".*,{protocol}", "verdict", str(seeds[protocol]))],
        )

    return {
        "config": bound(config),
        "protocols": settings,
        "main": main,
        "settings": settings[main],
        "runs": over_all(results["summary"]["n"].sum(), "summary", "n"),
        "missing": missing_runs(rows_of["missing"]),
        "diverged": over_all(results["summary"]["diverged"].sum(), "summary", "diverged"),
        "all_rows": all_rows,
        "rows": lambda **wanted: rows_with(all_rows, wanted),
        "beside": beside,
        "claims": claims,
        "alpha": Number(ALPHA),
        "most": {
            "drawn": Number(DRAWN_SEEDS),
        },
        "refits": Number(REFITS),
        "stands": Number(STANDS),
        "claim": claim,
        "under": lambda name: sentences(
            {protocol: claim(name, protocol)["words"] for protocol in beside}
        ),
        "of_source": of_source,
        "holding": holding,
        "causes": judged(causes, puzzle, {name: claim(puzzle, name) for name in settings})
        if puzzle
        else {},
        "remedies": [
            {
                inputs: row | {"outcome": outcome(claim(puzzle, row["protocol"]))}
                for inputs, protocol in (("raw", raw), ("standardised", standardised))
                for row in where(all_rows, protocol=protocol, hidden="sigmoid", output="sigmoid")
            }
            for raw, standardised in remedies(config).items()
        ]
        if puzzle
        else [],
        "chaotic": chaotic_runs(rows_of["chaotic"], rows_of["summary"]),
        "factors": rows_of["factors"],
        "agreement": rows_of["agreement"],
        "precision": precision(results["intervals"]),
        "undecided": [
            row
            for row in rows_of["claims"]
            if row["protocol"] in beside and row["seeds_needed"] == row["seeds_needed"]
        ],
        "versions": {"Python": platform.python_version()} | {p: version(p) for p in PACKAGES},
        "digest": digest,
        "listing": LISTING,
    }


def bound(value, path=""):
    """A part of the config, its numbers bound to their keys."""
    if isinstance(value, dict):
        return {key: bound(own, f"{path}.{key}".lstrip(".")) for key, own in value.items()}
    if isinstance(value, list):
        return [bound(own, path) for own in value]
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return Number(value, [Source("config.yaml", path, "")], str(value))
    return value


def bound_protocols(config):
    """`protocols` of the config, each number bound to the key that says it."""
    common = bound({key: config[key] for key in ("hidden", "output", "seeds")})
    common |= bound(config["training"], "training")
    own = bound(config["protocols"], "protocols")
    return {name: {**common, **own[name]} for name in protocols(config)}


def bound_rows(name, table, seeds):
    """A table's rows, their numbers bound to their cells."""
    schema = schemas.TABLES[name]
    kinds = {column: str(kind.dtype).lower() for column, kind in schema.columns.items()}
    numeric = [column for column, kind in kinds.items() if kind in ("int64", "float64")]
    rows = table.astype(dict.fromkeys(numeric, "float64")).to_dict("records")
    for cells, row in zip(table[schema.unique].itertuples(index=False), rows, strict=True):
        key = ",".join(map(str, cells))
        n = row.get("n", seeds.get(row.get("protocol")))
        about = "" if n is None else f"{n:.0f}"
        for column in numeric:
            cell = Source(f"results/{name}.csv", key, column, about)
            row[column] = Number(row[column], [cell])
    return rows


def over_all(value, name, column):
    """A number about all rows of a table."""
    return Number(value, [Source(f"results/{name}.csv", "", column)])


def in_order(config, summary):
    """The rows of the summary, in the config's order."""
    rows = {tuple(row[key] for key in schemas.COMBINATION): row for row in summary}
    for combination in combinations(config):
        if combination not in rows:
            raise FactsError(f"results/summary.csv has no row for {', '.join(combination)}")
    return [rows[combination] for combination in combinations(config)]


def rows_with(all_rows, wanted):
    """The rows whose columns have the values wanted, in the config's order."""
    for column, value in wanted.items():
        if column not in all_rows[0]:
            hint = nearest(column, all_rows[0])
            raise jinja2.TemplateRuntimeError(f"results/summary.csv has no column {column}{hint}")
        values = list(dict.fromkeys(row[column] for row in all_rows))
        if value not in values:
            hint = f"; there are {listed(values)}{nearest(value, values)}"
            raise jinja2.TemplateRuntimeError(f"results/summary.csv has no {column} {value}{hint}")
    found = where(all_rows, **wanted)
    if not found:
        wanted = ", ".join(wanted.values())
        raise jinja2.TemplateRuntimeError(f"results/summary.csv has no row of {wanted} together")
    return found


def missing_runs(rows):
    """How many runs are missing, and which, in words; nothing where all are there."""
    if not rows:
        return None
    count = sum(row["last_seed"] - row["first_seed"] + 1 for row in rows)
    seeds_of = {}
    for row in rows:
        of = f"*{row['protocol']}* {row['hidden']}–{row['output']}"
        ends = dict.fromkeys([row["first_seed"], row["last_seed"]])  # one, if they are the same
        seeds_of.setdefault(of, []).append("–".join(f"{seed:.0f}" for seed in ends))
    words = [f"{name} (seeds {listed(seeds)})" for name, seeds in seeds_of.items()]
    others = [f"{len(words) - NAMED} more"] if len(words) > NAMED else []
    return {
        "count": over_all(count, "missing", "first_seed"),
        "which": "; ".join([*words[:NAMED], *others]),
    }


def chaotic_runs(rows, summary):
    """Of each protocol that was trained from a nudged start, too: how many of how many runs are
    chaotic.
    """
    trained = dict.fromkeys(row["protocol"] for row in summary)
    return [
        {
            "protocol": protocol,
            "count": Number(len(own), [Source("results/chaotic.csv", protocol, "seed")]),
            "runs": sum(row["n"] for row in where(summary, protocol=protocol)),
        }
        for protocol in trained
        if protocol + NUDGED in trained
        for own in [where(rows, protocol=protocol)]
    ]


def sentences(words):
    """What runs say of a claim under each protocol; those that say the same share a sentence."""
    protocols_of = {}
    for protocol, said in words.items():
        protocols_of.setdefault(said, []).append(f"*{protocol}*")
    return " ".join(f"Under {listed(names)}, this {said}." for said, names in protocols_of.items())


def judged(causes, puzzle, claims):
    """`judge`, by what the claim that the causes explain says under each protocol."""
    every = judge(causes, {protocol: outcome(claim) for protocol, claim in claims.items()})
    for cause in every.values():
        for kind in ("right", "wrong"):
            cells = [
                Source("results/verdicts.csv", f"{puzzle},{protocol}", "verdict", n.text)
                for protocol in cause[kind]
                for n in [claims[protocol]["n"]]
            ]
            cause[kind] = Names(cause[kind], cells)
    return every


def outcome(claim):
    """Whether the network that cannot be trained, by the source, learns, or fails."""
    return {"reversed": "learns", "holds": "fails"}.get(claim["verdict"], "undecided")


def precision(intervals):
    """For each number of seeds: how many comparisons it leaves undecided, and how wide intervals
    are, as the median ratio to those with all seeds.
    """
    comparison = list(schemas.COMPARISON)
    widths = intervals.pivot(index=comparison, columns="seeds", values="half_width")
    return [
        {
            "seeds": bound_to_seeds(seeds, "seeds", seeds),
            "undecided": bound_to_seeds(seeds, "verdict", (rows["verdict"] == "undecided").sum()),
            "comparisons": bound_to_seeds(seeds, "seeds", len(rows)),
            "width": bound_to_seeds(
                seeds, "half_width", (widths[seeds] / widths.iloc[:, -1]).median()
            ),
        }
        for seeds, rows in intervals.groupby("seeds")
    ]


def bound_to_seeds(seeds, column, value):
    """A number about all intervals with so many seeds."""
    return Number(value, [Source("results/intervals.csv", f".*,{seeds}", column, str(seeds))])


def verdict_words(verdict, comparisons):
    """A verdict as the predicate of a sentence; one that is not the same for all comparisons says
    for which it is what.
    """
    every = {row["verdict"] for row in comparisons}
    if verdict in ("unproven", "undecided") or every == {verdict}:
        return VERDICT_WORDS[verdict]
    parts = [
        f"{words} for {listed(row['name'] for row in comparisons if row['verdict'] == each)}"
        for each, words in VERDICT_WORDS.items()
        if each in every
    ]
    return "; ".join(parts)
