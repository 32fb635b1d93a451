"""How much the tests try: a few cases by default, many in CI."""

import os

IN_CI = bool(os.environ.get("CI"))


def examples(many):
    """How many examples of a random test: so many in CI, a tenth by default."""
    return many if IN_CI else many // 10
