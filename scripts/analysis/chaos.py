"""Chaotic runs: those that take another course if the last digits at the start are changed."""

import pandas as pd


def chaotic(drawn: pd.DataFrame, nudged: pd.DataFrame) -> pd.DataFrame:
    """Return the chaotic runs, with their final losses from both starts.

    A run is chaotic if some epoch's loss from the nudged start differs from that from the drawn
    start. `drawn` and `nudged` are tables of losses by seed and epoch.
    """
    both = drawn.merge(nudged, on=["hidden", "output", "seed", "epoch"], suffixes=("", "_nudged"))
    same = (both["loss"] == both["loss_nudged"]) | both[["loss", "loss_nudged"]].isna().all(axis=1)
    seeds = both.loc[~same, "seed"].unique()
    last = both[both["seed"].isin(seeds) & (both["epoch"] == both["epoch"].max())]
    return last.rename(
        columns={"loss": "final_train_loss", "loss_nudged": "nudged_train_loss"}
    ).drop(columns=["epoch", "protocol_nudged"])
