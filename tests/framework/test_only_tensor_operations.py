"""The framework stands on torch's tensor operations and `math` alone.

Its source may name nothing else, and while it runs torch may compute nothing else: no kernel that
torch.nn is made of, none that a derivative is made of, and nothing recorded by autograd.
"""

import ast
import sys
from pathlib import Path

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

import framework
from framework import MLP, SGD, Adam, BCELoss, BCEWithLogitsLoss, Linear, MSELoss, Sequential

FILES = sorted(Path(framework.__file__).parent.rglob("*.py"))
FROM_TORCH = {  # all that the framework names of `torch`
    *("Generator", "Tensor", "device", "dtype", "empty", "maximum"),
}
TENSOR_METHODS = {  # all that it names of a tensor: arithmetic, shapes, reductions
    *("abs", "add_", "any", "clamp", "clone", "div_", "dtype", "exp", "exp_", "expm1_", "flatten"),
    *("grad", "item", "log", "log1p", "mT", "max", "mean", "min", "mul_", "ndim", "neg_", "pow_"),
    *(
        "reshape",
        "shape",
        "sigmoid",
        "sigmoid_",
        "sign_",
        "sqrt",
        "sub_",
        "sum",
        "tanh",
        "to",
        "uniform_",
    ),
    *("unsqueeze", "zero_"),
    # to check, save and load
    *("_version", "allclose", "copy_", "data_ptr", "detach", "element_size"),
    *("is_floating_point", "is_inference", "requires_grad", "stride"),
}
FORBIDDEN_NAMES = {"__import__", "eval", "exec", "getattr", "globals", "compile", "importlib"}
NN_KERNELS = (
    {name for name in dir(torch.nn.functional) + dir(torch._C._nn) if not name.startswith("__")}
    | {"addmm", "addmv"}  # torch.nn.Linear's kernels
) - {"sigmoid", "tanh"}  # functions of tensors before they were of torch.nn.functional


def trees():
    return [(path.name, ast.parse(path.read_text(encoding="utf-8"))) for path in FILES]


@pytest.mark.parametrize(("file", "tree"), trees(), ids=lambda x: x if isinstance(x, str) else "")
def test_imports_only_torch_and_math(file, tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            assert {(name.name, name.asname) for name in node.names} <= {
                ("torch", None),
                ("math", None),
            }
        if isinstance(node, ast.ImportFrom):  # its own files
            assert node.level == 1
            assert f"{node.module}.py" in {path.name for path in FILES}


@pytest.mark.parametrize(("file", "tree"), trees(), ids=lambda x: x if isinstance(x, str) else "")
def test_names_of_torch_no_more_than_tensors(file, tree):
    attributes = [n for n in ast.walk(tree) if isinstance(n, ast.Attribute)]
    of_torch = {
        a.attr for a in attributes if isinstance(a.value, ast.Name) and a.value.id == "torch"
    }
    assert of_torch <= FROM_TORCH
    names = [n for n in ast.walk(tree) if isinstance(n, ast.Name)]
    assert not FORBIDDEN_NAMES & {n.id for n in names}
    # `torch` itself goes nowhere: it stands only before a dot
    before_a_dot = [a.value for a in attributes]
    assert all(n in before_a_dot for n in names if n.id == "torch")


@pytest.mark.parametrize(("file", "tree"), trees(), ids=lambda x: x if isinstance(x, str) else "")
def test_names_of_a_tensor_no_more_than_it_says(file, tree):
    """Of whatever is neither `self` nor a module: its tensors, and layers, dicts and lists."""
    others = {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and not (isinstance(node.value, ast.Name) and node.value.id in ("self", "torch", "math"))
    }
    not_of_a_tensor = {"__init__", "backward", "values"}  # super's, a layer's, a dict's
    assert others & set(dir(torch.Tensor)) <= TENSOR_METHODS | not_of_a_tensor


class Recorder(TorchDispatchMode):
    """Writes down every kernel that torch runs."""

    def __init__(self):
        super().__init__()
        self.kernels = set()

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        self.kernels.add(function._schema.name.removeprefix("aten::"))
        result = function(*args, **(kwargs or {}))
        tensors = [t for t in (*args, result) if isinstance(t, torch.Tensor)]
        assert not any(t.requires_grad or t.grad_fn is not None for t in tensors)
        return result


def nets():
    generators = [torch.Generator().manual_seed(seed) for seed in range(3)]
    for output in (framework.Sigmoid, framework.Identity):
        for hidden in (framework.ReLU, framework.Tanh, framework.SELU, framework.Sigmoid):
            yield MLP(hidden, output)
            yield MLP(hidden, output, generator=generators)
    yield Sequential(Linear(2, 3, bias=False), framework.ReLU(), Linear(3, 1), framework.Sigmoid())


def losses(dim):
    for reduction in ("mean", "sum", "none"):
        yield MSELoss(reduction=reduction, dim=dim)
        yield BCELoss(torch.ones(1), reduction=reduction, dim=dim)
        yield BCEWithLogitsLoss(
            torch.ones(1), reduction=reduction, pos_weight=torch.ones(1), dim=dim
        )


def optimizers(parameters):
    yield SGD(parameters, 0.01)
    yield SGD(parameters, 0.01, 0.9, 0.1, 0.01, maximize=True)
    yield SGD(parameters, 0.01, 0.9, nesterov=True)
    yield Adam(parameters)
    yield Adam(parameters, weight_decay=0.1, amsgrad=True, maximize=True)


def train_everything():
    """Every class of the framework, forward and backward, and every path of the optimizers."""
    for net in nets():
        lead = net.parameters()[0].shape[:-2]
        x, t = torch.rand(*lead, 8, 2), torch.rand(*lead, 8, 1).round()
        framework.glorot_uniform_(net.parameters()[0])
        optimizer_of = [*optimizers(net.parameters())]
        for i, criterion in enumerate(losses((-2, -1))):
            output = net(x)
            if isinstance(criterion, BCELoss):
                output = output.clamp(0, 1)
            loss = criterion(output, t)
            net.backward(criterion.backward(torch.ones_like(loss)))
            optimizer = optimizer_of[i % len(optimizer_of)]
            optimizer.step()
            optimizer.step()
            optimizer.zero_grad(set_to_none=i % 2 == 0)


def test_runs_no_kernel_of_torch_nn_and_none_of_a_derivative():
    with Recorder() as recorder:
        train_everything()
    kernels = {kernel.removesuffix("_") for kernel in recorder.kernels}
    assert {"bmm", "mm", "mul", "exp", "clamp", "uniform", "sqrt"} <= kernels  # it did record
    assert not {kernel for kernel in kernels if "backward" in kernel}
    assert not kernels & NN_KERNELS


def test_the_recorder_sees_what_it_is_there_to_see():
    """The same steps by torch.nn do run what the framework must not."""
    x, weight, bias = torch.rand(5, 2), torch.rand(1, 2), torch.rand(1)
    with Recorder() as recorder:
        y = torch.relu(torch.nn.functional.linear(x, weight, bias))
        torch.nn.functional.mse_loss(y, x[:, :1])
        torch.ops.aten.threshold_backward(x, x, 0)
    assert recorder.kernels & NN_KERNELS == {"addmm", "relu", "mse_loss"}
    assert "threshold_backward" in recorder.kernels
    with pytest.raises(AssertionError), Recorder():
        torch.rand(2, requires_grad=True) * 2


def test_no_tensor_requires_a_gradient():
    for net in nets():
        assert not any(p.requires_grad for p in net.parameters())
        y = net(torch.rand(4, 2))
        assert not y.requires_grad
        assert not net.backward(torch.ones_like(y)).requires_grad
        assert not any(p.grad.requires_grad for p in net.parameters())


def test_no_module_of_the_framework_holds_a_part_of_torch():
    for name, module in list(sys.modules.items()):
        if name == "framework" or name.startswith("framework."):
            held = [value for key, value in vars(module).items() if not key.startswith("__")]
            origins = {getattr(value, "__module__", None) or "" for value in held}
            assert not {o for o in origins if o.split(".")[0] == "torch"}
