"""Render the report: the template with the study's facts, then each format.

    python -m scripts.report --config FILE --digest HEX [--by DIGEST]

writes results/report/report.md, .html, .tex and .pdf.
"""

from pathlib import Path

from scripts.study.errors import reported
from scripts.study.layout import REPORT, report_from
from scripts.workflow.entry import arguments_of
from scripts.workflow.receipts import receipt
from scripts.writing.source import read_facts, write


@reported("report")
def main() -> None:
    """Write the report in every format."""
    arguments = arguments_of(__doc__, digest={"required": True, "help": "of the study"})
    with receipt("report", arguments.by, REPORT, report_from()):
        write(read_facts(arguments.config, arguments.digest), Path("results/report"))


if __name__ == "__main__":
    main()
