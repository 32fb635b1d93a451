"""The verdicts on claims as the template asks for them: by claim and protocol, and in words."""

from collections.abc import Iterable, Mapping, Sequence

import jinja2

from scripts.study.names import comparison_names, first_names
from scripts.study.schema import nearest
from scripts.writing.bound import Names, Source, marked
from scripts.writing.filters import length, listed, percent
from scripts.writing.sentences import MARKS, margin, sentence, under_each, with_output


class Verdicts:
    """What the runs say of each claim under each protocol.

    `beside` are the protocols that the report shows side by side; `seeds` are those of each
    protocol. `verdicts` and `comparisons` are the rows of verdicts.csv and of claims.csv.
    """

    def __init__(
        self,
        claims: Mapping[str, dict],
        beside: Sequence[str],
        seeds: Mapping[str, int],
        verdicts: Iterable[dict],
        comparisons: Iterable[dict],
    ) -> None:
        self.claims = claims
        self.beside = beside
        self.seeds = seeds
        self.of_source = {name: entry for name, entry in claims.items() if "source" in entry}
        self._verdict_of = {(row["claim"], row["protocol"]): row for row in verdicts}
        self._comparisons_of = _named_comparisons(comparisons)

    def claim(self, name: str, protocol: str) -> dict:
        """Return the row of a verdict with its `sentence`, and its comparisons as `groups`.

        Raises:
            jinja2.TemplateRuntimeError: There is no such claim or no such protocol.
        """
        if name not in self.claims:
            hint = f"; there are {listed(self.claims)}"
            raise jinja2.TemplateRuntimeError(f"report/claims.yaml has no claim {name}{hint}")
        if protocol not in self.seeds:
            hint = nearest(protocol, self.seeds)
            raise jinja2.TemplateRuntimeError(f"config.yaml has no protocol {protocol}{hint}")
        key = name, protocol
        row = self._verdict_of.get(key, {"verdict": "not tested"})
        comparisons = self._comparisons_of.get(key, [])
        clause = sentence(self.claims[name], row["verdict"], comparisons)
        return row | {"sentence": clause, "groups": comparisons}

    def mark(self, name: str, protocol: str) -> str:
        """Return a verdict with its mark, like "+ holds", bound to its cell."""
        verdict = self.claim(name, protocol)["verdict"]
        return marked(f"{MARKS[verdict]}\u00a0{verdict}", self._cells([name], protocol))

    def verdict(self, name: str, protocol: str) -> str:
        """Return a verdict with the share of refits that it stands in, like "holds (97 %)"."""
        claim = self.claim(name, protocol)
        share = f" ({percent(claim['stands'], 0)})" if claim["groups"] else ""
        return f"{claim['verdict']}{share}"

    def under(self, name: str) -> str:
        """Return what the runs say of a claim under the protocols side by side, in sentences."""
        return under_each(
            {protocol: self.claim(name, protocol)["sentence"] for protocol in self.beside}
        )

    def elsewhere(self, names: Sequence[str], protocol: str) -> str:
        """Return whether the other protocols side by side give the same verdicts, in a sentence."""
        others = [other for other in self.beside if other != protocol]
        if not others:
            return "No other protocol trains the same networks."
        changed = {other: self._changed(names, protocol, other) for other in others}
        same = [f"*{other}*" for other, claims in changed.items() if not claims]
        parts = [f"the verdicts are the same under {listed(same)}"] if same else []
        for other, claims in changed.items():
            if claims:
                parts.append(f"under *{other}*, another verdict is given on {listed(claims)}")
        sentence = "; ".join(parts)
        return f"{sentence[0].upper()}{sentence[1:]}."

    def holding(self, protocol: str) -> Names:
        """Return the names of the source's claims that hold under a protocol."""
        names = [
            name for name in self.of_source if self.claim(name, protocol)["verdict"] == "holds"
        ]
        return Names(names, self._cells(self.of_source, protocol))

    def _cells(self, names: Iterable[str], protocol: str) -> list[Source]:
        seeds = str(self.seeds[protocol])
        return [
            Source("results/verdicts.csv", f"{name},{protocol}", "verdict", seeds)
            for name in names
            if (name, protocol) in self._verdict_of
        ]

    def how_many_hold(self) -> str:
        """Return how many of the source's claims hold, like "2 under *a* and 3 under *b*"."""
        return listed(
            f"{length(self.holding(protocol))} under *{protocol}*" for protocol in self.beside
        )

    def scope(self, name: str) -> str:
        """Return of which networks and with which margin a claim is tested, after a semicolon.

        The text is empty if no protocol side by side tests the claim.
        """
        tests = [self.claim(name, protocol) for protocol in self.beside]
        tested = [test for test in tests if test["groups"]]
        if not tested:
            return ""
        outputs = [name for name in tested[0]["output"].split(" and ") if "-" not in name]
        networks = " and ".join(f"with {with_output(output)}" for output in outputs)
        words = [f"networks {networks}"] if outputs else []
        words.append(f"margin {margin(tested[0])}")
        return "".join(f"; {part}" for part in words)

    def differing_claims(self, pairs: Iterable[tuple[str, str]], protocol: str) -> list[str]:
        """Return the first claims of those pairs whose comparisons have different verdicts."""
        return [
            first
            for first, second in pairs
            if self._each(first, protocol) != self._each(second, protocol)
        ]

    def _each(self, name: str, protocol: str) -> list[str]:
        claim = self.claim(name, protocol)
        return [claim["verdict"], *(comparison["verdict"] for comparison in claim["groups"])]

    def changed_verdicts(self, names: Iterable[str], protocol: str, other: str) -> str:
        """Return on which claims another protocol changes the verdict, in words."""
        flipped = self._changed(names, protocol, other)
        return f"the verdict on {listed(flipped)}" if flipped else "no verdict"

    def _changed(self, names: Iterable[str], protocol: str, other: str) -> list[str]:
        return [
            name
            for name in names
            if self.claim(name, other)["verdict"] != self.claim(name, protocol)["verdict"]
        ]


def _named_comparisons(comparisons: Iterable[dict]) -> dict[tuple[str, str], list[dict]]:
    rows_of: dict[tuple[str, str], list[dict]] = {}
    for row in comparisons:
        rows_of.setdefault((row["claim"], row["protocol"]), []).append(row)
    for rows in rows_of.values():
        pairs = [(row["comparison"], row["output"]) for row in rows]
        names = comparison_names(pairs)
        for row, name, first in zip(rows, names, first_names(pairs), strict=True):
            row |= {"name": name, "first": first}
    return rows_of
