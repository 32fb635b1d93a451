"""The page that explains the columns of all tables, results/README.md.

`python -m scripts.tables.page` rewrites it from their schemas.
"""

from pathlib import Path

import pandera.pandas as pa

from scripts.tables.schemas import RUN, TABLES

PAGE = Path("results/README.md")
BEGIN = "## The first columns\n"  # the page below it is made from the schemas
FILES = {  # {table: its file}, of the tables that are not results/NAME.csv
    "block_losses": "losses.csv in a block's folder",
    "block_accuracies": "accuracies.csv in a block's folder",
    "published": "report/published.csv",
}


def main() -> None:
    """Rewrite the page."""
    PAGE.write_text(with_columns(PAGE.read_text(encoding="utf-8")), encoding="utf-8")


def with_columns(page: str) -> str:
    """Return the page with the columns as the schemas have them."""
    parts = [
        page.partition(BEGIN)[0] + BEGIN,
        "They are the same in all tables of runs and combinations:\n",
        rows(RUN),
    ]
    for name, schema in TABLES.items():
        parts.append(f"## {FILES.get(name, f'{name}.csv')}: {schema.title}\n")
        if schema.description:
            parts.append(f"{schema.description}\n")
        parts.append(rows(own_columns(schema)))
    return "\n".join(parts)


def own_columns(schema: pa.DataFrameSchema) -> dict[str, pa.Column]:
    """Return the columns that are not explained as first columns."""
    return {
        name: column
        for name, column in schema.columns.items()
        if name not in RUN or column.description != RUN[name].description
    }


def rows(columns: dict[str, pa.Column]) -> str:
    """Return a table in Markdown, with a row a column."""
    lines = ["| Column | Values | Unit | Meaning |", "|:--|:--|:--|:--|"]
    for name, column in columns.items():
        allowed, unit = column.metadata["allowed"], column.metadata["unit"]
        meaning = column.description.replace("|", "\\|")
        lines.append(f"| `{name}` | {allowed} | {unit} | {meaning} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
