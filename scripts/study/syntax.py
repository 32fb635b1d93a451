"""Read Python files without importing them, since torch and matplotlib take a second each."""

import ast
import functools
from pathlib import Path
from typing import Any

from scripts.study.errors import StudyError


class CodeError(StudyError):
    """An error in a Python file: which file, and where."""


@functools.cache
def parsed(path: Path) -> ast.Module:
    """Return the syntax tree of a Python file.

    Raises CodeError if the file is not valid Python.
    """
    try:
        return ast.parse(path.read_bytes(), filename=str(path))
    except SyntaxError as error:
        line = f", line {error.lineno}" if error.lineno else ""
        raise CodeError(f"{path}{line}: {error.msg}") from None
    except ValueError as error:  # from null bytes
        raise CodeError(f"{path}: {error}") from None


def assigned(path: Path, name: str) -> ast.expr | None:
    """Return the syntax tree of the value that a file assigns to a name at top level, or None.

    An assignment with a type annotation is not found.
    """
    for item in parsed(path).body:
        if isinstance(item, ast.Assign) and getattr(item.targets[0], "id", None) == name:
            return item.value
    return None


def dict_keys(path: Path, name: str) -> list[str]:
    """Return the keys of a dict that a file assigns to a name at top level."""
    value: Any = assigned(path, name)
    return [ast.literal_eval(key) for key in value.keys]
