"""The prose is plain English: words that pyproject.toml bans are not there."""

import re
import tomllib

import pytest

from scripts.study.project import ROOT

BANNED = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["words"][
    "banned"
]
FILES = [
    *ROOT.glob("*.md"),
    *ROOT.glob("docs/*.md"),
    *(path for folder in ("framework", "scripts") for path in ROOT.glob(f"{folder}/**/*.py")),
    *(ROOT / name for name in ("Snakefile", "Makefile", "config.yaml", "results/README.md")),
    *ROOT.glob("report/*.*"),
    *ROOT.glob("report/layouts/*.lua"),
    ROOT / "report/layouts/README.md",
]


@pytest.mark.parametrize("word", BANNED)
def test_a_banned_word_is_not_used(word):
    pattern = re.compile(rf"\b{word}\b", re.I)
    for path in FILES:
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            assert not pattern.search(line), f"{path.relative_to(ROOT)}, line {number}: {line}"
