"""Read Python files without importing them, since torch and matplotlib take a second each."""

import ast
import contextlib
import functools
from pathlib import Path
from typing import Any

from scripts.study.errors import StudyError


@functools.cache
def parsed(path: Path) -> ast.Module:
    """Return the syntax tree of a Python file.

    Raises StudyError if the file is not valid Python.
    """
    try:
        return ast.parse(path.read_bytes(), filename=str(path))
    except SyntaxError as error:
        line = f", line {error.lineno}" if error.lineno else ""
        raise StudyError(f"{path}{line}: {error.msg}") from None
    except ValueError as error:  # from null bytes
        raise StudyError(f"{path}: {error}") from None


def assigned(path: Path, name: str) -> ast.expr | None:
    """Return the syntax tree of the value that a file assigns to a name at top level, or None."""
    for item in parsed(path).body:
        if isinstance(item, ast.Assign | ast.AnnAssign):
            target = item.target if isinstance(item, ast.AnnAssign) else item.targets[0]
            if isinstance(target, ast.Name) and target.id == name:
                return item.value
    return None


def dict_keys(path: Path, name: str) -> list[str]:
    """Return the keys of a dict that a file assigns to a name at top level.

    Raises StudyError unless they are written out.
    """
    value = assigned(path, name)
    keys: list[Any] = [None]
    if isinstance(value, ast.Dict):
        keys = [literal(key) for key in value.keys]
    if None in keys:
        raise StudyError(f'{path}: {name} cannot be read; allowed: a dict, {{"name": …}}')
    return keys


def literal(value: ast.expr | None) -> Any:
    """Return a value that is written out in code, or None if it would have to be computed."""
    with contextlib.suppress(ValueError, TypeError):
        return ast.literal_eval(value)  # type: ignore[arg-type]
    return None
