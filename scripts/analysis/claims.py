"""The source's claims, as report/claims.yaml states them."""

from pathlib import Path

from scripts.study.config import activation_names
from scripts.study.schema import ConfigError, check_schema, read_checked
from scripts.tables.schemas import METRICS

CLAIMS = Path("report/claims.yaml")
SCHEMA = Path(__file__).with_name("claims.schema.yaml")


def read_claims(path=CLAIMS):
    """{name: claim}. ConfigError at the first thing that is no comparison of the study's runs."""
    return read_checked(path, check_claims)


def check_claims(claims):
    names = {"enum": activation_names()}
    check_schema(claims, SCHEMA, activation=names, metric={"enum": list(METRICS)})
    for name, claim in claims.items():
        for i, comparison in enumerate(claim["comparisons"]):
            for side in ("first", "second"):
                described = {"protocol", *claim["within"], *comparison.get(side, {})}
                for column in ("hidden", "output"):
                    if side in comparison and column not in described:
                        raise ConfigError(
                            f"{name}.comparisons.{i}.{side}: {column} is open; allowed: to say it "
                            f"here or in {name}.within"
                        )
