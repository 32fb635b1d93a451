"""Chaotic runs: those that another last digit at the start sends on another course."""


def chaotic(drawn, nudged):
    """The seeds with another loss in some epoch from a nudged start, and their final losses from
    both, of two tables of losses by seed and epoch.
    """
    both = drawn.merge(nudged, on=["hidden", "output", "seed", "epoch"], suffixes=("", "_nudged"))
    same = (both["loss"] == both["loss_nudged"]) | both[["loss", "loss_nudged"]].isna().all(axis=1)
    seeds = both.loc[~same, "seed"].unique()
    last = both[both["seed"].isin(seeds) & (both["epoch"] == both["epoch"].max())]
    return last.rename(
        columns={"loss": "final_train_loss", "loss_nudged": "nudged_train_loss"}
    ).drop(columns=["epoch", "protocol_nudged"])
