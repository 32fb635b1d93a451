"""The verdicts on claims as the template asks for them: by claim and protocol, and in words."""

from collections.abc import Iterable, Mapping, Sequence

import jinja2

from scripts.study.names import comparison_names
from scripts.study.schema import nearest
from scripts.writing.bound import Names, Source
from scripts.writing.filters import length, listed, percent
from scripts.writing.sentences import (
    VERDICT_WORDS,
    margin,
    under_each,
    verdict_words,
    with_output,
)


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
        """Return the row of a verdict with its `words`, and its comparisons as `groups`.

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
        if key not in self._verdict_of:
            return {"verdict": "not tested", "words": VERDICT_WORDS["not tested"], "groups": []}
        row = self._verdict_of[key]
        comparisons = self._comparisons_of[key]
        words = verdict_words(row["verdict"], comparisons)
        return row | {"words": words, "groups": comparisons}

    def verdict(self, name: str, protocol: str) -> str:
        """Return a verdict with the share of refits that it stands in, like "holds (97 %)"."""
        claim = self.claim(name, protocol)
        share = f" ({percent(claim['stands'], 0)})" if claim["groups"] else ""
        return f"{claim['verdict']}{share}"

    def under(self, name: str) -> str:
        """Return what the runs say of a claim under the protocols side by side, in sentences."""
        return under_each(
            {protocol: self.claim(name, protocol)["words"] for protocol in self.beside}
        )

    def holding(self, protocol: str) -> Names:
        """Return the names of the source's claims that hold under a protocol."""
        names = [
            name for name in self.of_source if self.claim(name, protocol)["verdict"] == "holds"
        ]
        seeds = str(self.seeds[protocol])
        cells = [
            Source("results/verdicts.csv", f"{name},{protocol}", "verdict", seeds)
            for name in self.of_source
            if (name, protocol) in self._verdict_of
        ]
        return Names(names, cells)

    def how_many_hold(self) -> str:
        """Return counts of the source's claims, like "2 hold under *a* and 3 under *b*"."""
        counts = {protocol: str(length(self.holding(protocol))) for protocol in self.beside}
        first, *others = counts
        words = [f"{counts[first]} hold under *{first}*"]
        words += [f"{counts[protocol]} under *{protocol}*" for protocol in others]
        return listed(words)

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
        """Return the first claims of those pairs whose verdicts differ in words."""
        return [
            first
            for first, second in pairs
            if self.claim(first, protocol)["words"] != self.claim(second, protocol)["words"]
        ]

    def changed_verdicts(self, names: Iterable[str], protocol: str, other: str) -> str:
        """Return on which claims another protocol changes the verdict, in words."""
        flipped = [
            name
            for name in names
            if name in self.claims
            and self.claim(name, other)["verdict"] != self.claim(name, protocol)["verdict"]
        ]
        return f"the verdict on {listed(flipped)}" if flipped else "no verdict"


def _named_comparisons(comparisons: Iterable[dict]) -> dict[tuple[str, str], list[dict]]:
    rows_of: dict[tuple[str, str], list[dict]] = {}
    for row in comparisons:
        rows_of.setdefault((row["claim"], row["protocol"]), []).append(row)
    for rows in rows_of.values():
        names = comparison_names([(row["comparison"], row["output"]) for row in rows])
        for row, name in zip(rows, names, strict=True):
            row["name"] = name
    return rows_of
