"""Decide the source's claims by the runs.

    python -m scripts.claims --config FILE [--by DIGEST]

reads report/claims.yaml and results/runs.csv, and writes results/claims.csv (a row for each
comparison), verdicts.csv (a row for each claim and protocol) and intervals.csv. It also reads
report/published.csv and results/summary.csv, and writes results/agreement.csv.
"""

from scripts.analysis.claims import read_claims
from scripts.analysis.published import PUBLISHED, agreement
from scripts.analysis.runs import Runs
from scripts.analysis.verdicts import evaluate, intervals
from scripts.study.config import protocols
from scripts.study.errors import reported
from scripts.study.layout import VERDICTS, VERDICTS_FROM, beside_main
from scripts.tables.io import read_table, write_table
from scripts.tables.schemas import KEYS
from scripts.workflow.entry import arguments_of
from scripts.workflow.receipts import receipt


@reported("claims")
def main() -> None:
    """Decide the claims in the study of the config that the command line names."""
    arguments = arguments_of(__doc__)
    with receipt("claims", arguments.by, VERDICTS, VERDICTS_FROM):
        decide_all(arguments.config)


def decide_all(config: dict) -> None:
    """Write the tables claims, verdicts, intervals and agreement."""
    claims = read_claims()
    runs = Runs(read_table("runs", "results/runs.csv"))
    keys = read_table("missing", "results/missing.csv")[KEYS]
    missing = frozenset(keys.itertuples(index=False, name=None))
    comparisons, verdicts = evaluate(claims, runs, protocols(config), missing)
    half_widths = intervals(claims, runs, list(beside_main(config)), missing)
    published = read_table("published", PUBLISHED)
    summary = read_table("summary", "results/summary.csv")
    complete = [key not in missing for key in summary[KEYS].itertuples(index=False, name=None)]
    write_table(comparisons, "claims", "results/claims.csv")
    write_table(verdicts, "verdicts", "results/verdicts.csv")
    write_table(half_widths, "intervals", "results/intervals.csv")
    write_table(agreement(published, summary[complete]), "agreement", "results/agreement.csv")


if __name__ == "__main__":
    main()
