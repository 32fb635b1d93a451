"""Render the report: the template with the study's facts, then each format.

    python -m scripts.report --config JSON --digest HEX

writes results/report/report.md, .html, .tex and .pdf.
"""

import argparse
import json
import platform
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path

import jinja2
from jinja2.sandbox import SandboxedEnvironment

from scripts import formats, tables
from scripts.config import protocols
from scripts.errors import StudyError, reported
from scripts.names import activation_name
from scripts.study import combinations

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
    except jinja2.TemplateError as error:
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


def facts(config, digest, runs, summary):
    """All that the template can name."""
    settings = protocols(config)
    main = next(iter(settings))
    by_combination = summary.set_index(["protocol", "hidden", "output"], drop=False)
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
        "versions": {"Python": platform.python_version()} | {p: version(p) for p in PACKAGES},
        "digest": digest,
    }


def rows_with(all_rows, wanted):
    """The rows whose columns have the values wanted, in the config's order."""
    found = [row for row in all_rows if wanted.items() <= row.items()]
    if not found:
        raise jinja2.TemplateRuntimeError(f"results/summary.csv has no row with {wanted}")
    return found


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
    "significant": significant,
    "percent": percent,
    "points": points,
    "setting": setting,
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--config", required=True, type=json.loads)
    parser.add_argument("--digest", required=True)
    arguments = parser.parse_args()

    runs = tables.read("runs", "results/runs.csv")
    summary = tables.read("summary", "results/summary.csv")
    known = facts(arguments.config, arguments.digest, runs, summary)
    source = render(TEMPLATE.read_text(encoding="utf-8"), known)
    with ThreadPoolExecutor() as pool:  # pandoc and Typst run beside Python
        writing = [
            pool.submit(write, source, REPORT / f"report.{ending}", Path("results"), BIBLIOGRAPHY)
            for ending, write in WRITERS.items()
        ]
    for written in writing:
        written.result()


if __name__ == "__main__":
    with reported("report"):
        main()
