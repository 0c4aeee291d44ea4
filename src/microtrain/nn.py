"""Neurons, layers, and the multi-layer perceptron made of them.

A `Module` is anything with parameters. It finds them by itself, in its attributes, so a model of
your own only says how to compute:

>>> class Line(Module):
...     def __init__(self):
...         self.slope, self.offset = Value(1.0), Value(0.0)
...     def __call__(self, x):
...         return self.slope * x[0] + self.offset
>>> [name for name, _ in Line().named_parameters()]
['slope', 'offset']
"""

from __future__ import annotations

import random

from .draw import plot
from .draw.grid import field
from .draw.tables import html_table
from .errors import any_int, as_list, describe, one_of, positive_int
from .functions import number
from .graph import reset
from .value import Value, dot

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from typing import Any

ACTIVATIONS = {
    "tanh": Value.tanh,
    "relu": Value.relu,
    "sigmoid": Value.sigmoid,
    "linear": Value.__pos__,
}


class Module:
    """Base class of models: finds, resets, saves and loads the parameters.

    Parameters are the Values (those that were not computed from others) among the attributes,
    within lists, tuples, dicts and other Modules there too, in the order in which they were set.
    One that is reached twice is one shared parameter.

    >>> class Offset(Module):
    ...     def __init__(self):
    ...         self.b = Value(0.5)
    ...     def __call__(self, x):
    ...         return x[0] + self.b
    >>> Offset().state_dict(), Offset().predict([[1.0], [2.0]])
    ({'b': 0.5}, [1.5, 2.5])
    """

    def __call__(self, x: Any) -> Any:
        """Return the prediction for one sample: a Value, or a list of them. Yours to define."""
        raise NotImplementedError(f"{type(self).__name__} defines no __call__(self, x)")

    def _attributes(self) -> Mapping[str, Any]:
        """Return where to look for parameters: name to Value, Module, or a nested list of them."""
        return vars(self)

    def parameters(self) -> list[Value]:
        """Return every parameter, once."""
        return [value for _, value in self.named_parameters()]

    def named_parameters(self) -> list[tuple[str, Value]]:
        """Return every parameter, once, with its place: ``layers.0.weight.3.1`` and the like."""
        named: dict[Value, str] = {}
        for name, entry in _entries(self, ""):
            for place, value in _flatten(entry, name):
                named.setdefault(value, place)
        return [(name, value) for value, name in named.items()]

    def zero_grad(self) -> None:
        """Set the gradient of every parameter to zero."""
        reset(self.parameters())

    def state_dict(self) -> dict[str, Any]:
        """Return the parameters as floats: name to float or nested lists, in PyTorch's layout.

        >>> list(MLP(3, [4, 1]).state_dict())
        ['layers.0.weight', 'layers.0.bias', 'layers.1.weight', 'layers.1.bias']
        """
        return {name: _map(entry, lambda value: value.data) for name, entry in _entries(self, "")}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Set the parameters to those of a `state_dict`. Nothing changes unless all of it fits.

        Raises `ValueError` for missing or unknown names and wrong shapes, `TypeError` for what is
        not a number.
        """
        if not hasattr(state, "keys"):
            raise TypeError(f"state expects a dict from state_dict(), got {describe(state)}")
        entries = dict(_entries(self, ""))
        if odd := [repr(name) for name in entries if name not in state]:
            raise ValueError(f"state lacks {', '.join(odd)}")
        if odd := [repr(name) for name in state if name not in entries]:
            raise ValueError(f"state has {', '.join(odd)}, which {type(self).__name__} has not")
        new: list[tuple[Value, float]] = []
        for name, entry in entries.items():
            new += _paired(entry, state[name], name)
        for value, x in new:
            value.data = x

    def predict(self, xs: Iterable[Sequence[float]]) -> list[Any]:
        """Return the predictions for many samples as numbers: a float each, or a list of floats.

        >>> MLP(2, [1], output_activation="linear").predict([[0.0, 0.0]])
        [-0.15885683833831]
        """
        return [_map(self(x), lambda value: value.data) for x in as_list("xs", xs)]

    def plot_boundary(
        self, xs: Sequence[Sequence[float]], ys: Sequence[float], ax: Any = None
    ) -> Any:
        """Draw where the prediction changes from one class to the other; return matplotlib's axes.

        For a model of two inputs and one output; xs: n points to draw; ys: their targets. That is
        where its sign changes or, if all targets are 0 or 1, where it passes 0.5. Needs matplotlib
        (`pip install 'microtrain[plot]'`), else `ImportError`.
        """
        points = [[number("xs", x) for x in as_list("xs", point)] for point in as_list("xs", xs)]
        targets = [number("ys", y) for y in as_list("ys", ys)]
        if not points or any(len(point) != 2 for point in points):
            raise ValueError("xs expects samples of two numbers, which lie in a plane")
        if len(targets) != len(points):
            raise ValueError(f"ys expects {len(points)} targets, as many as xs; got {len(targets)}")
        if not all(abs(x) < 1e100 for point in points for x in point):
            raise ValueError("xs expects finite samples")
        if not isinstance(self(points[0]), Value):
            raise ValueError("plot_boundary expects a model of one output")
        level = 0.5 if set(targets) <= {0.0, 1.0} else 0.0
        return plot.boundary(points, targets, field(self.predict, points), ax, level=level)

    def __repr__(self) -> str:
        n = len(self.parameters())
        return f"{type(self).__name__}({n:,} parameter{'' if n == 1 else 's'})"

    def _repr_html_(self) -> str:
        rows = []
        for name, entry in _entries(self, ""):
            shape, part = [], entry
            while isinstance(part, list):
                shape.append(str(len(part)))
                part = part[0]
            count = sum(1 for _ in _flatten(entry, name))
            rows.append((name, " x ".join(shape) or "number", f"{count:,}"))
        return html_table(repr(self), rows, header=("parameter", "shape", "numbers"))


class Neuron(Module):
    """The activation of a weighted sum: ``activation(bias + weights . inputs)``.

    `activation` is "tanh", "relu", "sigmoid" or "linear". The weights and then the bias are drawn
    uniformly from (-1, 1) by `rng`, a `random.Random`; without one, by a `random.Random(0)`.

    >>> Neuron(2)([1.0, -2.0])
    Value(data=-0.46355572546255125, grad=0.0)
    """

    def __init__(
        self, n_in: int, activation: str = "tanh", rng: random.Random | None = None
    ) -> None:
        n_in = positive_int("n_in", n_in)
        self.activation = one_of("activation", activation, tuple(ACTIVATIONS))
        rng = random.Random(0) if rng is None else rng
        if not isinstance(rng, random.Random):
            raise TypeError(f"rng expects a random.Random, got {describe(rng)}")
        self.weights = [Value(rng.uniform(-1, 1)) for _ in range(n_in)]
        self.bias = Value(rng.uniform(-1, 1))

    def __call__(self, x: Sequence[float | Value]) -> Value:
        """Return the neuron's output for a list of n_in numbers or Values."""
        x = _inputs(self, x, len(self.weights))
        return ACTIVATIONS[self.activation](dot(self.weights, x, self.bias))

    def __repr__(self) -> str:
        return f"Neuron({len(self.weights)}, {self.activation!r})"


class Layer(Module):
    """`n_out` neurons that look at the same `n_in` inputs; the rest is as for `Neuron`.

    >>> [round(y.data, 3) for y in Layer(2, 3, "linear")([1.0, -2.0])]
    [-0.502, -0.717, 1.308]
    """

    def __init__(
        self, n_in: int, n_out: int, activation: str = "tanh", rng: random.Random | None = None
    ) -> None:
        rng = random.Random(0) if rng is None else rng
        self.neurons = [Neuron(n_in, activation, rng) for _ in range(positive_int("n_out", n_out))]

    def _attributes(self) -> Mapping[str, Any]:
        matrix = {
            "weight": [neuron.weights for neuron in self.neurons],
            "bias": [neuron.bias for neuron in self.neurons],
        }
        return matrix | {name: x for name, x in vars(self).items() if name != "neurons"}

    def __call__(self, x: Sequence[float | Value]) -> Value | list[Value]:
        """Return the neurons' outputs: a list, or a Value if there is one neuron."""
        x = _inputs(self, x, len(self.neurons[0].weights))
        outputs = [neuron(x) for neuron in self.neurons]
        return outputs[0] if len(outputs) == 1 else outputs

    def __repr__(self) -> str:
        first = self.neurons[0]
        return f"Layer({len(first.weights)}, {len(self.neurons)}, {first.activation!r})"


class MLP(Module):
    """A multi-layer perceptron: layers of `sizes` neurons, each fed by the one before it.

    `n_in` is the number of inputs of a sample, `sizes` the number of neurons in each layer.
    `output_activation` is that of the last layer, `activation` that of the others: "tanh", "relu",
    "sigmoid" or "linear". `seed`, an int, decides the initial parameters, uniform in (-1, 1).

    >>> model = MLP(3, [4, 4, 1])
    >>> len(model.parameters())
    41
    >>> model([2.0, 3.0, -1.0])
    Value(data=-0.9119817024497697, grad=0.0)
    >>> model([2.0, 3.0])
    Traceback (most recent call last):
    ...
    ValueError: MLP expects 3 inputs, got 2
    """

    def __init__(
        self,
        n_in: int,
        sizes: Sequence[int],
        activation: str = "tanh",
        output_activation: str = "tanh",
        seed: int = 0,
    ) -> None:
        self.n_in = positive_int("n_in", n_in)
        listed = as_list("sizes", sizes, "the neurons in each layer, as in [4, 4, 1]")
        self.sizes = [positive_int(f"sizes[{i}]", size) for i, size in enumerate(listed)]
        if not self.sizes:
            raise ValueError("sizes expects the neurons in each layer, as in [4, 4, 1]; got none")
        one_of("activation", activation, tuple(ACTIVATIONS))
        one_of("output_activation", output_activation, tuple(ACTIVATIONS))
        rng = random.Random(any_int("seed", seed))
        last = len(self.sizes) - 1
        self.layers = [
            Layer(n, size, activation if i < last else output_activation, rng)
            for i, (n, size) in enumerate(zip([self.n_in, *self.sizes], self.sizes))
        ]

    def __call__(self, x: Sequence[float | Value]) -> Any:
        """Return the prediction for one sample of n_in numbers or Values.

        It is a Value where the last layer has one neuron, else a list of Values.
        """
        x = _inputs(self, x, self.n_in)
        for layer in self.layers[:-1]:
            outputs = layer(x)
            x = [outputs] if isinstance(outputs, Value) else outputs
        return self.layers[-1](x)

    def __repr__(self) -> str:
        layers = "".join(
            f" -> {len(layer.neurons)} {layer.neurons[0].activation}" for layer in self.layers
        )
        return f"MLP({self.n_in}{layers}, {len(self.parameters())} parameters)"


def _inputs(module: Module, x: Sequence[float | Value], n_in: int) -> Sequence[float | Value]:
    """Return `x` if it is a sequence of `n_in`, else say what `module` expects."""
    if type(x) is not list:
        x = as_list(type(module).__name__, x, f"a list of {n_in} numbers")
    if len(x) != n_in:
        raise ValueError(f"{type(module).__name__} expects {n_in} inputs, got {len(x)}")
    return x


# A module's entries: each attribute that holds parameters, as a Value or a nested list of Values.


def _entries(item: Any, name: str, inside: tuple[Any, ...] = ()) -> Iterator[tuple[str, Any]]:
    """Yield the entries in a Module, or in what it holds, with their dotted names.

    `inside` are the Modules around it, so that a reference back to one of them leads nowhere.
    """
    if isinstance(item, Module):
        if any(item is module for module in inside):
            return
        inside, children = (*inside, item), list(item._attributes().items())
    elif isinstance(item, dict):
        children = list(item.items())
    elif _has_modules(item):
        children = [(str(i), x) for i, x in enumerate(item)]
    else:
        entry = _values(item)
        if entry is not None:
            yield name, entry
        return
    for key, child in children:
        yield from _entries(child, f"{name}.{key}" if name else str(key), inside)


def _has_modules(item: Any) -> bool:
    """Return whether a Module or a dict is somewhere in nested lists."""
    if isinstance(item, list | tuple):
        return any(map(_has_modules, item))
    return isinstance(item, Module | dict)


def _values(item: Any) -> Any:
    """Return a leaf Value, or a nested list of what of `item` is one, or None."""
    if isinstance(item, Value):
        return None if item.parents else item
    if isinstance(item, list | tuple):
        return [entry for x in item if (entry := _values(x)) is not None] or None
    return None


def _flatten(entry: Any, name: str) -> Iterator[tuple[str, Value]]:
    if isinstance(entry, Value):
        yield name, entry
    else:
        for i, part in enumerate(entry):
            yield from _flatten(part, f"{name}.{i}")


def _map(entry: Any, function: Any) -> Any:
    """Return `function` of a Value, or of each in a nested list of them."""
    if isinstance(entry, Value):
        return function(entry)
    return [_map(part, function) for part in entry]


def _paired(entry: Any, new: Any, name: str) -> Iterator[tuple[Value, float]]:
    """Yield each Value of an entry with its new number."""
    if isinstance(entry, Value):
        yield entry, number(f"state[{name!r}]", new)
        return
    if not isinstance(new, list | tuple):
        raise TypeError(f"state[{name!r}] expects a list of {len(entry)}, got {describe(new)}")
    if len(new) != len(entry):
        raise ValueError(f"state[{name!r}] expects {len(entry)} numbers, got {len(new)}")
    for part, new_part in zip(entry, new):
        yield from _paired(part, new_part, name)
