"""A module is a function that can pass a gradient back through itself."""


class Module:
    """What layers, networks and losses have in common.

    A subclass defines `forward(x)`, which returns y and keeps in `self.cache` what the gradient
    needs, and `backward(∂L/∂y)`, which returns ∂L/∂x and adds ∂L/∂p to `p.grad` for each of its
    parameters p. Neither changes a tensor that it is given.
    """

    cache = None

    def __call__(self, *inputs):
        return self.forward(*inputs)

    def forward(self, *inputs):
        raise NotImplementedError(f"{type(self).__name__} defines no forward")

    def backward(self, gradient):
        raise NotImplementedError(f"{type(self).__name__} defines no backward")

    def parameters(self):
        """The tensors that training changes, in a list; each has its gradient in `.grad`."""
        return []

    def extra_repr(self):
        """What `repr` shows between the parentheses."""
        return ""

    def __repr__(self):
        return f"{type(self).__name__}({self.extra_repr()})"

    def recall(self):
        """What the last forward kept. RuntimeError where there was none."""
        if self.cache is None:
            raise RuntimeError(f"{self!r}: backward was called before forward")
        return self.cache

    def check_gradient(self, gradient, shape):
        """ValueError unless ∂L/∂y has y's shape."""
        if gradient.shape != shape:
            raise ValueError(
                f"{self!r}: the gradient has shape {tuple(gradient.shape)}, "
                f"the output had {tuple(shape)}"
            )


def summed_to(shape, gradient):
    """A gradient, summed over the axes along which what it is of was broadcast."""
    return gradient if gradient.shape == shape else gradient.sum_to_size(shape)


def accumulate(parameter, gradient):
    """Add to `parameter.grad`, as PyTorch does until `zero_grad()`."""
    gradient = summed_to(parameter.shape, gradient)
    parameter.grad = gradient if parameter.grad is None else parameter.grad + gradient
