"""What is measured of networks in training."""

import pandas as pd
import torch

from scripts.training.network import PER_REPLICA


def measure_layers(network, criterion, x, t):
    """For each linear layer, of the loss over all points: ‖∂L/∂W‖, and ‖∂L/∂z‖ where z is what the
    layer gives; of its activation y = f(z): the mean, the standard deviation over points (of each
    unit; then the root mean square over units), and the root mean square of f′(z): (R, layers).
    """
    criterion(network(x), t)
    gradient = criterion.backward()
    measures = []
    for linear, activation in reversed(list(zip(network[::2], network[1::2], strict=True))):
        z = activation.cache
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


def norm(values):
    """Each replica's Euclidean norm."""
    return (values * values).sum(PER_REPLICA).sqrt()


def rms(values):
    """Each replica's root mean square."""
    return (values * values).mean(PER_REPLICA).sqrt()


def first_epoch(reached):
    """The first epoch, from 1, in which each replica is True, of (epochs, R); none where never."""
    first = pd.Series(reached.to(torch.uint8).argmax(0).numpy() + 1, dtype="Int64")
    return first.where(pd.Series(reached.any(0).numpy()))


def runs_table(seeds, losses, train_accuracy, test_accuracy, epochs_to_target):
    """A row a run. A loss that is no finite number is a result: the run diverged at that epoch,
    and has no final values.
    """
    finite = losses.isfinite()
    finite[-1] &= train_accuracy.isfinite() & test_accuracy.isfinite()  # the last step's doing
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


def roughness(losses):
    """How jagged each replica's curve of losses (epochs, R) is: r = √mean((Δ² log L)²), (R,).

    Δ² log Lₑ = log Lₑ₊₁ − 2 log Lₑ + log Lₑ₋₁ is 0 on a curve that falls at a steady rate, whatever
    the rate, and on a flat one. NaN where there are fewer than three epochs or a loss has no log.
    """
    bends = losses.double().log().T.contiguous().diff(n=2)
    jaggedness = (bends * bends).mean(-1).sqrt()
    return jaggedness.where(jaggedness.isfinite(), torch.nan)


def losses_table(seeds, losses):
    """A row a seed and epoch."""
    epochs = len(losses)
    return pd.DataFrame(
        {
            "seed": torch.tensor(seeds).repeat_interleave(epochs).numpy(),
            "epoch": torch.arange(1, epochs + 1).repeat(len(seeds)).numpy(),
            "loss": losses.T.flatten().numpy(),
        }
    )


def layers_table(seeds, layers):
    """A row a seed, epoch and layer; layers count from 1."""
    rows = [
        {
            "seed": seed,
            "epoch": epoch,
            "layer": layer + 1,
            **{name: values[replica, layer].item() for name, values in measures.items()},
        }
        for replica, seed in enumerate(seeds)
        for epoch, measures in layers.items()
        for layer in range(measures["activation_mean"].shape[1])
    ]
    return pd.DataFrame(rows)
