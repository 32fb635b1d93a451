"""What is measured of networks in training."""

from collections.abc import Mapping, Sequence

import pandas as pd
import torch

from framework import Sequential
from framework.losses import Loss
from scripts.training.network import PER_REPLICA


def measure_layers(
    network: Sequential, criterion: Loss, x: torch.Tensor, t: torch.Tensor
) -> dict[str, torch.Tensor]:
    """Measure each linear layer and its activation y = f(z), for the loss L over all points.

    Returns {name: values (R, layers)}:

    weight_grad_norm   ‖∂L/∂W‖ of the layer's weights W;
    delta_norm         ‖∂L/∂z‖ of the layer's output z;
    activation_mean    the mean of y;
    activation_std     the standard deviation of y over points, for each unit; then the root mean
                       square over units;
    activation_slope   the root mean square of f′(z).
    """
    criterion(network(x), t)
    gradient = criterion.backward()
    measures = []
    for linear, activation in reversed(list(zip(network[::2], network[1::2], strict=True))):
        (z,) = activation.cache
        y = activation.function(z)
        gradient = activation.backward(gradient)
        delta_norm = norm(gradient)
        linear.weight.grad = linear.bias.grad = None
        gradient = linear.backward(gradient)
        measures.append(
            {
                "weight_grad_norm": norm(linear.weight.grad),
                "delta_norm": delta_norm,
                "activation_mean": y.mean(PER_REPLICA),
                "activation_std": rms(y - y.mean(-2, keepdim=True)),
                "activation_slope": rms(activation.derivative(z) * torch.ones_like(z)),
            }
        )
    measures.reverse()
    return {
        name: torch.stack([layer[name] for layer in measures], -1).cpu() for name in measures[0]
    }


def norm(values: torch.Tensor) -> torch.Tensor:
    """Return each replica's Euclidean norm, (R,)."""
    return (values * values).sum(PER_REPLICA).sqrt()


def rms(values: torch.Tensor) -> torch.Tensor:
    """Return each replica's root mean square, (R,)."""
    return (values * values).mean(PER_REPLICA).sqrt()


def first_epoch(reached: torch.Tensor) -> pd.Series:
    """Return the first epoch, counted from 1, in which each replica is True.

    `reached` has the shape (epochs, R). The epoch is missing where a replica is never True.
    """
    first = pd.Series(reached.to(torch.uint8).argmax(0).numpy() + 1, dtype="Int64")
    return first.where(pd.Series(reached.any(0).numpy()))


def runs_table(
    seeds: Sequence[int],
    losses: torch.Tensor,
    train_accuracy: torch.Tensor,
    test_accuracy: torch.Tensor,
    epochs_to_target: pd.Series,
) -> pd.DataFrame:
    """Return the table runs, a row for each seed.

    A loss (epochs, R) that is infinite or NaN is a result: the run diverged in that epoch, and has
    no final values. An accuracy (R,) that is NaN means that it diverged in the last epoch.
    """
    finite = losses.isfinite()
    # The last loss is from before the last step, which only the accuracies show.
    finite[-1] &= train_accuracy.isfinite() & test_accuracy.isfinite()
    diverged = ~finite.all(0)
    final = {
        "final_train_loss": losses[-1].numpy(),
        "train_accuracy": train_accuracy.numpy(),
        "test_accuracy": test_accuracy.numpy(),
    }
    table = pd.DataFrame({"seed": seeds, **final, "diverged": diverged.numpy()})
    table.loc[table["diverged"], list(final)] = None
    table["diverged_epoch"] = first_epoch(~finite)
    table["epochs_to_target"] = epochs_to_target
    table["loss_roughness"] = roughness(losses).numpy()
    return table


def roughness(losses: torch.Tensor) -> torch.Tensor:
    """Return the roughness r = √mean((Δ² log L)²) of each replica's losses (epochs, R), (R,).

    Δ² log Lₑ = log Lₑ₊₁ − 2 log Lₑ + log Lₑ₋₁ is 0 on a curve that falls at a steady rate, whatever
    the rate, and on a flat one. NaN where there are fewer than three epochs or a loss has no log.
    """
    bends = losses.double().log().T.contiguous().diff(n=2)
    jaggedness = (bends * bends).mean(-1).sqrt()
    return jaggedness.where(jaggedness.isfinite(), torch.nan)


def losses_table(seeds: Sequence[int], losses: torch.Tensor) -> pd.DataFrame:
    """Return the table losses, a row for each seed and epoch, of losses (epochs, R)."""
    epochs = range(1, len(losses) + 1)
    keys = pd.MultiIndex.from_product([seeds, epochs], names=["seed", "epoch"])
    return pd.DataFrame({"loss": losses.T.flatten().numpy()}, index=keys).reset_index()


def accuracies_table(seeds: Sequence[int], accuracies: Mapping[int, torch.Tensor]) -> pd.DataFrame:
    """Return the table accuracies, a row for each seed and epoch, of {epoch: accuracies (R,)}."""
    measured = torch.stack(list(accuracies.values()), dim=1)  # (R, epochs)
    keys = pd.MultiIndex.from_product([seeds, accuracies], names=["seed", "epoch"])
    return pd.DataFrame({"test_accuracy": measured.flatten().numpy()}, index=keys).reset_index()


def layers_table(
    seeds: Sequence[int], layers: Mapping[int, Mapping[str, torch.Tensor]]
) -> pd.DataFrame:
    """Return the table layers, a row for each seed, epoch and layer, counted from 1.

    `layers` is {epoch: the result of `measure_layers`}.
    """
    first = next(iter(layers.values()))
    columns = {}
    for name in first:
        values = torch.stack([measures[name] for measures in layers.values()], dim=1)
        columns[name] = values.flatten().numpy()  # of (R, epochs, layers)
    numbers = range(1, first["activation_mean"].shape[1] + 1)
    keys = pd.MultiIndex.from_product([seeds, layers, numbers], names=["seed", "epoch", "layer"])
    return pd.DataFrame(columns, index=keys).reset_index()
