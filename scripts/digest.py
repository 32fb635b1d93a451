"""One number for what code does: comments, docstrings and layout do not change it."""

import ast
import functools
import hashlib
import json
from pathlib import Path

DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef)


def code_digest(paths, unused=()):
    """SHA-256 of the syntax trees of Python files, without docstrings and the classes not used."""
    digest = hashlib.sha256()
    for path in sorted(map(Path, paths)):
        digest.update(f"{path.name}\n".encode())
        for name, item in items(path.read_text(encoding="utf-8"), str(path)):
            if name not in unused:
                digest.update(f"{item}\n".encode())
    return digest.hexdigest()


def study_digest(folder, config):
    """SHA-256 of all code and settings, by which a report says what made it."""
    folder = Path(folder)
    code = code_digest([*folder.glob("framework/*.py"), *folder.glob("scripts/*.py")])
    return hashlib.sha256(f"{code} {json.dumps(config)}".encode()).hexdigest()


@functools.cache  # for many steps run the same files
def items(code, path):
    """(name or None, syntax tree in words) of each statement of a file."""
    tree = ast.parse(code, filename=path)
    for node in ast.walk(tree):
        if isinstance(node, DOCUMENTED) and ast.get_docstring(node, clean=False) is not None:
            del node.body[0]
    return [(getattr(item, "name", None), ast.dump(item)) for item in tree.body]
