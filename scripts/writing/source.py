"""The report's source for pandoc: the template, rendered with the facts."""

from pathlib import Path

from scripts.analysis.causes import read_causes
from scripts.analysis.claims import read_claims
from scripts.study.errors import not_utf8
from scripts.study.layout import FIGURES, SUMMARIES, VERDICTS
from scripts.tables.io import read_table
from scripts.writing.bound import with_listing
from scripts.writing.facts import RESULTS, facts
from scripts.writing.prose import check_template, check_text
from scripts.writing.template import PATH, TemplateError, render

BIBLIOGRAPHY = Path("report/references.bib")
RULES = {  # {file: the rule that writes it}
    "config.yaml": "",
    **dict.fromkeys(SUMMARIES, "aggregate"),
    **dict.fromkeys(VERDICTS, "claims"),
}


def read_facts(config: dict, digest: str) -> dict:
    """Return all that the template can name, read from the tables, the claims and the causes."""
    results = {name: read_table(name, f"results/{name}.csv") for name in RESULTS}
    return facts(config, digest, results, read_claims(), read_causes())


def markdown(known: dict) -> str:
    """Return the report's source for pandoc, in which each number has its sources.

    Args:
        known: All that the template can name, see `read_facts`.

    Raises:
        TemplateError: If the template or the text that it gives has a mistake.
    """
    template = read_text(PATH)
    bibliography = read_text(BIBLIOGRAPHY)
    text = render(template, known)
    check_template(template, known, FIGURES)
    check_text(text, template, bibliography)
    return with_listing(text, RULES)


def read_text(path: Path | str) -> str:
    """Return the text in a file.

    Raises:
        TemplateError: If the file is not in UTF-8.
    """
    try:
        return Path(path).read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise TemplateError(f"{path}: {not_utf8(error)}") from None
