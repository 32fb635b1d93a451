"""Syntax trees of Python files."""

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
