"""How much the tests try: a few cases by default, many in CI."""

import os

import pytest

IN_CI = bool(os.environ.get("CI"))
in_ci = pytest.mark.skipif(not IN_CI, reason="in CI alone, for it takes long")


def examples(many):
    """How many examples of a random test: so many in CI, a tenth by default."""
    return many if IN_CI else many // 10
