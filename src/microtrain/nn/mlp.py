"""Neurons, layers, and the multi-layer perceptron made of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..engine.methods import number_in
from ..engine.value import Value, node
from ..errors import any_int, as_list, counted, expect, one_of, positive_int
from .module import Module

if TYPE_CHECKING:
    import random

ACTIVATIONS = {
    "tanh": Value.tanh,
    "relu": Value.relu,
    "sigmoid": Value.sigmoid,
    "linear": Value.__pos__,
}


def dot(
    weights: Sequence[float | Value], inputs: Sequence[float | Value], bias: float | Value = 0.0
) -> Value:
    """Return ``bias + weights[0] * inputs[0] + weights[1] * inputs[1] + …``, added in this order.

    Any of them may be numbers or Values; the result is one node (of numbers alone, a number).
    Raises `ValueError` if there are not as many weights as inputs.

    >>> w = [Value(2.0), Value(-1.0)]
    >>> y = dot(w, [3.0, 4.0], bias=1.0)
    >>> y.backward()
    >>> y.data, w[0].grad, w[1].grad
    (3.0, 3.0, 4.0)
    """
    if type(weights) is not list:
        weights = as_list("weights", weights)
    if type(inputs) is not list:
        inputs = as_list("inputs", inputs)
    if len(weights) != len(inputs):
        got = f"got {len(weights)} and {len(inputs)}"
        raise ValueError(f"dot expects as many weights as inputs, {got}")
    parents: list[Value] = []
    partials: list[Any] = []
    # An int leaves a Fraction exact.
    total: Any = number_in("bias", 0 if type(bias) is float and bias == 0.0 else bias)
    for w, x in zip(weights, inputs):
        b = x if type(x) is float else x.data if isinstance(x, Value) else number_in("inputs", x)
        if isinstance(w, Value):
            a = w.data
            parents.append(w)
            partials.append(b)
        else:
            a = number_in("weights", w)
        if isinstance(x, Value):
            parents.append(x)
            partials.append(a)
        total = total + a * b
    if isinstance(bias, Value):
        parents.append(bias)
        partials.append(1)
    return node(total, "dot", tuple(parents), tuple(partials)) if parents else total


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
        rng = _generator(rng)
        self.weights = [Value(rng.uniform(-1, 1)) for _ in range(n_in)]
        self.bias = Value(rng.uniform(-1, 1))

    def __call__(self, x: Sequence[float | Value]) -> Value:
        """Return the neuron's output for a list of n_in numbers or Values."""
        x = inputs_of(self, x, len(self.weights))
        return ACTIVATIONS[self.activation](dot(self.weights, x, self.bias))

    def __repr__(self) -> str:
        return f"Neuron({len(self.weights)}, {self.activation!r})"


class Layer(Module):
    """`n_out` neurons with the same `n_in` inputs; `activation` and `rng` are as for `Neuron`.

    >>> [round(y.data, 3) for y in Layer(2, 3, "linear")([1.0, -2.0])]
    [-0.502, -0.717, 1.308]
    """

    def __init__(
        self, n_in: int, n_out: int, activation: str = "tanh", rng: random.Random | None = None
    ) -> None:
        rng = _generator(rng)
        self.neurons = [Neuron(n_in, activation, rng) for _ in range(positive_int("n_out", n_out))]

    def _attributes(self) -> Mapping[str, Any]:
        matrix = {
            "weight": [neuron.weights for neuron in self.neurons],
            "bias": [neuron.bias for neuron in self.neurons],
        }
        return matrix | {name: x for name, x in vars(self).items() if name != "neurons"}

    def __call__(self, x: Sequence[float | Value]) -> Value | list[Value]:
        """Return the neurons' outputs: a list, or a Value if there is one neuron."""
        x = inputs_of(self, x, len(self.neurons[0].weights))
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
        expected = "the neurons in each layer, as in [4, 4, 1]"
        listed = enumerate(as_list("sizes", sizes, expected))
        self.sizes = [positive_int(f"sizes[{i}]", size) for i, size in listed]
        if not self.sizes:
            raise ValueError(f"sizes expects {expected}; got none")
        one_of("activation", activation, tuple(ACTIVATIONS))
        one_of("output_activation", output_activation, tuple(ACTIVATIONS))
        rng = _generator(seed=any_int("seed", seed))
        activations = [activation] * (len(self.sizes) - 1) + [output_activation]
        shapes = zip([self.n_in, *self.sizes], self.sizes, activations)
        self.layers = [Layer(*shape, rng) for shape in shapes]

    def __call__(self, x: Sequence[float | Value]) -> Any:
        """Return the prediction for one sample: a Value, or a list of them for several outputs."""
        x = inputs_of(self, x, self.n_in)
        for layer in self.layers[:-1]:
            outputs = layer(x)
            x = [outputs] if isinstance(outputs, Value) else outputs
        return self.layers[-1](x)

    def __repr__(self) -> str:
        layers = "".join(
            f" -> {len(layer.neurons)} {layer.neurons[0].activation}" for layer in self.layers
        )
        return f"MLP({self.n_in}{layers}, {counted(len(self.parameters()), 'parameter')})"


def inputs_of(module: Module, x: Sequence[float | Value], n_in: int) -> Sequence[float | Value]:
    """Return `x` as a list. Raises `ValueError`, which names `module`, unless it has `n_in`."""
    if type(x) is not list:
        x = as_list(type(module).__name__, x, f"a list of {counted(n_in, 'number')} per sample")
    if len(x) != n_in:
        name = type(module).__name__
        raise ValueError(f"{name} expects {counted(n_in, 'input')}, got {len(x)}")
    return x


def _generator(rng: random.Random | None = None, seed: int = 0) -> random.Random:
    """Return the generator given, or else a new one."""
    from random import Random  # slow to import

    rng = Random(seed) if rng is None else rng
    expect(isinstance(rng, Random), "rng", "a random.Random", rng)
    return rng
