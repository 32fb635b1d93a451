"""Words that the data choose: for networks, verdicts, effects and lists of runs."""

from collections.abc import Iterable, Mapping, Sequence

from scripts.study.names import activation_name, comparison_names, first_names
from scripts.writing.bound import Number
from scripts.writing.bound_rows import about_all_rows
from scripts.writing.filters import (
    exp,
    listed,
    percent,
    points,
    setting,
    signed_points,
    significant,
)

MOST_NAMED = 10  # missing combinations
MARKS = {  # {verdict: its mark in tables}
    "holds": "+",
    "reversed": "−",
    "no difference": "=",
    "mixed": "±",
    "undecided": "?",
    "unproven": "?",
    "not tested": "·",
}
UNPROVEN = "runs that the verdict needs are missing"


def with_output(output: str) -> str:
    """Return an output activation in words, like "a Sigmoid output"."""
    return "no output activation" if output == "identity" else f"a {activation_name(output)} output"


def network(row: Mapping) -> str:
    """Return the network of a row in words, like "Tanh with a Sigmoid output"."""
    return f"{activation_name(row['hidden'])} with {with_output(row['output'])}"


def value(row: Mapping, column: str) -> str:
    """Return an accuracy in percent, and any other value with two significant digits."""
    return percent(row[column]) if "accuracy" in column else significant(row[column])


def effect(comparison: Mapping) -> str:
    """Return the effect of a comparison: "×1.3" for a ratio, or "+1.2" points."""
    words = _on_scale(comparison, "effect")
    return f"×{words}" if comparison["scale"] == "ratio" else words


def interval(comparison: Mapping) -> str:
    """Return the interval of a comparison, like "1.1 to 1.5"."""
    return f"{_on_scale(comparison, 'ci_low')} to {_on_scale(comparison, 'ci_high')}"


def _on_scale(comparison: Mapping, column: str) -> str:
    if comparison["scale"] == "ratio":
        return significant(exp(comparison[column]))  # the table has the logarithm of a ratio
    return signed_points(comparison[column])


def margin(verdict: Mapping) -> str:
    """Return the margin of a claim: "×1.11" for a ratio, or "0.5 points"."""
    if verdict["scale"] == "ratio":
        return f"×{significant(exp(verdict['margin']), 3)}"
    return f"{points(verdict['margin'])} points"


def differences(settings: Mapping) -> str:
    """Return in what a protocol differs from the common settings, like "epochs: 3000"."""
    words = [
        f"{key.replace('_', ' ')}: {setting(value)}"
        for key, value in settings.items()
        if key != "seeds"
    ]
    return "; ".join(words) or "nothing"


def sentence(claim: Mapping, verdict: str, comparisons: Sequence[Mapping]) -> str:
    """Return what the claim's author says for a verdict.

    If the comparisons disagree, the clauses for their verdicts are listed.
    """
    sentences = claim["sentences"]
    if verdict == "unproven":
        return UNPROVEN
    if verdict == "not tested":
        return sentences[verdict]
    if verdict == "mixed":
        rows_of = {mark: [row for row in comparisons if row["verdict"] == mark] for mark in MARKS}
    else:  # names of all outputs, which need not be told
        pairs = [(row["comparison"], "") for row in comparisons]
        names = zip(comparison_names(pairs), first_names(pairs), strict=True)
        rows_of = {verdict: [{"name": name, "first": first} for name, first in names]}
    clauses = [with_names(sentences[each], rows) for each, rows in rows_of.items() if rows]
    *others, last = clauses
    said = f"{', '.join(others)}, and {last}" if others else last
    return f"{sentences['start']} {said}" if "start" in sentences else said


def with_names(clause: str, comparisons: Sequence[Mapping]) -> str:
    """Return a clause with the names of comparisons for {each}, of their first runs for {first}."""
    each, first = (dict.fromkeys(row[key] for row in comparisons) for key in ("name", "first"))
    return clause.replace("{each}", listed(each)).replace("{first}", listed(first))


def under_each(clauses: Mapping[str, str]) -> str:
    """Return {protocol: clause} as sentences; protocols with the same clause share one."""
    protocols_of: dict[str, list[str]] = {}
    for protocol, clause in clauses.items():
        protocols_of.setdefault(clause, []).append(f"*{protocol}*")
    sentences = [f"Under {listed(names)}, {clause}." for clause, names in protocols_of.items()]
    return " ".join(sentences)


def missing_words(rows: Iterable[Mapping]) -> str:
    """Return which runs are missing, the first combinations by name."""
    seeds_of: dict[str, list[str]] = {}
    for row in rows:
        name = f"*{row['protocol']}* {row['hidden']}–{row['output']}"
        ends = dict.fromkeys([row["first_seed"], row["last_seed"]])  # one, if they are the same
        seeds_of.setdefault(name, []).append("–".join(map(str, ends)))
    words = [f"{name} (seeds {listed(seeds)})" for name, seeds in seeds_of.items()]
    named = words[:MOST_NAMED]
    if len(words) > MOST_NAMED:
        named.append(f"{about_all_rows(len(words) - MOST_NAMED, 'missing', 'protocol')} more")
    return "; ".join(named)


def chaotic_words(counts: Mapping[str, Sequence[Number]]) -> str:
    """Return how many of how many runs of each protocol are chaotic."""
    return listed(
        f"{chaotic} of the {runs} runs of *{protocol}*"
        for protocol, (chaotic, runs) in counts.items()
    )


def diverged_words(rows: Iterable[Mapping]) -> str:
    """Return how many of how many runs of each combination diverged."""
    return ", ".join(
        f"{row['diverged']} of {row['n']} of {network(row)} (*{row['protocol']}*)"
        for row in rows
        if row["diverged"]
    )


def passed_on(rows: Iterable[Mapping]) -> str:
    """Return which share of the signal a layer of each hidden activation passes on."""
    return "; ".join(
        f"{activation_name(row['hidden'])} passes on {percent(row['forward'], 0)} forward"
        f" and {percent(row['backward'], 0)} backward"
        for row in rows
    )
