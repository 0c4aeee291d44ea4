"""micrograd's interface: its programs run on this engine once their imports name this module.

``from micrograd.engine import Value`` and ``from micrograd.nn import MLP`` become ``from
microtrain.nn.micrograd import Value, MLP``. Hidden layers are relu and the last is linear; biases
start at 0. Python's global random numbers are the initial weights: ``random.seed(1337)`` gives the
same as in micrograd. The models are Modules, and `microtrain.train` takes them.

>>> import random
>>> random.seed(1337)
>>> model = MLP(2, [16, 16, 1])
>>> len(model.parameters())
337
>>> model.layers[-1]
Layer of [LinearNeuron(16)]
"""

import random
from collections.abc import Sequence
from typing import Any

from ..engine.value import Value
from .mlp import dot
from .module import Module

__all__ = ["MLP", "Layer", "Module", "Neuron", "Value"]


class Neuron(Module):
    """``relu(b + w . x)``, or ``b + w . x`` if not `nonlin`; `w` and `b` are its parameters.

    >>> Neuron(3), len(Neuron(3, nonlin=False).w)
    (ReLUNeuron(3), 3)
    """

    def __init__(self, nin: int, nonlin: bool = True) -> None:
        self.w = [Value(random.uniform(-1, 1)) for _ in range(nin)]
        self.b = Value(0.0)
        self.nonlin = nonlin

    def __call__(self, x: Sequence[float | Value]) -> Value:
        """Return the output for a list with a number or Value for each weight."""
        total = dot(self.w, x, self.b)
        return total.relu() if self.nonlin else total

    def __repr__(self) -> str:
        return f"{'ReLU' if self.nonlin else 'Linear'}Neuron({len(self.w)})"


class Layer(Module):
    """`nout` neurons of `nin` inputs each.

    >>> len(Layer(2, 3)([1.0, -2.0]))
    3
    """

    def __init__(self, nin: int, nout: int, nonlin: bool = True) -> None:
        self.neurons = [Neuron(nin, nonlin) for _ in range(nout)]

    def __call__(self, x: Sequence[float | Value]) -> Value | list[Value]:
        """Return a Value if there is one neuron, else the list of the neurons' outputs."""
        outputs = [neuron(x) for neuron in self.neurons]
        return outputs[0] if len(outputs) == 1 else outputs

    def __repr__(self) -> str:
        return f"Layer of {self.neurons}"


class MLP(Module):
    """Layers of `nouts` neurons, relu but for the last, each fed by the one before it.

    >>> MLP(1, [2, 1])
    MLP of [Layer of [ReLUNeuron(1), ReLUNeuron(1)], Layer of [LinearNeuron(2)]]
    """

    def __init__(self, nin: int, nouts: Sequence[int]) -> None:
        last = len(nouts) - 1
        widths = enumerate(zip([nin, *nouts], nouts))
        self.layers = [Layer(n, nout, nonlin=i < last) for i, (n, nout) in widths]

    def __call__(self, x: Sequence[float | Value]) -> Any:
        """Return the prediction for one sample: a Value if the last layer has one neuron."""
        for layer in self.layers[:-1]:
            outputs = layer(x)
            x = [outputs] if isinstance(outputs, Value) else outputs
        return self.layers[-1](x)

    def __repr__(self) -> str:
        return f"MLP of {self.layers}"


# micrograd's names for the operation of a value and for what it was computed from.
Value._op = property(lambda value: value.op)  # type: ignore[attr-defined]
Value._prev = property(lambda value: set(value.parents))  # type: ignore[attr-defined]
