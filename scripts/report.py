"""Render the report: the template with the study's facts, then each format.

    python -m scripts.report --config FILE --digest HEX [--by DIGEST]

writes results/report/report.md, .html, .tex and .pdf.
"""

import argparse
from pathlib import Path

from scripts import formats, tables
from scripts.bound import with_listing
from scripts.causes import read_causes
from scripts.config import read_resolved
from scripts.errors import not_utf8, reported
from scripts.facts import RESULTS, facts
from scripts.predicates import read_claims
from scripts.prose import check_template, check_text
from scripts.receipts import receipt
from scripts.study import FIGURES, REPORT, SUMMARIES, VERDICTS, report_from
from scripts.template import PATH, TemplateError, render

BIBLIOGRAPHY = Path("report/references.bib")
RULES = {  # {file: the rule that writes it}
    "config.yaml": "",
    **dict.fromkeys(SUMMARIES, "aggregate"),
    **dict.fromkeys(VERDICTS, "claims"),
}


def read_facts(config, digest):
    """What the template can name, from the tables, claims and causes as they lie there."""
    results = {name: tables.read(name, f"results/{name}.csv") for name in RESULTS}
    return facts(config, digest, results, read_claims(), read_causes())


def markdown(known):
    """The report's source for pandoc, each number with where it comes from."""
    template, bibliography = text_of(PATH), text_of(BIBLIOGRAPHY)
    text = render(template, known)
    check_template(template, known, FIGURES)
    check_text(text, template, bibliography)
    return with_listing(text, RULES)


def text_of(path):
    try:
        return Path(path).read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise TemplateError(f"{path}: {not_utf8(error)}") from None


@reported("report")
def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--config", required=True, type=read_resolved)
    parser.add_argument("--digest", required=True, help="of the study")
    parser.add_argument("--by")
    arguments = parser.parse_args()
    with receipt("report", arguments.by, REPORT, report_from()):
        text = markdown(read_facts(arguments.config, arguments.digest))
        formats.write_all(text, Path("results/report"), Path("results"), BIBLIOGRAPHY)


if __name__ == "__main__":
    main()
