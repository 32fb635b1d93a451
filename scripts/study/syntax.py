"""What Python files say, read without importing them: torch and matplotlib take a second each."""

import ast
import functools

from scripts.study.errors import StudyError


class CodeError(StudyError):
    """A Python file that is none: which, and where."""


@functools.cache
def parsed(path):
    """The syntax tree of a Python file. CodeError where it has none."""
    try:
        return ast.parse(path.read_bytes(), filename=str(path))
    except SyntaxError as error:
        line = f", line {error.lineno}" if error.lineno else ""
        raise CodeError(f"{path}{line}: {error.msg}") from None
    except ValueError as error:  # of zero bytes
        raise CodeError(f"{path}: {error}") from None


def assigned(path, name):
    """Return the syntax tree of what a file assigns to a name at its top, or None."""
    for item in parsed(path).body:
        if isinstance(item, ast.Assign) and getattr(item.targets[0], "id", None) == name:
            return item.value
    return None


def dict_keys(path, name):
    """Return the keys of a dict that a file defines, without importing the file."""
    return [ast.literal_eval(key) for key in assigned(path, name).keys]
