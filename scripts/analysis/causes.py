"""Why the network with a Sigmoid in every layer might not train: causes, judged by what they
predict of the remedies (report/causes.yaml).
"""

from pathlib import Path

from scripts.study.config import protocols, training_settings
from scripts.study.schema import ConfigError, check_schema, given, read_checked

CAUSES = Path("report/causes.yaml")
SCHEMA = Path(__file__).with_name("causes.schema.yaml")


def read_causes(path=CAUSES):
    """{name: cause}. ConfigError at the first thing that the schema forbids."""
    return read_checked(path, check_causes)


def check_causes(causes):
    check_schema(causes, SCHEMA)
    for name, cause in causes.items():
        for protocol in cause["learns"]:
            if protocol in cause["fails"]:
                said = f"got {given(protocol)}, which is under learns too; allowed: another"
                raise ConfigError(f"{name}.fails: {said}")


def remedies(config):
    """{protocol with raw inputs: the same with standardised ones}, of those that train the network
    with a Sigmoid in every layer.
    """
    training = {
        protocol: training_settings(config)[protocol]
        for protocol, own in protocols(config).items()
        if "sigmoid" in own["hidden"] and "sigmoid" in own["output"]
    }
    return {
        raw: other
        for raw, settings in training.items()
        for other, theirs in training.items()
        if settings["inputs"] == "raw" and theirs == settings | {"inputs": "standardised"}
    }


def judge(causes, outcomes):
    """{name: cause, with `right` and `wrong`, the protocols of which it predicts rightly and not}.

    `outcomes` says of each protocol that was run whether the network learns, fails, or neither for
    certain; what is not certain contradicts nothing.
    """
    return {
        name: cause
        | {
            "right": [p for p, said in predictions(cause) if outcomes.get(p) == said],
            "wrong": [p for p, said in predictions(cause) if outcomes.get(p) == opposite(said)],
        }
        for name, cause in causes.items()
    }


def predictions(cause):
    """(protocol, what is predicted of it), …"""
    return [(protocol, said) for said in ("learns", "fails") for protocol in cause[said]]


def opposite(said):
    return {"learns": "fails", "fails": "learns"}[said]
