"""Render the report: the template with the study's facts, then each format.

    python -m scripts.report --config JSON --digest HEX

writes results/report/report.md, .html, .tex and .pdf.
"""

import argparse
import json
import math
import platform
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from operator import itemgetter
from pathlib import Path

import jinja2
from jinja2.sandbox import SandboxedEnvironment

from scripts import formats, tables
from scripts.causes import judge, read_causes
from scripts.config import protocols
from scripts.errors import StudyError, reported
from scripts.names import activation_name, group_name
from scripts.predicates import ALPHA, read_claims
from scripts.study import beside_main, combinations

TEMPLATE = Path("report/report.md.j2")
BIBLIOGRAPHY = Path("report/references.bib")
REPORT = Path("results/report")
RESULTS = ("runs", "summary", "factors", "claims", "intervals", "agreement")
WRITERS = {  # the PDF first, for it takes longest
    "pdf": formats.write_pdf,
    "html": formats.write_html,
    "tex": formats.write_latex,
    "md": formats.write_markdown,
}
PACKAGES = (
    "torch",
    "snakemake",
    "pandas",
    "numpy",
    "matplotlib",
    "jinja2",
    "pypandoc_binary",
    "typst",
)
VERDICT_WORDS = {
    "holds": "holds",
    "reversed": "is reversed",
    "no difference": "shows no difference",
    "undecided": "stays undecided",
}


class ReportError(StudyError):
    """One line: the file, the line in it, what is wrong there."""


def render(template, facts):
    """The text of a template. ReportError where it names what the facts do not hold."""
    environment = SandboxedEnvironment(
        undefined=jinja2.StrictUndefined,
        comment_start_string="{##",  # {#fig:losses} is an identifier of pandoc's
        comment_end_string="##}",
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(FILTERS)
    try:
        return environment.from_string(template).render(facts)
    except (jinja2.TemplateError, ArithmeticError, LookupError, TypeError, ValueError) as error:
        raise ReportError(f"{TEMPLATE}{line_of(error)}: {error}") from None


def line_of(error):
    """', line n', where the template went wrong."""
    if isinstance(error, jinja2.TemplateSyntaxError):
        return f", line {error.lineno}"
    frame, line = error.__traceback__, None
    while frame:
        if frame.tb_frame.f_code.co_filename == "<template>":
            line = frame.tb_lineno
        frame = frame.tb_next
    return f", line {line}" if line else ""


def facts(config, digest, results, claims, causes):
    """All that the template can name. `results` are the tables by name."""
    runs, summary, verdicts = (results[name] for name in ("runs", "summary", "claims"))
    settings = protocols(config)
    main = next(iter(settings))
    by_combination = summary.set_index(list(tables.COMBINATION), drop=False)
    for combination in combinations(config):
        if combination not in by_combination.index:
            raise ReportError(f"results/summary.csv has no row for {', '.join(combination)}")
    all_rows = [by_combination.loc[combination].to_dict() for combination in combinations(config)]

    of_source = {name: entry for name, entry in claims.items() if name.startswith("C")}
    rows_of = {}
    for row in verdicts.to_dict("records"):
        rows_of.setdefault((row["claim"], row["protocol"]), []).append(row)

    def claim(name, protocol):
        if name not in claims:
            raise jinja2.TemplateRuntimeError(f"report/claims.yaml has no claim {name}")
        return what_is_said(rows_of.get((name, protocol), []))

    return {
        "config": config,
        "protocols": settings,
        "main": main,
        "settings": settings[main],
        "runs": len(runs),
        "diverged": int(runs["diverged"].sum()),
        "all_rows": all_rows,
        "rows": lambda **wanted: rows_with(all_rows, wanted),
        "beside": list(beside_main(config)),
        "claims": claims,
        "alpha": ALPHA,
        "claim": claim,
        "under": lambda name: sentences(
            {protocol: claim(name, protocol)["words"] for protocol in beside_main(config)}
        ),
        "of_source": of_source,
        "holding": lambda protocol: [
            name for name in of_source if claim(name, protocol)["verdict"] == "holds"
        ],
        "causes": judge(causes, {protocol: outcome(claim("C5", protocol)) for protocol in settings})
        if "C5" in claims
        else {},
        "factors": results["factors"].to_dict("records"),
        "agreement": results["agreement"].to_dict("records"),
        "precision": precision(results["intervals"]),
        "undecided": undecided(verdicts, beside_main(config)),
        "versions": {"Python": platform.python_version()} | {p: version(p) for p in PACKAGES},
        "digest": digest,
    }


def rows_with(all_rows, wanted):
    """The rows whose columns have the values wanted, in the config's order."""
    found = where(all_rows, **wanted)
    if not found:
        raise jinja2.TemplateRuntimeError(f"results/summary.csv has no row with {wanted}")
    return found


def where(rows, **wanted):
    """Those of the rows whose columns have the values wanted."""
    return [row for row in rows if wanted.items() <= row.items()]


def what_is_said(rows):
    """What runs say of a claim, from its rows: its verdict, that in words, its comparisons."""
    groups = [row for row in rows if row["group"] != "all"]
    if not groups:
        return {"verdict": "not tested", "words": "is not tested", "groups": []}
    (overall,) = where(rows, group="all")
    return {
        "verdict": overall["verdict"],
        "words": verdict_words(overall["verdict"], groups),
        "stands": overall["fragility"],
        "n": overall["n"],
        "groups": groups,
    }


def sentences(words):
    """What runs say of a claim under each protocol; those that say the same share a sentence."""
    protocols_of = {}
    for protocol, said in words.items():
        protocols_of.setdefault(said, []).append(f"*{protocol}*")
    return " ".join(f"Under {listed(names)}, this {said}." for said, names in protocols_of.items())


def outcome(claim):
    """Whether the network that C5 says cannot be trained learns under a protocol, or fails."""
    return {"reversed": "learns", "holds": "fails"}.get(claim["verdict"], "undecided")


def precision(intervals):
    """For each number of seeds: how many comparisons it leaves undecided, and how wide intervals
    are, as the median ratio to those with all seeds.
    """
    comparison = ["claim", "protocol", "group"]
    widths = intervals.pivot(index=comparison, columns="seeds", values="half_width")
    return [
        {
            "seeds": seeds,
            "undecided": int((rows["verdict"] == "undecided").sum()),
            "comparisons": len(rows),
            "width": (widths[seeds] / widths.iloc[:, -1]).median(),
        }
        for seeds, rows in intervals.groupby("seeds")
    ]


def undecided(verdicts, protocol_names):
    """The comparisons under some protocols that more seeds would decide."""
    here = verdicts["protocol"].isin(list(protocol_names)) & verdicts["seeds_needed"].notna()
    return verdicts[here].astype({"seeds_needed": "int64"}).to_dict("records")


def verdict_words(verdict, groups):
    """A verdict as the predicate of a sentence; a mixed one says where it is what."""
    empty = [group_name(group["group"]) for group in groups if not group["n"]]
    if empty and len(empty) < len(groups):
        groups = [group for group in groups if group["n"]]
        return f"{verdict_words(verdict, groups)} (with nothing to compare for {listed(empty)})"
    if verdict != "mixed":
        return VERDICT_WORDS[verdict]
    return "; ".join(
        f"{words} for {listed(group_name(g['group']) for g in groups if g['verdict'] == verdict)}"
        for verdict, words in VERDICT_WORDS.items()
        if any(g["verdict"] == verdict for g in groups)
    )


def listed(items):
    """a, b and c."""
    *first, last = [*items] or [""]
    return f"{', '.join(first)} and {last}" if first else last


def sort(rows, attribute, reverse=False):
    """Rows by the value of a column. Those that have none there have no rank and are left out,
    unless none has one.
    """
    ranked = [row for row in rows if row[attribute] == row[attribute]]
    return sorted(ranked, key=itemgetter(attribute), reverse=reverse) or list(rows)


def significant(value, digits=2):
    """0.03421 → 0.034; a missing value is a dash."""
    return "–" if value != value else f"{value:#.{digits}g}".rstrip(".")


def percent(value, digits=1):
    """0.9731 → 97.3 %; a missing value is a dash."""
    return "–" if value != value else f"{100 * value:.{digits}f}\u00a0%"


def points(value):
    """A difference of shares in percentage points, 0.0123 → 1.2; a missing value is a dash."""
    return "–" if value != value else f"{100 * value:.1f}"


def signed_points(value):
    """A difference of shares in percentage points with its sign, -0.0123 → −1.2."""
    return "–" if value != value else f"{100 * value:+.1f}".replace("-", "−")


def whole(value):
    """A count that may be missing: 12.0 → 12, 12.5 → 13; a missing value is a dash."""
    return "–" if value != value else f"{value:.0f}"


def scientific(value):
    """0.0000071 → 7 · 10⁻⁶, as a formula; a missing value is a dash."""
    if value != value:
        return "–"
    digit, power = f"{value:.0e}".split("e")
    return rf"${digit} \cdot 10^{{{int(power)}}}$"


def setting(value):
    """A value of config.yaml as prose has it."""
    if isinstance(value, dict):
        return ", ".join(f"{key} → {other}" for key, other in value.items()) or "none"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


FILTERS = {
    "name": activation_name,
    "listed": listed,
    "where": where,
    "sort": sort,  # for jinja's, which a missing value confuses
    "significant": significant,
    "percent": percent,
    "points": points,
    "signed_points": signed_points,
    "whole": whole,
    "scientific": scientific,
    "group": group_name,
    "exp": math.exp,
    "setting": setting,
}


@reported("report")
def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--config", required=True, type=json.loads)
    parser.add_argument("--digest", required=True)
    arguments = parser.parse_args()

    results = {name: tables.read(name, f"results/{name}.csv") for name in RESULTS}
    known = facts(arguments.config, arguments.digest, results, read_claims(), read_causes())
    source = render(TEMPLATE.read_text(encoding="utf-8"), known)
    document = formats.read(source, Path("results"), BIBLIOGRAPHY)
    with ThreadPoolExecutor() as pool:  # pandoc and Typst run beside Python
        writing = [
            pool.submit(write, document, REPORT / f"report.{ending}", Path("results"))
            for ending, write in WRITERS.items()
        ]
    for written in writing:
        written.result()


if __name__ == "__main__":
    main()
