"""The shape of the study: which combinations are trained, in which blocks, and where they lie."""

from scripts.config import protocols

FIGURES = {  # what each is drawn from
    "fig1": ["results/losses.csv"],
    "fig2": ["results/runs.csv"],
    "fig3": ["results/claims.csv", "report/claims.yaml"],
    "fig4": ["results/layers.csv"],
}


def combinations(config):
    """(protocol, hidden, output) of every combination, in the config's order."""
    return [
        (protocol, hidden, output)
        for protocol, settings in protocols(config).items()
        for hidden in settings["hidden"]
        for output in settings["output"]
    ]


def beside_main(config):
    """The main protocol, and those that train the same activations."""
    everything = protocols(config)
    main = next(iter(everything.values()))
    return {
        protocol: own
        for protocol, own in everything.items()
        if all(own[key] == main[key] for key in ("hidden", "output"))
    }


def seed_blocks(seeds, size):
    """["0-9", "10-19", …]: the seeds, cut where whole multiples of the size are.

    More seeds leave the full blocks as they are.
    """
    return [f"{first}-{min(first + size, seeds) - 1}" for first in range(0, seeds, size)]


def blocks_by_combination(config):
    """{(protocol, hidden, output): the folders of its blocks' tables, in the order of seeds}."""
    settings = protocols(config)
    return {
        (protocol, hidden, output): [
            f"results/runs/{protocol}/{hidden}-{output}/seeds-{seeds}"
            for seeds in seed_blocks(settings[protocol]["seeds"], config["seeds_per_job"])
        ]
        for protocol, hidden, output in combinations(config)
    }


def block_folders(config):
    """The folder of each block's tables."""
    return [folder for folders in blocks_by_combination(config).values() for folder in folders]
