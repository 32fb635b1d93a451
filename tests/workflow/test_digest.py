"""The digest of code: what changes it, and what does not."""

import pytest

from scripts.workflow.digest import code_digest

CODE = '''"""What this is."""

LIMIT = 3


class Layer:
    """A layer."""

    def forward(self, x):
        """Forward."""
        return x + LIMIT


def name(layer):
    return "Layer"
'''


def digest(folder, code=CODE, file="code.py", unused=(), **others):
    folder.mkdir(exist_ok=True)
    (folder / file).write_text(code, encoding="utf-8")
    for other, text in others.items():
        (folder / f"{other}.py").write_text(text)
    return code_digest(folder.glob("*.py"), unused)


@pytest.fixture
def same(tmp_path):
    return digest(tmp_path / "as it was")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("LIMIT = 3\n", "LIMIT = 3  # why\n"),
        ("LIMIT = 3\n", "# what\n\n\nLIMIT = 3\n"),
        ('"""What this is."""\n', ""),
        ('"""What this is."""', '"""Something else, with an é."""'),
        ('    """A layer."""\n\n', ""),
        ('        """Forward."""\n', "        '''Other.'''\n"),
        ("x + LIMIT", "(x  +  LIMIT)"),
        ('"Layer"', "'Layer'"),
        ("\n", "\r\n"),
    ],
)
def test_comments_docstrings_and_layout_leave_it_as_it_is(tmp_path, same, old, new):
    assert old in CODE
    assert digest(tmp_path / "new", CODE.replace(old, new)) == same


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("LIMIT = 3", "LIMIT = 4"),
        ("LIMIT = 3", "LIMIT = 3.0"),
        ("x + LIMIT", "LIMIT + x"),
        ("x + LIMIT", "x - LIMIT"),
        ('return "Layer"', 'return "layer"'),
        ("def name", "def title"),
        ("class Layer", "class Other"),
        ("LIMIT = 3\n", 'LIMIT = 3\n"a string that is no docstring"\n'),
    ],
)
def test_code_changes_it(tmp_path, same, old, new):
    assert old in CODE
    assert digest(tmp_path / "new", CODE.replace(old, new)) != same


def test_a_files_name_changes_it(tmp_path, same):
    assert digest(tmp_path / "new", file="other.py") != same


def test_another_file_changes_it_even_an_empty_one(tmp_path, same):
    assert digest(tmp_path / "new", more="") != same


def test_where_files_lie_and_in_which_order_they_come_do_not_change_it(tmp_path):
    both = digest(tmp_path / "a", other="X = 1\n")
    digest(tmp_path / "b", other="X = 1\n")
    paths = sorted((tmp_path / "b").glob("*.py"))
    assert code_digest(paths) == code_digest(reversed(paths)) == both


def test_code_moved_from_one_file_to_another_changes_it(tmp_path):
    together = digest(tmp_path / "a", "X = 1\nY = 2\n", other="")
    assert digest(tmp_path / "b", "X = 1\n", other="Y = 2\n") != together


def test_a_class_that_is_not_used_does_not_count(tmp_path):
    without = digest(tmp_path / "a", unused=["Layer"])
    assert digest(tmp_path / "b", CODE.replace("x + LIMIT", "x"), unused=["Layer"]) == without
    assert digest(tmp_path / "c", CODE.replace("= 3", "= 4"), unused=["Layer"]) != without


SYNTAX = '''import math as m


@property
def forward(x, *, gain: float = 1e-3, **more) -> "Layer":
    """Compute."""
    if (n := len(x)) > 1_000 and x[1:, ::2] is not None:
        return [f"{i!r:>{n}} 'it' {m.pi:.3f}" for i in x if i]
    match x:
        case {"a": [1, *rest], **others} | {"b": rest, **others}:
            return lambda y=-2.5: y @ x
    try:
        return {**more, b"\\0": 3j, "é\\n\\"'": ...}
    except* (OSError, ValueError) as error:
        raise RuntimeError from error


async def stream(source: list[int]):
    async for item in source:
        yield item
'''


def test_code_has_one_digest_under_all_versions_of_python(tmp_path):
    """This one is that of Python 3.11, 3.12 and 3.13."""
    assert digest(tmp_path, SYNTAX).startswith("465369351586")
