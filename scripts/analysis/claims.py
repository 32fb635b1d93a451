"""The source's claims, as report/claims.yaml states them."""

import math
import re
from pathlib import Path

from scripts.study.config import activation_names
from scripts.study.schema import ConfigError, check_schema, given, read_checked
from scripts.tables.schemas import METRICS

CLAIMS = Path("report/claims.yaml")
SCHEMA = Path(__file__).with_name("claims.schema.yaml")
OF_COMPARISONS = {"holds", "reversed", "no difference", "undecided"}  # verdicts
NAMES = re.compile(r"\{(each|first)\}")


def read_claims(path: Path = CLAIMS) -> dict[str, dict]:
    """Return {name: claim}. Raise ConfigError at the first thing that `check_claims` forbids."""
    return read_checked(path, check_claims)


def check_claims(claims: dict) -> None:
    """Raise ConfigError at the first thing that does not describe a comparison of runs."""
    names = {"enum": activation_names()}
    check_schema(claims, SCHEMA, activation=names, metric={"enum": list(METRICS)})
    for name, claim in claims.items():
        _check_sentences(name, claim)
        for i, comparison in enumerate(claim["comparisons"]):
            for side in ("first", "second"):
                if side in comparison:
                    place = f"{name}.comparisons.{i}.{side}"
                    _check_complete(place, comparison[side], name, claim["within"])


def _check_sentences(name: str, claim: dict) -> None:
    place, clauses = f"{name}.sentences", claim["sentences"]
    if claim["expected"] != "same" and "no difference" not in clauses:
        raise ConfigError(f"{place}.no difference: this key is missing; allowed: words")
    several = math.prod([len(claim["comparisons"]), *map(len, claim["within"].values())]) > 1
    for verdict, clause in clauses.items():
        if several and verdict in OF_COMPARISONS and not NAMES.search(clause):
            problem = f"got {given(clause)}; allowed: words with {{each}} or {{first}}"
            raise ConfigError(f"{place}.{verdict}: {problem}, since comparisons may disagree")


def _check_complete(place: str, runs: dict, name: str, within: dict) -> None:
    for column in ("hidden", "output"):
        if column not in runs and column not in within:
            raise ConfigError(
                f"{place}: {column} is open; allowed: to say it here or in {name}.within"
            )
