"""All that the report's template can name: tables' rows, settings, and words that data choose.

Every number is a `Number`, which knows its cell.
"""

import math
import platform
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

import pandas as pd

from scripts.analysis.inference import ALPHA, REFITS, STANDS
from scripts.study.config import own_settings, protocols, without_twins
from scripts.study.errors import StudyError
from scripts.study.layout import DRAWN_SEEDS, FIGURES, beside_main, combinations
from scripts.tables import schemas
from scripts.writing import sigmoid
from scripts.writing.bound import LISTING, Number
from scripts.writing.bound_rows import about_all_rows, bound_protocols, bound_rows, bound_settings
from scripts.writing.counts import best_fit, chaotic_counts, fits, missing_runs, precision
from scripts.writing.filters import listed, sort, where
from scripts.writing.sentences import (
    chaotic_words,
    differences,
    diverged_words,
    effect,
    interval,
    network,
    passed_on,
    with_output,
)
from scripts.writing.summary import Summary
from scripts.writing.verdicts import Verdicts

RESULTS = (  # the tables that it reads
    "summary",
    "factors",
    "missing",
    "claims",
    "verdicts",
    "intervals",
    "agreement",
    "chaotic",
)
PACKAGES = (
    "torch",
    "snakemake",
    "pandas",
    "numpy",
    "matplotlib",
    "jinja2",
    "pypandoc_binary",
    "typst",
)


def facts(
    config: dict, digest: str, results: Mapping[str, pd.DataFrame], claims: dict, causes: dict
) -> dict:
    """Return all that the template can name.

    `results` are the tables by name, `claims` and `causes` what report/claims.yaml and
    report/causes.yaml hold.

    Raises:
        StudyError: The summary lacks a combination of the config.
    """
    seeds = {name: settings["seeds"] for name, settings in protocols(config).items()}
    rows_of = {name: bound_rows(name, results[name], seeds) for name in RESULTS}
    config = without_twins(config | {"protocols": own_settings(config)})
    shown_seeds = {name: seeds[name] for name in config["protocols"]}
    all_rows = in_order(config, rows_of["summary"])
    summary = Summary(all_rows, config["main"])
    verdicts = Verdicts(
        claims, list(beside_main(config)), shown_seeds, rows_of["verdicts"], rows_of["claims"]
    )
    return (
        settings_facts(config, digest)
        | run_facts(results["summary"], rows_of, summary)
        | claim_facts(verdicts, rows_of["claims"], results["intervals"])
        | sigmoid_facts(config, causes, rows_of["factors"], all_rows, verdicts)
        | published_facts(rows_of["agreement"])
    )


def settings_facts(config: dict, digest: str) -> dict:
    """Return what the template can name of the settings and the software."""
    main = config["main"]
    beside = list(beside_main(config))
    settings = bound_protocols(config)
    return {
        "config": bound_settings(config),
        "protocols": settings,
        "main": main,
        "settings": settings[main],
        "beside": beside,
        "last_layers": [with_output(output) for output in settings[main]["output"]],
        "last_output": settings[main]["output"][-1],
        "differences": differences,
        "drawn_seeds": Number(DRAWN_SEEDS),
        "alpha": Number(ALPHA),
        "refits": Number(REFITS),
        "stands": Number(STANDS),
        "versions": {"Python": platform.python_version()} | {p: version(p) for p in PACKAGES},
        "digest": digest,
        "listing": LISTING,
        "data": data_of,
    }


def data_of(figure: str) -> str:
    """Return the tables that a figure is drawn from, for its caption."""
    names = [f"`{Path(path).name}`" for path in FIGURES[figure]]
    return f"Data: {listed(names)}."


def run_facts(table: pd.DataFrame, rows_of: Mapping[str, list[dict]], summary: Summary) -> dict:
    """Return what the template can name of the runs; `table` is the whole summary."""
    return {
        "runs": about_all_rows(table["n"].sum(), "summary", "n"),
        "missing": missing_runs(rows_of["missing"]),
        "diverged": about_all_rows(table["diverged"].sum(), "summary", "diverged"),
        "diverged_runs": diverged_words(summary.all_rows),
        "chaotic_runs": chaotic_words(chaotic_counts(rows_of["chaotic"], rows_of["summary"])),
        "all_rows": summary.all_rows,
        "rows": summary.rows,
        "network": network,
        "with_output": with_output,
        "least_accurate": summary.least_accurate,
        "most_accurate": summary.most_accurate,
        "widest_spread": summary.widest_spread,
        "ranking": summary.ranking,
        "every_network": summary.every_network,
        "with_both_losses": summary.with_both_losses(),
    }


def claim_facts(verdicts: Verdicts, comparisons: list[dict], intervals: pd.DataFrame) -> dict:
    """Return what the template can name of the claims and their comparisons."""
    undecided = [
        row
        for row in comparisons
        if row["protocol"] in verdicts.beside and not math.isnan(row["seeds_needed"])
    ]
    return {
        "claims": verdicts.claims,
        "of_source": verdicts.of_source,
        "claim": verdicts.claim,
        "verdict": verdicts.verdict,
        "mark": verdicts.mark,
        "elsewhere": verdicts.elsewhere,
        "under": verdicts.under,
        "holding": verdicts.holding,
        "how_many_hold": verdicts.how_many_hold(),
        "scope": verdicts.scope,
        "differing_claims": verdicts.differing_claims,
        "changed_verdicts": verdicts.changed_verdicts,
        "effect": effect,
        "interval": interval,
        "undecided": sort(undecided, "seeds_needed"),
        "precision": precision(intervals),
    }


def sigmoid_facts(
    config: dict, causes: dict, factors: list[dict], all_rows: list[dict], verdicts: Verdicts
) -> dict:
    """Return what the template can name of the signal and of networks that do not train."""
    settings = bound_protocols(config)
    main = settings[config["main"]]
    last_output = main["output"][-1]
    shown = where(factors, protocol=config["main"], output=last_output, epoch=0)
    puzzle = next((name for name, entry in verdicts.claims.items() if "puzzle" in entry), None)
    judgements: dict = {}
    remedies: list[dict] = []
    if puzzle:
        puzzle_under = {protocol: verdicts.claim(puzzle, protocol) for protocol in settings}
        judgements = sigmoid.judged(causes, puzzle, puzzle_under)
        remedies = sigmoid.remedy_rows(config, all_rows, puzzle_under)
    return {
        "factors": factors,
        "factors_before": [row | {"predicted": row["slope"] / 3**0.5} for row in shown],
        "passed_on": passed_on(shown),
        "sigmoid": sigmoid.signal(factors, config["main"], last_output, main["hidden_widths"]),
        "causes": judgements,
        "surviving_causes": sigmoid.surviving(judgements),
        "remedies": remedies,
        "learns_with": sigmoid.remedies_by_outcome(remedies),
    }


def published_facts(agreement: list[dict]) -> dict:
    """Return what the template can name of the published accuracies."""
    found = fits(agreement)
    return {"agreement": agreement, "fits": found, "best_fit": best_fit(found)}


def in_order(config: dict, summary: list[dict]) -> list[dict]:
    """Return the rows of the summary, in the order of the config."""
    rows = {tuple(row[key] for key in schemas.COMBINATION): row for row in summary}
    ordered = combinations(config)
    for combination in ordered:
        if combination not in rows:
            raise StudyError(f"results/summary.csv has no row for {', '.join(combination)}")
    return [rows[combination] for combination in ordered]
