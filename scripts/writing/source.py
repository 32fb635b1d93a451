"""The report: the template rendered with the facts, checked, and written in each format."""

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path

from scripts.analysis.causes import read_causes
from scripts.analysis.claims import read_claims
from scripts.study.errors import not_utf8
from scripts.study.layout import SUMMARIES, TEMPLATE, VERDICTS
from scripts.tables import schemas
from scripts.tables.io import read_table
from scripts.writing import formats
from scripts.writing.bound import with_listing
from scripts.writing.facts import RESULTS, facts
from scripts.writing.prose import check_document, check_source
from scripts.writing.template import TemplateError, line_with, mistake, render

BIBLIOGRAPHY = Path("report/references.bib")
RESULTS_FOLDER = Path("results")
RULES = {  # {file: the rule that writes it}
    "config.yaml": "",
    **dict.fromkeys(SUMMARIES, "aggregate"),
    **dict.fromkeys(VERDICTS, "claims"),
}

MEANINGS = {  # {file: {column: what it says}}
    f"results/{name}.csv": {column: own.description for column, own in table.columns.items()}
    for name, table in schemas.TABLES.items()
}


def read_facts(config: dict, digest: str) -> dict:
    """Return all that the template can name, read from the tables, the claims and the causes."""
    results = {name: read_table(name, f"results/{name}.csv") for name in RESULTS}
    return facts(config, digest, results, read_claims(), read_causes())


def write(known: dict, folder: Path) -> None:
    """Write the report in all formats into a folder."""
    with located():
        formats.write_all(document(known), folder, RESULTS_FOLDER)


def page(known: dict) -> bytes:
    """Return the report in HTML."""
    with located():
        return formats.html(document(known), RESULTS_FOLDER, RESULTS_FOLDER)


def document(known: dict) -> str:
    """Return the report's checked document in pandoc's JSON, with references resolved.

    Args:
        known: All that the template can name, see `read_facts`.

    Raises:
        TemplateError: If the template or the text that it gives has a mistake.
        FormatError: If pandoc refuses it.
    """
    parsed = formats.read(markdown(known))
    check_document(json.loads(parsed), read_text(TEMPLATE), known, read_text(BIBLIOGRAPHY))
    return formats.resolve(parsed, RESULTS_FOLDER, BIBLIOGRAPHY)


def markdown(known: dict) -> str:
    """Return the report's source for pandoc, in which each number has its sources."""
    template = read_text(TEMPLATE)
    text = render(template, known)
    check_source(text, template)
    return with_listing(text, RULES, MEANINGS)


@contextlib.contextmanager
def located() -> Iterator[None]:
    """Add the template's line to the messages of a FormatError.

    What follows the last colon of a message is a part of the report.
    """
    try:
        yield
    except formats.FormatError as error:
        template = read_text(TEMPLATE)
        found = []
        for message in str(error).splitlines():
            words = message.rpartition(": ")[2]
            line = line_with(template, words) or line_with(template, " ".join(words.split()[:3]))
            found.append(str(mistake(template, line, message)))
        raise TemplateError("\n".join(found)) from None


def read_text(path: Path | str) -> str:
    """Return the text in a file.

    Raises:
        TemplateError: If the file is not in UTF-8.
    """
    try:
        return Path(path).read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise TemplateError(f"{path}: {not_utf8(error)}") from None
