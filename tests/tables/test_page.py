"""The page that explains the columns of the results."""

from scripts.study.project import ROOT
from scripts.tables.page import with_columns
from scripts.tables.schemas import TABLES


def test_the_page_on_results_says_what_the_schemas_say():
    page = (ROOT / "results/README.md").read_text(encoding="utf-8")
    assert with_columns(page) == page, "run python -m scripts.tables.page"


def test_every_column_has_a_sentence_on_the_page():
    page = with_columns("")
    for schema in TABLES.values():
        assert schema.title in page
        for name, column in schema.columns.items():
            assert f"| `{name}` | {column.metadata['allowed']} |" in page
            assert len(column.description.split()) > 1
