"""The same training by several implementations: the same data, start, batches and steps.

Each implementation prepares one hidden activation for some seeds. It returns a function that trains
them and returns their losses in the last epoch, and the seconds that compilation took. The
precision is that of the settings, double or single.
"""

import time
from collections.abc import Callable

import torch

from framework import Linear
from scripts.study.activations import by_name
from scripts.study.datasets import draw_replicas, orders
from scripts.training.loop import TEN, train_epoch
from scripts.training.network import DTYPES, build, loss_of, optimizer_of

Prepared = tuple[Callable[[], list[float]], float]  # the training, and the seconds of compilation


def framework(settings: dict, hidden: str, seeds: list[int]) -> Prepared:
    """Prepare this project's framework as in the study: ten replicas in a tensor at a time."""
    tens = [seeds[i : i + TEN] for i in range(0, len(seeds), TEN)]
    prepared = [(ten, *data(settings, ten)) for ten in tens]

    @torch.inference_mode()
    def run() -> list[float]:
        losses = []
        for ten in prepared:
            losses += train_ten(settings, hidden, *ten)
        return losses

    return run, 0.0


def train_ten(
    settings: dict,
    hidden: str,
    seeds: list[int],
    x: torch.Tensor,
    t: torch.Tensor,
    batches: list[torch.Tensor],
) -> list[float]:
    """Train up to ten replicas, and return their losses in the last epoch."""
    network = build(settings, hidden, "sigmoid", seeds)
    criterion = loss_of(settings, "sigmoid")
    optimizer = optimizer_of(settings, network)
    for order in batches:
        loss, _ = train_epoch(settings, network, criterion, optimizer, x, t, order)
    return loss.tolist()


def torch_nn(settings: dict, hidden: str, seeds: list[int]) -> Prepared:
    """Prepare torch.nn, autograd and torch.optim.SGD, with one run after another."""
    starts = [start(settings, hidden, [seed]) for seed in seeds]

    def run() -> list[float]:
        return [train_one(settings, hidden, *start) for start in starts]

    return run, 0.0


def train_one(
    settings: dict,
    hidden: str,
    weights: list[tuple[torch.Tensor, torch.Tensor]],
    x: torch.Tensor,
    t: torch.Tensor,
    batches: list[torch.Tensor],
) -> float:
    """Train one run with torch.nn, and return its loss in the last epoch."""
    network = module(settings, hidden)
    for layer, (weight, bias) in zip(network[::2], weights, strict=True):
        layer.weight.data = transposed(weight)[0]
        layer.bias.data = bias[0].clone()
    criterion = torch.nn.MSELoss()
    optimizer = torch.optim.SGD(network.parameters(), settings["learning_rate"])
    for order in batches:
        total = 0.0
        for batch in order[0].split(settings["batch_size"]):
            optimizer.zero_grad()
            loss = criterion(network(x[0, batch]), t[0, batch])
            loss.backward()
            optimizer.step()
            total += loss.detach() * len(batch)
    return (total / len(order[0])).item()


def torch_func(settings: dict, hidden: str, seeds: list[int]) -> Prepared:
    """Prepare torch.func: the gradient of one network, mapped over the stacked states of all."""
    weights, x, t, batches = start(settings, hidden, seeds)
    network = module(settings, hidden).to("meta")
    names = [name for name, _ in network.named_parameters()]

    def loss_of(parameters: dict, x: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.mse_loss(torch.func.functional_call(network, parameters, x), t)

    gradients = torch.func.vmap(torch.func.grad_and_value(loss_of))

    def run() -> list[float]:
        flat = [part for weight, bias in weights for part in (transposed(weight), bias.clone())]
        parameters = dict(zip(names, flat, strict=True))
        with torch.no_grad():
            for order in batches:
                total = 0.0
                for batch in order.split(settings["batch_size"], dim=1):
                    rows = batch[..., None]
                    batch_x = x.gather(1, rows.expand(-1, -1, 2))
                    batch_t = t.gather(1, rows)
                    gradient, loss = gradients(parameters, batch_x, batch_t)
                    for name, parameter in parameters.items():
                        parameter.sub_(gradient[name], alpha=settings["learning_rate"])
                    total = total + loss * batch.shape[1]
        return (total / order.shape[1]).tolist()

    return run, 0.0


def jax_scan(settings: dict, hidden: str, seeds: list[int]) -> Prepared:
    """Prepare JAX: compiled training, `lax.scan` over epochs and steps, mapped over replicas."""
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", settings["precision"] == "double")
    weights, x, t, batches = start(settings, hidden, seeds)
    activation = {"relu": jax.nn.relu, "tanh": jnp.tanh, "selu": jax.nn.selu}
    activation["sigmoid"] = jax.nn.sigmoid

    def loss_of(parameters: list, x: jax.Array, t: jax.Array) -> jax.Array:
        *inner, (weight, bias) = parameters
        for w, b in inner:
            x = activation[hidden](x @ w + b)
        return ((jax.nn.sigmoid(x @ weight + bias) - t) ** 2).mean()

    def train_network(parameters: list, x: jax.Array, t: jax.Array, order: jax.Array) -> jax.Array:
        def step(parameters: list, batch: jax.Array) -> tuple[list, jax.Array]:
            loss, gradient = jax.value_and_grad(loss_of)(parameters, x[batch], t[batch])
            rate = settings["learning_rate"]
            return jax.tree.map(lambda p, g: p - rate * g, parameters, gradient), loss

        def epoch(parameters: list, batches: jax.Array) -> tuple[list, jax.Array]:
            parameters, losses = jax.lax.scan(step, parameters, batches)
            return parameters, losses.mean()

        return jax.lax.scan(epoch, parameters, order)[1][-1]

    order = torch.stack(batches, dim=1)  # (R, epochs, points)
    order = order.unflatten(-1, (-1, settings["batch_size"]))
    arguments = jax.tree.map(lambda part: part.numpy(), (weights, x, t, order.to(torch.int32)))
    began = time.perf_counter()
    compiled = jax.jit(jax.vmap(train_network)).lower(*arguments).compile()
    seconds = time.perf_counter() - began
    return lambda: compiled(*arguments).tolist(), seconds


IMPLEMENTATIONS = {
    "framework": framework,
    "torch.nn": torch_nn,
    "torch.func": torch_func,
    "JAX": jax_scan,
}


def start(settings: dict, hidden: str, seeds: list[int]) -> tuple:
    """Return [(W, b), …] of the layers, followed by `data`, of all seeds."""
    network = build(settings, hidden, "sigmoid", seeds)
    weights = [(layer.weight, layer.bias) for layer in network if isinstance(layer, Linear)]
    return weights, *data(settings, seeds)


def data(settings: dict, seeds: list[int]) -> tuple[torch.Tensor, torch.Tensor, list[torch.Tensor]]:
    """Return x, t, and the order of the points in each epoch, of all seeds."""
    x, t, _, _ = draw_replicas(settings, seeds)
    dtype = DTYPES[settings["precision"]]
    return x.to(dtype), t.to(dtype), list(orders(settings, seeds))


def transposed(weights: torch.Tensor) -> torch.Tensor:
    """Return a copy of weights in the layout of torch.nn.Linear."""
    return weights.mT.clone(memory_format=torch.contiguous_format)


def module(settings: dict, hidden: str) -> torch.nn.Sequential:
    """Return the study's network in torch.nn, with a Sigmoid output."""
    name = by_name()[hidden].__name__  # torch.nn has the same names
    widths = [2, *settings["hidden_widths"], 1]
    layers = []
    for fan_in, fan_out in zip(widths, widths[1:], strict=False):
        layers += [torch.nn.Linear(fan_in, fan_out), getattr(torch.nn, name)()]
    return torch.nn.Sequential(*layers[:-1], torch.nn.Sigmoid())
