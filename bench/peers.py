"""The same training by other means: the same data, start, batches and steps, in one precision.

Each function prepares one hidden activation for some seeds and returns a function that trains them,
and returns each one's loss in the last epoch; and the seconds that compiling took. The precision is
that of the settings, double or single.
"""

import time

import torch

from framework import Linear
from scripts.study.activations import by_name
from scripts.study.datasets import draw_replicas, orders
from scripts.training.loop import TEN, train_epoch
from scripts.training.network import DTYPES, build, loss_of, optimizer_of


def framework(settings, hidden, seeds):
    """This project's, as the study has it: ten replicas in a tensor, one ten after the other."""
    tens = [seeds[i : i + TEN] for i in range(0, len(seeds), TEN)]
    prepared = [(ten, *data(settings, ten)) for ten in tens]

    @torch.inference_mode()
    def run():
        return [loss for ten in prepared for loss in train_ten(settings, hidden, *ten)]

    return run, 0.0


def train_ten(settings, hidden, seeds, x, t, batches):
    network = build(settings, hidden, "sigmoid", seeds)
    criterion, optimizer = loss_of(settings, "sigmoid"), optimizer_of(settings, network)
    for order in batches:
        loss, _ = train_epoch(settings, network, criterion, optimizer, x, t, order)
    return loss.tolist()


def torch_nn(settings, hidden, seeds):
    """torch.nn, autograd and torch.optim.SGD, one run after another."""
    starts = [start(settings, hidden, [seed]) for seed in seeds]

    def run():
        return [train_one(settings, hidden, *start) for start in starts]

    return run, 0.0


def train_one(settings, hidden, weights, x, t, batches):
    network = module(settings, hidden)
    for layer, (weight, bias) in zip(network[::2], weights, strict=True):
        layer.weight.data, layer.bias.data = transposed(weight)[0], bias[0].clone()
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


def torch_func(settings, hidden, seeds):
    """torch.func: one network's gradient, mapped over the stacked states of all."""
    weights, x, t, batches = start(settings, hidden, seeds)
    network = module(settings, hidden).to("meta")
    names = [name for name, _ in network.named_parameters()]

    def loss_of(parameters, x, t):
        return torch.nn.functional.mse_loss(torch.func.functional_call(network, parameters, x), t)

    gradients = torch.func.vmap(torch.func.grad_and_value(loss_of))

    def run():
        flat = [part for weight, bias in weights for part in (transposed(weight), bias.clone())]
        parameters = dict(zip(names, flat, strict=True))
        with torch.no_grad():
            for order in batches:
                total = 0.0
                for batch in order.split(settings["batch_size"], dim=1):
                    rows = batch[..., None]
                    here = x.gather(1, rows.expand(-1, -1, 2)), t.gather(1, rows)
                    gradient, loss = gradients(parameters, *here)
                    for name, parameter in parameters.items():
                        parameter.sub_(gradient[name], alpha=settings["learning_rate"])
                    total = total + loss * batch.shape[1]
        return (total / order.shape[1]).tolist()

    return run, 0.0


def jax_scan(settings, hidden, seeds):
    """JAX: the whole training compiled, `lax.scan` over epochs and steps, mapped over replicas."""
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", settings["precision"] == "double")
    weights, x, t, batches = start(settings, hidden, seeds)
    activation = {"relu": jax.nn.relu, "tanh": jnp.tanh, "selu": jax.nn.selu}
    activation["sigmoid"] = jax.nn.sigmoid

    def loss_of(parameters, x, t):
        *inner, (weight, bias) = parameters
        for w, b in inner:
            x = activation[hidden](x @ w + b)
        return ((jax.nn.sigmoid(x @ weight + bias) - t) ** 2).mean()

    def train_network(parameters, x, t, order):
        def step(parameters, batch):
            loss, gradient = jax.value_and_grad(loss_of)(parameters, x[batch], t[batch])
            rate = settings["learning_rate"]
            return jax.tree.map(lambda p, g: p - rate * g, parameters, gradient), loss

        def epoch(parameters, batches):
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


def start(settings, hidden, seeds):
    """[(W, b), …] of each layer, x, t, and the order of the points in each epoch, of all seeds."""
    network = build(settings, hidden, "sigmoid", seeds)
    weights = [(layer.weight, layer.bias) for layer in network if isinstance(layer, Linear)]
    return weights, *data(settings, seeds)


def data(settings, seeds):
    """x, t, and the order of the points in each epoch, of all seeds."""
    x, t, _, _ = draw_replicas(settings, seeds)
    dtype = DTYPES[settings["precision"]]
    return x.to(dtype), t.to(dtype), list(orders(settings, seeds))


def transposed(weights):
    """A copy, as torch.nn.Linear has them."""
    return weights.mT.clone(memory_format=torch.contiguous_format)


def module(settings, hidden):
    name = by_name()[hidden].__name__  # torch.nn calls them the same
    widths = [2, *settings["hidden_widths"], 1]
    layers = []
    for fan_in, fan_out in zip(widths, widths[1:], strict=False):
        layers += [torch.nn.Linear(fan_in, fan_out), getattr(torch.nn, name)()]
    return torch.nn.Sequential(*layers[:-1], torch.nn.Sigmoid())
