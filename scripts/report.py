"""Render the report: the template with the study's facts, then each format.

    python -m scripts.report --config JSON --digest HEX

writes results/report/report.md, .html, .tex and .pdf.
"""

import argparse
import json
import platform
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from operator import itemgetter
from pathlib import Path

import jinja2
from jinja2.sandbox import SandboxedEnvironment

from scripts import formats, tables
from scripts.config import protocols
from scripts.errors import StudyError, reported
from scripts.names import activation_name, group_name
from scripts.predicates import ALPHA, read_claims
from scripts.study import beside_main, combinations

TEMPLATE = Path("report/report.md.j2")
BIBLIOGRAPHY = Path("report/references.bib")
REPORT = Path("results/report")
WRITERS = {
    "md": formats.write_markdown,
    "html": formats.write_html,
    "tex": formats.write_latex,
    "pdf": formats.write_pdf,
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


def facts(config, digest, runs, summary, claims, verdicts):
    """All that the template can name."""
    settings = protocols(config)
    main = next(iter(settings))
    by_combination = summary.set_index(list(tables.COMBINATION), drop=False)
    for combination in combinations(config):
        if combination not in by_combination.index:
            raise ReportError(f"results/summary.csv has no row for {', '.join(combination)}")
    all_rows = [by_combination.loc[combination].to_dict() for combination in combinations(config)]
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
        "holding": lambda protocol: [
            name
            for name in claims
            if claim_under(claims, verdicts, name, protocol)["verdict"] == "holds"
        ],
        "claim": lambda name, protocol: claim_under(claims, verdicts, name, protocol),
        "versions": {"Python": platform.python_version()} | {p: version(p) for p in PACKAGES},
        "digest": digest,
    }


def rows_with(all_rows, wanted):
    """The rows whose columns have the values wanted, in the config's order."""
    found = [row for row in all_rows if wanted.items() <= row.items()]
    if not found:
        raise jinja2.TemplateRuntimeError(f"results/summary.csv has no row with {wanted}")
    return found


def claim_under(claims, verdicts, name, protocol):
    """What the runs of a protocol say of a claim: its verdict, that in words, its comparisons."""
    if name not in claims:
        raise jinja2.TemplateRuntimeError(f"report/claims.yaml has no claim {name}")
    here = verdicts[(verdicts["claim"] == name) & (verdicts["protocol"] == protocol)]
    groups = here[here["group"] != "all"].to_dict("records")
    if not groups:
        return {"verdict": "not tested", "words": "is not tested", "groups": []}
    overall = here[here["group"] == "all"].iloc[0]
    return {
        "verdict": overall["verdict"],
        "words": verdict_words(overall["verdict"], groups),
        "stands": overall["fragility"],
        "n": overall["n"],
        "groups": groups,
    }


def verdict_words(verdict, groups):
    """A verdict as the predicate of a sentence; a mixed one says where it is what."""
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


def setting(value):
    """A value of config.yaml as prose has it."""
    if isinstance(value, dict):
        return ", ".join(f"{key} → {other}" for key, other in value.items()) or "none"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


FILTERS = {
    "name": activation_name,
    "listed": listed,
    "sort": sort,  # for jinja's, which a missing value confuses
    "significant": significant,
    "percent": percent,
    "points": points,
    "setting": setting,
}


@reported("report")
def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--config", required=True, type=json.loads)
    parser.add_argument("--digest", required=True)
    arguments = parser.parse_args()

    runs = tables.read("runs", "results/runs.csv")
    summary = tables.read("summary", "results/summary.csv")
    verdicts = tables.read("claims", "results/claims.csv")
    known = facts(arguments.config, arguments.digest, runs, summary, read_claims(), verdicts)
    source = render(TEMPLATE.read_text(encoding="utf-8"), known)
    with ThreadPoolExecutor() as pool:  # pandoc and Typst run beside Python
        writing = [
            pool.submit(write, source, REPORT / f"report.{ending}", Path("results"), BIBLIOGRAPHY)
            for ending, write in WRITERS.items()
        ]
    for written in writing:
        written.result()


if __name__ == "__main__":
    main()
