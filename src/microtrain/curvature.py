"""How sharply the loss bends: the Hessian of the training loss, and its largest eigenvalue."""

from __future__ import annotations

from .compiler.program import Program
from .compiler.python import assemble, identifiers, input_names, listed, write
from .compiler.symbol import Symbol, as_operand
from .eigen import lanczos, largest_eigenvalue
from .errors import one_of
from .graph import gradients
from .losses import REDUCTIONS, squared_error
from .nn import dot
from .samples import fitted, pairs_of
from .structure import structure_of, trace_key
from .tracing import BACKWARD, Trace, made_once
from .value import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from .module import Module
    from .tracing import Layout

DENSE = 100  # up to this many parameters the whole Hessian is computed

# Names that the generated product uses itself.
RESERVED = ("parameters", "direction", "batch")


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
    parameters, pairs = fitted(model, pairs_of(xs, ys), loss)
    return Curvature(model, parameters, pairs, loss, reduction).sharpness(
        [p.data for p in parameters]
    )


class Curvature:
    """The Hessian of a model's loss on samples, where the parameters are what you say.

    It is never stored as a formula: generated Python multiplies it with a vector, at a few times
    the cost of a gradient (Pearlmutter, 1994, "Fast Exact Multiplication by the Hessian").
    """

    def __init__(
        self,
        model: Any,
        parameters: Sequence[Value],
        samples: Sequence[tuple[Any, Any]],
        loss: Callable[[Any, Any], Value],
        reduction: str,
    ) -> None:
        self._of = model, parameters, samples, loss
        self._record()
        self._share = 1.0 / len(samples) if reduction == "mean" else 1.0
        self._n = len(parameters)

    def _record(self) -> None:
        model, parameters, samples, loss = self._of
        self._structure = structure_of(model, parameters)
        key = trace_key(model, parameters, samples, loss)
        self._product, layout = made_once(
            key and ("curvature", key), lambda: _generated(model, parameters, samples, loss)
        )
        self._batch = [layout.pack(x, y) for x, y in samples]

    def look_again(self) -> None:
        """Begin anew if the model has become another one."""
        if structure_of(*self._of[:2]) != self._structure:
            self._record()

    def product(self, parameters: Sequence[float], direction: Sequence[float]) -> list[float]:
        """Return the Hessian at these parameters times this vector."""
        try:
            product = self._product(parameters, direction, self._batch)
        except (ArithmeticError, ValueError) as error:
            raise ArithmeticError(f"the loss has no Hessian here: {error}") from error
        return [self._share * x for x in product]

    def sharpness(self, parameters: Sequence[float]) -> float:
        """Return the largest eigenvalue of the Hessian at these parameters."""
        if self._n > DENSE:
            return lanczos(lambda direction: self.product(parameters, direction), self._n)
        axes = range(self._n)
        rows = [self.product(parameters, [1.0 if i == k else 0.0 for i in axes]) for k in axes]
        return largest_eigenvalue(rows)


def _generated(
    model: Any,
    parameters: Sequence[Value],
    samples: Sequence[tuple[Any, Any]],
    loss: Callable[[Any, Any], Value],
) -> tuple[Callable[..., list[float]], Layout]:
    """Return a function that multiplies the Hessian of the sum of losses with a vector.

    The gradient of one sample's loss is recorded, and replayed over Values that hold symbols of a
    second program: so the derivative of its component in a direction is recorded there.
    """
    trace = Trace(model, parameters, samples, loss)
    gradient = [as_operand(slope) for slope in gradients(trace.loss, trace.parameters)]
    program = Program()
    program.section = BACKWARD
    inputs: dict[int, Any] = {
        place: Value(Symbol(program, program.input(name)))
        for place, name in trace.program.inputs.items()
    }
    weights, variables = (
        [inputs[symbol.place] for symbol in symbols]
        for symbols in (trace.data, [*trace.xs, *trace.ys])
    )
    direction: list[Any] = [Symbol(program, program.input(f"d_{x}")) for x in trace.names]
    slopes = trace.program.replay([*inputs.values()], gradient)
    along: Any = dot(direction, slopes)
    bent = isinstance(along, Value)  # if it is not, the gradient is the same everywhere
    products = [
        as_operand(x) for x in (gradients(along, weights) if bent else [0.0] * len(weights))
    ]

    names = input_names(program, RESERVED)
    sums = identifiers([f"h_{x}" for x in trace.names], (*RESERVED, *names.values()))
    statements, expressions = write(program, products, names, {BACKWARD: "v"}, (*RESERVED, *sums))

    def unpacked(symbols: Sequence[Any]) -> str:
        return listed(names[symbol.place] for symbol in symbols)

    lines = [
        "def product(parameters, direction, batch):",
        f"    {unpacked([p.data for p in weights])} = parameters",
        f"    {unpacked(direction)} = direction",
        f"    {' = '.join(sums)} = 0.0",
        f"    for {unpacked([v.data for v in variables])} in batch:",
        *(f"        {line}" for line in statements),
        *(f"        {total} += {x}" for total, x in zip(sums, expressions)),
        f"    return [{', '.join(sums)}]",
    ]
    return assemble("\n".join(lines), "product"), trace.layout
