"""How sharply the loss bends: the Hessian of the training loss, and its largest eigenvalue."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..compiler.python import Python, assemble, function, listed, loop
from ..compiler.record import Record, without_collection
from ..compiler.symbol import Symbol, as_place
from ..compiler.writer import Part, Scope, write
from ..engine.graph import gradients
from ..engine.value import Value
from ..errors import one_of
from ..nn.losses import REDUCTIONS, squared_error
from ..nn.mlp import dot
from ..nn.module import Module
from .objective import Objective, pairs_of
from .tracing import Layout, Traced, cached, trace_loss

DENSE = 100  # up to this many parameters the whole Hessian is computed

# Names that the generated product uses itself.
RESERVED = ("product", "parameters", "direction", "batch")


def sharpness(
    model: Module,
    xs: Any,
    ys: Any,
    loss: Callable[[Any, Any], Value] = squared_error,
    reduction: str = "sum",
) -> float:
    """Return the largest eigenvalue of the Hessian of the loss by the model's parameters.

    It is the curvature in the direction in which the loss bends upward most. On a quadratic,
    gradient descent is stable while the learning rate is below ``2 / sharpness``; on networks it
    tends to live at the edge of that (Cohen et al., 2021, "Gradient Descent on Neural Networks
    Typically Occurs at the Edge of Stability").

    model, xs, ys, loss and reduction are as for `train`; the loss is that of all the samples.
    "Largest" is meant algebraically: where the loss bends downward in every direction, the result
    is below 0. The second derivatives are exact, not differences; at a kink, such as that of `relu`
    or `abs`, they are those of the slope that the engine takes there. Raises `CompileError` where
    model and loss are not the same computation for all numbers, and `ArithmeticError` where it
    fails; returns NaN where a second derivative is not finite.

    >>> import microtrain as mt
    >>> line = mt.MLP(1, [1], output_activation="linear")
    >>> mt.sharpness(line, [[3.0]], [2.0])  # of (3 w + b - 2)**2
    20.0
    """
    one_of("reduction", reduction, REDUCTIONS)
    objective = Objective(model, pairs_of(xs, ys), loss, reduction)
    return Curvature(objective).sharpness([p.data for p in objective.parameters])


class Curvature:
    """The Hessian of a model's loss on samples, as a function of the parameters.

    Generated Python multiplies it with a vector, at a few times the cost of a gradient
    (Pearlmutter, 1994, "Fast Exact Multiplication by the Hessian").
    """

    def __init__(self, objective: Objective) -> None:
        self._objective = objective
        self._n = len(objective.parameters)
        self._share = 1.0 / len(objective.samples) if objective.reduction == "mean" else 1.0
        self._record()

    def _record(self) -> None:
        objective = self._objective
        self._description = text = objective.described()
        self._product, layout = cached(objective, text, "curvature", lambda: _generated(objective))
        self._batch = [layout.pack(x, y) for x, y in objective.samples]

    def product(self, parameters: Sequence[float], direction: Sequence[float]) -> list[float]:
        """Return the Hessian at these parameters times this vector."""
        try:
            product = self._product(parameters, direction, self._batch)
        except (ArithmeticError, ValueError) as error:
            raise ArithmeticError(f"the loss has no Hessian here: {error}") from error
        return [self._share * x for x in product]

    def sharpness(self, parameters: Sequence[float]) -> float:
        """Return the largest eigenvalue of the Hessian at these parameters."""
        from .eigen import lanczos, largest_eigenvalue

        if self._objective.described() != self._description:
            self._record()  # `on_step` has made another model of it
        if self._n > DENSE:
            return lanczos(lambda direction: self.product(parameters, direction), self._n)
        axes = range(self._n)
        rows = [self.product(parameters, [1.0 if i == k else 0.0 for i in axes]) for k in axes]
        return largest_eigenvalue(rows)


def _generated(objective: Objective) -> tuple[Callable[..., list[float]], Layout]:
    """Return a function that multiplies the Hessian of the sum of losses with a vector."""
    with without_collection():
        traced = trace_loss(objective)
        record, weights, variables, direction, products = record_product(traced)
    scope = Scope(Python, [record], RESERVED)
    names = scope.inputs(record)
    sums = scope.named(f"h_{x}" for x in traced.names)
    body = Part("", "v", products)
    write(record, names, scope, body)

    def unpacked(places: Sequence[int]) -> list[str]:
        return [names[place] for place in places]

    lines = [
        f"{listed(unpacked(weights))} = parameters",
        f"{listed(unpacked(direction))} = direction",
        f"{' = '.join(sums)} = 0.0",
        *loop(
            unpacked(variables),
            "batch",
            [*body.lines, *(f"{total} += {x}" for total, x in zip(sums, body.expressions))],
        ),
        f"return [{', '.join(sums)}]",
    ]
    source = function("product", RESERVED[1:], lines)
    return assemble(source, "product", scope.namespace), traced.layout


def record_product(traced: Traced) -> tuple[Record, list[int], list[int], list[int], list[int]]:
    """Record the product of the Hessian of one sample's loss with a vector.

    The gradient of the loss is recorded, and replayed over Values that hold symbols of a second
    record. The derivative of its component in a direction is recorded there. Return that record,
    and the places in it of the parameters, of the sample and its target, of the direction, and of
    the product.
    """
    first, record = traced.record, Record("; the sharpness needs that")
    gradient = [as_place(first, x) for x in gradients(traced.loss, traced.parameters)]
    places = {place: record.input(first.operations[place][0]) for place in first.inputs}
    inputs: dict[int, Any] = {k: Value(Symbol(record, place)) for k, place in places.items()}
    weights = [inputs[place] for place in traced.data]
    direction: list[Any] = [Symbol(record, record.input(f"d_{x}")) for x in traced.names]
    along: Any = dot(direction, first.replay([*inputs.values()], gradient))
    bent = isinstance(along, Value)  # if it is not, the gradient is the same everywhere
    products = gradients(along, weights) if bent else [0.0] * len(weights)
    return (
        record,
        [places[place] for place in traced.data],
        [places[place] for place in (*traced.xs, *traced.ys)],
        [x.place for x in direction],
        [as_place(record, x) for x in products],
    )
