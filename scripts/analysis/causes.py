"""Why the network with a Sigmoid in every layer might not train.

The causes (report/causes.yaml) are judged by what they predict of the remedies.
"""

from collections.abc import Mapping
from pathlib import Path

from scripts.study.config import protocols, training_settings
from scripts.study.schema import ConfigError, check_schema, given, read_checked

CAUSES = Path("report/causes.yaml")
SCHEMA = Path(__file__).with_name("causes.schema.yaml")
OPPOSITE = {"learns": "fails", "fails": "learns"}


def read_causes(path: Path = CAUSES) -> dict[str, dict]:
    """Return {name: cause}. Raise ConfigError at the first thing that the schema forbids."""
    return read_checked(path, check_causes)


def check_causes(causes: dict) -> None:
    """Raise ConfigError at the first thing in the causes that is not allowed."""
    check_schema(causes, SCHEMA)
    for name, cause in causes.items():
        for protocol in cause["learns"]:
            if protocol in cause["fails"]:
                problem = f"got {given(protocol)}, which is under learns too; allowed: another"
                raise ConfigError(f"{name}.fails: {problem}")


def remedies(config: dict) -> dict[str, str]:
    """Return {protocol with raw inputs: the same protocol with standardised inputs}.

    Only protocols that train the network with a Sigmoid in every layer are among them.
    """
    settings_of = training_settings(config)
    sigmoid_settings = {
        protocol: settings_of[protocol]
        for protocol, settings in protocols(config).items()
        if "sigmoid" in settings["hidden"] and "sigmoid" in settings["output"]
    }
    pairs = {}
    for raw, settings in sigmoid_settings.items():
        if settings["inputs"] != "raw":
            continue
        standardised = settings | {"inputs": "standardised"}
        for other, other_settings in sigmoid_settings.items():
            if other_settings == standardised:
                pairs[raw] = other
    return pairs


def judge(causes: dict[str, dict], outcomes: Mapping[str, str | None]) -> dict[str, dict]:
    """Return the causes, each with the protocols that it predicts rightly and wrongly.

    They are lists under the keys `right` and `wrong`. `outcomes` gives "learns" or "fails" for each
    protocol that was run, or something else where neither is certain. An outcome that is not
    certain makes no prediction right or wrong.
    """
    judged = {}
    for name, cause in causes.items():
        said = [(protocol, key) for key in OPPOSITE for protocol in cause[key]]
        right = [protocol for protocol, key in said if outcomes.get(protocol) == key]
        wrong = [protocol for protocol, key in said if outcomes.get(protocol) == OPPOSITE[key]]
        judged[name] = cause | {"right": right, "wrong": wrong}
    return judged
