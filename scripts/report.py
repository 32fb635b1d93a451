"""Render the report: the template with the study's facts, then each format.

    python -m scripts.report --config FILE --digest HEX [--by DIGEST]

writes results/report/report.md, .html, .tex and .pdf.
"""

from pathlib import Path

from scripts.study.errors import reported
from scripts.study.layout import REPORT, report_from
from scripts.workflow.entry import arguments_of
from scripts.workflow.receipts import receipt
from scripts.writing import formats
from scripts.writing.source import BIBLIOGRAPHY, markdown, read_facts


@reported("report")
def main() -> None:
    """Write the report in every format."""
    arguments = arguments_of(__doc__, digest={"required": True, "help": "of the study"})
    with receipt("report", arguments.by, REPORT, report_from()):
        text = markdown(read_facts(arguments.config, arguments.digest))
        formats.write_all(text, Path("results/report"), Path("results"), BIBLIOGRAPHY)


if __name__ == "__main__":
    main()
