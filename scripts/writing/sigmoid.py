"""Why networks with a Sigmoid in every layer do not train: their signal, remedies and causes."""

from collections.abc import Mapping, Sequence

from scripts.analysis.causes import judge, remedies
from scripts.writing.bound import Names, Source
from scripts.writing.filters import sort, where

SATURATED = 0.125  # slope, half of the greatest that a Sigmoid has
SHRINKING = 0.5  # share of the signal that a layer passes on


def signal(factors: list[dict], main: str, output: str, hidden_widths: Sequence) -> dict:
    """Return what hidden Sigmoids do to the signal; empty if the main protocol has none.

    `before` and `after` are the rows of factors.csv before training and after the last epoch, with
    the share of the greatest slope, 1/4, as `slope_share`. `left` is what a signal keeps that
    passes all hidden layers forward and backward.
    """
    rows = sort(where(factors, protocol=main, hidden="sigmoid", output=output), "epoch")
    if not rows:
        return {}
    before, after = (row | {"slope_share": row["slope"] * 4} for row in (rows[0], rows[-1]))
    shrinks = before["forward"] < SHRINKING and before["backward"] < SHRINKING
    return {
        "before": before,
        "after": after,
        "saturated": "not saturated" if before["slope"] > SATURATED else "saturated",
        "shrinks": "shrinks" if shrinks else "does not shrink by half",
        "left": (before["forward"] * before["backward"]) ** len(hidden_widths),
    }


def judged(causes: dict, puzzle: str, claim_under: Mapping[str, dict]) -> dict:
    """Return the causes, judged by the verdicts on the claim that they explain.

    `claim_under` holds what the claim says under each protocol. The protocols that a cause predicts
    rightly and wrongly are bound to their verdicts.
    """
    outcomes = {protocol: outcome(claim) for protocol, claim in claim_under.items()}
    judgements = judge(causes, outcomes)
    for cause in judgements.values():
        for kind in ("right", "wrong"):
            cells = [
                Source(
                    "results/verdicts.csv",
                    f"{puzzle},{protocol}",
                    "verdict",
                    claim_under[protocol]["n"].text,
                )
                for protocol in cause[kind]
            ]
            cause[kind] = Names(cause[kind], cells)
    return judgements


def outcome(claim: Mapping) -> str:
    """Return whether the network that the source cannot train learns, fails, or is undecided."""
    return {"reversed": "learns", "holds": "fails"}.get(claim["verdict"], "undecided")


def surviving(judgements: dict) -> list[str]:
    """Return the causes that predict some outcome rightly and none wrongly."""
    return [
        cause["cause"] for cause in judgements.values() if cause["right"] and not cause["wrong"]
    ]


def remedy_rows(config: dict, all_rows: list[dict], claim_under: Mapping[str, dict]) -> list[dict]:
    """Return for each remedy the summary's rows with `raw` and with `standardised` inputs.

    Each has its `outcome`. `name` is the protocol with raw inputs.
    """
    pairs = []
    for raw, standardised in remedies(config).items():
        pair: dict = {"name": "none" if raw == config["main"] else raw}
        for inputs, protocol in (("raw", raw), ("standardised", standardised)):
            for row in where(all_rows, protocol=protocol, hidden="sigmoid", output="sigmoid"):
                pair[inputs] = row | {"outcome": outcome(claim_under[protocol])}
        pairs.append(pair)
    return pairs


def remedies_by_outcome(pairs: list[dict]) -> dict[str, list[str]]:
    """Return the remedies that train the network with both inputs, with standardised only, or not.

    What is undecided is in no list, and neither is the main protocol in that of failures.
    """
    names: dict[str, list[str]] = {"both": [], "standardised_only": [], "neither": []}
    for pair in pairs:
        raw, standardised = pair["raw"]["outcome"], pair["standardised"]["outcome"]
        protocol = pair["raw"]["protocol"]
        if standardised == "learns":
            names["both" if raw == "learns" else "standardised_only"].append(protocol)
        elif standardised == raw == "fails" and pair["name"] != "none":
            names["neither"].append(protocol)
    return names
