"""How much of the signal a layer passes on, forward and backward."""

import numpy as np
import pandas as pd

from scripts.tables.schemas import KEYS

EPOCH = [*KEYS, "epoch"]


def factors(layers: pd.DataFrame) -> pd.DataFrame:
    """Return a row for each combination and epoch, with root mean squares over seeds and layers.

    slope      f′ of the hidden units;
    forward    the ratio of the activations' standard deviation over points, from one hidden layer
               to the next;
    backward   the ratio of ‖∂L/∂z‖ from one layer to the one before, where z enters the activation.

    Before training, weights uniform in ±1/√fan-in have the variance 1/(3 fan-in), so that both
    ratios are expected to be slope/√3, whatever the widths.
    """
    layers = layers.sort_values([*EPOCH, "seed", "layer"]).replace([np.inf, -np.inf], np.nan)
    run = layers.groupby([*EPOCH, "seed"])
    hidden = layers["layer"] < run["layer"].transform("max")
    per_layer = layers[EPOCH].assign(
        slope=layers["activation_slope"].where(hidden),
        forward=(layers["activation_std"] / run["activation_std"].shift()).where(hidden),
        backward=layers["delta_norm"] / run["delta_norm"].shift(-1),
    )
    squares = per_layer.set_index(EPOCH).replace([np.inf, -np.inf], np.nan) ** 2
    return np.sqrt(squares.groupby(EPOCH).mean()).reset_index()
