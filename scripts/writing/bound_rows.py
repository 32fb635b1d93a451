"""Settings and rows of tables whose numbers know the cell that they come from."""

from collections.abc import Mapping

import pandas as pd

from scripts.study.config import protocols
from scripts.tables import schemas
from scripts.writing.bound import Number, Source

NUMERIC = ("int64", "float64")


def bound_settings(settings: dict, path: str = "") -> dict:
    """Return a part of the config, with its numbers bound to their keys."""
    return {key: _bound(value, f"{path}.{key}".lstrip(".")) for key, value in settings.items()}


def _bound(value: object, path: str) -> object:
    if isinstance(value, dict):
        return bound_settings(value, path)
    if isinstance(value, list):
        return [_bound(item, path) for item in value]
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return Number(value, [Source("config.yaml", path, "")], str(value))
    return value


def bound_protocols(config: dict) -> dict[str, dict]:
    """Return all settings of each protocol, each number bound to the key that sets it."""
    common = bound_settings({key: config[key] for key in ("hidden", "output", "seeds")})
    common |= bound_settings(config["training"], "training")
    own_settings = bound_settings(config["protocols"], "protocols")
    return {name: common | own_settings[name] for name in protocols(config)}


def bound_rows(name: str, table: pd.DataFrame, seeds: Mapping[str, int]) -> list[dict]:
    """Return a table's rows, with their numbers bound to their cells.

    `seeds` are those of each protocol, for tables without a column `n`.
    """
    schema = schemas.TABLES[name]
    kinds = {column: str(kind.dtype).lower() for column, kind in schema.columns.items()}
    numeric = [column for column, kind in kinds.items() if kind in NUMERIC]
    rows = table.astype(dict.fromkeys(numeric, "float64")).to_dict("records")
    keys = table[schema.unique].itertuples(index=False)
    for cells, row in zip(keys, rows, strict=True):
        key = ",".join(map(str, cells))
        n = row.get("n", seeds.get(row.get("protocol")))
        about = "" if n is None else f"{n:.0f}"
        for column in numeric:
            cell = Source(f"results/{name}.csv", key, column, about)
            row[column] = Number(row[column], [cell])
    return rows


def about_all_rows(value: float, name: str, column: str) -> Number:
    """Return a number that a whole column of a table gives."""
    return Number(value, [Source(f"results/{name}.csv", "", column)])
