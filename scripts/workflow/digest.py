"""A digest of what code does: comments, docstrings and layout do not change it."""

import ast
import functools
import hashlib
import json
from collections.abc import Container, Iterable
from pathlib import Path

from scripts.study.syntax import parsed

DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef)


def digest_of(*parts: object) -> str:
    """Return the SHA-256 of anything that JSON can hold."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def code_digest(paths: Iterable[str | Path], unused: Container[str | None] = ()) -> str:
    """Return the SHA-256 of the syntax trees of Python files.

    Docstrings do not count, nor do the classes and functions whose names are in `unused`.
    """
    digest = hashlib.sha256()
    for path in sorted(map(Path, paths)):
        digest.update(f"{path.name}\n".encode())
        for name, item in items(path):
            if name not in unused:
                digest.update(f"{item}\n".encode())
    return digest.hexdigest()


@functools.cache  # many steps run the same files
def items(path: Path) -> list[tuple[str | None, str]]:
    """Return (name or None, syntax tree as text) of each statement of a file."""
    tree = parsed(path)
    for node in ast.walk(tree):  # nothing else that reads the shared tree needs its docstrings
        if isinstance(node, DOCUMENTED) and ast.get_docstring(node, clean=False) is not None:
            del node.body[0]
    return [(getattr(item, "name", None), text_of(item)) for item in tree.body]


def text_of(node: object) -> str:
    """Return a syntax tree as text that is the same in every version of Python.

    The text of ast.dump and ast.unparse is not: versions add fields, and write strings in other
    quotes.
    """
    if isinstance(node, ast.JoinedStr):  # Python 3.12 adds empty texts to f-strings
        node.values = [part for part in node.values if getattr(part, "value", None) != ""]
    if isinstance(node, ast.AST):
        fields = [(name, value) for name, value in ast.iter_fields(node) if value not in (None, [])]
        inner = ", ".join(f"{name}={text_of(value)}" for name, value in fields)
        return f"{type(node).__name__}({inner})"
    if isinstance(node, list):
        return f"[{', '.join(map(text_of, node))}]"
    return repr(node)


@functools.cache
def imported(path: Path, root: Path, left_out: frozenset[Path] = frozenset()) -> frozenset[Path]:
    """Return a file and the project's files that it imports, directly or through others.

    Files in `left_out` are not followed: neither they nor what only they import are returned.
    """
    found: set[Path] = set()
    waiting = [path]
    while waiting:
        path = waiting.pop()
        if path not in found and path not in left_out:
            found.add(path)
            waiting += imports(path, root)
    return frozenset(found)


@functools.cache
def imports(path: Path, root: Path) -> list[Path]:
    """Return the project's files that the import statements of a file name."""
    names = []
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            parts = list(path.relative_to(root).parts[: -node.level]) if node.level else []
            if node.module:
                parts.append(node.module)
            module = ".".join(parts)
            names.append(module)
            names += [f"{module}.{alias.name}" for alias in node.names]
    files = []
    for name in names:
        place = root.joinpath(*name.split("."))
        candidates = (place.with_suffix(".py"), place / "__init__.py")
        files += [file for file in candidates if file.is_file()]
    return files
