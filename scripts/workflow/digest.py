"""One number for what code does: comments, docstrings and layout do not change it."""

import ast
import functools
import hashlib
import json
from pathlib import Path

from scripts.study.syntax import parsed

DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef)


def digest_of(*parts):
    """SHA-256 of anything that JSON can say."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def code_digest(paths, unused=()):
    """SHA-256 of the syntax trees of Python files, without docstrings and the classes not used."""
    digest = hashlib.sha256()
    for path in sorted(map(Path, paths)):
        digest.update(f"{path.name}\n".encode())
        for name, item in items(path):
            if name not in unused:
                digest.update(f"{item}\n".encode())
    return digest.hexdigest()


@functools.cache  # for many steps run the same files
def items(path):
    """(name or None, syntax tree in words) of each statement of a file."""
    tree = parsed(path)
    for node in ast.walk(tree):  # which nobody else asks for docstrings
        if isinstance(node, DOCUMENTED) and ast.get_docstring(node, clean=False) is not None:
            del node.body[0]
    return [(getattr(item, "name", None), in_words(item)) for item in tree.body]


def in_words(node):
    """A syntax tree in words that are the same in every version of Python: those of ast.dump and
    ast.unparse are not, since versions add fields, and write strings in other quotes.
    """
    if isinstance(node, ast.JoinedStr):  # Python 3.12 adds empty texts to f-strings
        node.values = [part for part in node.values if getattr(part, "value", None) != ""]
    if isinstance(node, ast.AST):
        fields = [(name, value) for name, value in ast.iter_fields(node) if value not in (None, [])]
        inner = ", ".join(f"{name}={in_words(value)}" for name, value in fields)
        return f"{type(node).__name__}({inner})"
    if isinstance(node, list):
        return f"[{', '.join(map(in_words, node))}]"
    return repr(node)


@functools.cache
def imported(path, root, left_out=frozenset()):
    """The file and the project's own files that it imports, and those that they import, …; without
    some, and what only those import.
    """
    found, waiting = set(), [path]
    while waiting:
        path = waiting.pop()
        if path not in found and path not in left_out:
            found.add(path)
            waiting += imports(path, root)
    return frozenset(found)


@functools.cache
def imports(path, root):
    """The project's own files that a file names in its imports."""
    names = []
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            package = [*path.relative_to(root).parts[: -node.level]] if node.level else []
            module = ".".join([*package, *([node.module] if node.module else [])])
            names += [module, *(f"{module}.{alias.name}" for alias in node.names)]
    files = (root.joinpath(*name.split(".")) for name in names)
    both = (place for file in files for place in (file.with_suffix(".py"), file / "__init__.py"))
    return [place for place in both if place.is_file()]
