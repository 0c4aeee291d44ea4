"""How sharply the loss bends: the Hessian of the training loss, and its largest eigenvalue.

A symmetric matrix is first brought to tridiagonal form: `largest_eigenvalue` does that by
Householder's reflections, exactly, `lanczos` step by step until it no longer matters. Bisection
then finds the largest eigenvalue of that form. (Golub and Van Loan, "Matrix Computations", 4th
edition, 8.3, 8.4 and 10.1.) "Largest" is meant algebraically: -1 is larger than -2.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from ..compiler.python import Python, assemble, function, listed, loop
from ..compiler.symbol import Symbol, as_place
from ..compiler.writer import Part
from ..engine.graph import gradients
from ..engine.value import Value
from ..nn.datasets import pairs_of
from ..nn.losses import squared_error
from ..nn.mlp import dot
from ..nn.module import Module
from .plan import Objective
from .tracing import Traced, cached

Vector = list[float]

DENSE = 100  # up to this many parameters the whole Hessian is computed

# `lanczos` stops after PATIENCE steps in a row that change the eigenvalue by less than TOLERANCE of
# it. That does not bound the error, but on spectra without a gap the error was below 1e-8.
TOLERANCE, PATIENCE = 1e-11, 4

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
    objective = Objective(model, pairs_of(xs, ys), loss, reduction)
    return sharpness_at(objective, [p.data for p in objective.parameters])


def sharpness_at(objective: Objective, parameters: Sequence[float]) -> float:
    """Return the `sharpness` at these parameters, whatever the model's own are now."""
    product, axes = product_of(objective), range(len(parameters))
    if len(axes) > DENSE:
        return lanczos(lambda direction: product(parameters, direction), len(axes))
    return largest_eigenvalue([product(parameters, [float(i == k) for i in axes]) for k in axes])


def product_of(objective: Objective) -> Callable[[Sequence[float], Vector], Vector]:
    """Return a function of parameters and a vector: the Hessian there times the vector.

    It is generated Python, and takes a few times as long as a gradient (Pearlmutter, 1994, "Fast
    Exact Multiplication by the Hessian").
    """
    generated, batch = cached(objective, "curvature", _generated)
    share = 1.0 / len(batch) if objective.reduction == "mean" else 1.0

    def product(parameters: Sequence[float], direction: Vector) -> Vector:
        try:
            return [share * x for x in generated(parameters, direction, batch)]
        except (ArithmeticError, ValueError) as error:
            raise ArithmeticError(f"the loss has no Hessian here: {error}") from error

    return product


def _generated(traced: Traced) -> Any:
    """Return the product for the sum of losses."""
    direction, products = record_product(traced)
    writer = Python(traced.record, RESERVED)
    names = writer.inputs()
    sums = [writer.name(f"h_{x}") for x in traced.names]
    body = Part("", "v", products)
    writer.write(names, body)
    sample = [*body.lines, *(f"{total} += {x}" for total, x in zip(sums, body.expressions))]
    lines = [
        f"{listed([names[k] for k in traced.data])} = parameters",
        f"{listed([names[k] for k in direction])} = direction",
        f"{' = '.join(sums)} = 0.0",
        *loop([names[k] for k in (*traced.xs, *traced.ys)], "batch", sample),
        f"return {listed(sums)}",
    ]
    source = function("product", RESERVED[1:], lines)
    return assemble(source, "product", writer.namespace)


def record_product(traced: Traced) -> tuple[list[int], list[int]]:
    """Record the product of the Hessian of one sample's loss with a vector, behind the loss.

    The gradient is replayed over Values that hold its symbols. Return the places of the vector, and
    of the product.
    """
    record = traced.record
    gradient = [as_place(record, x) for x in gradients(traced.loss, traced.parameters)]
    inputs = {place: Value(Symbol(record, place)) for place in record.inputs}
    places = [*record.kept, *gradient]
    record.kept.clear()  # what is replayed is kept anew
    replayed = record.replay([*inputs.values()], places)[-len(gradient) :]
    weights = [inputs[place] for place in traced.data]
    vector: list[Any] = [Symbol(record, record.input(f"d_{x}")) for x in traced.names]
    along: Any = dot(vector, replayed)
    bent = isinstance(along, Value)  # if it is not, the gradient is the same everywhere
    products = gradients(along, weights) if bent else [0.0] * len(weights)
    return [x.place for x in vector], [as_place(record, x) for x in products]


def largest_eigenvalue(matrix: Sequence[Sequence[float]]) -> float:
    """Return the largest eigenvalue of a symmetric matrix; NaN if a number in it is not finite.

    >>> largest_eigenvalue([[2.0, 1.0], [1.0, 2.0]])
    3.0
    """
    rest = [list(row) for row in matrix]
    if not all(math.isfinite(x) for row in rest for x in row):
        return math.nan
    diagonal, beside = Vector(), Vector()
    while rest:
        # Reflect the first column onto its first axis, and the rest of the matrix with it.
        column = rest[0][1:]
        diagonal.append(rest[0][0])
        rest = [row[1:] for row in rest[1:]]
        length = math.hypot(*column)
        beside.append(length)
        if length == 0.0:
            continue
        column[0] += math.copysign(length, column[0])
        size = math.hypot(*column)
        v = [x / size for x in column]
        p = [_dot(row, v) for row in rest]
        half = _dot(p, v)
        q = [2.0 * (y - half * x) for x, y in zip(v, p)]
        rest = [
            [a - x * qj - y * vj for a, vj, qj in zip(row, v, q)] for row, x, y in zip(rest, v, q)
        ]
    return _top(diagonal, beside)


def lanczos(product: Callable[[Vector], Vector], n: int) -> float:
    """Return the largest eigenvalue of a symmetric matrix of n rows, given by its products.

    product: returns the matrix times a list of n floats. After n products the result is exact, up
    to rounding; as a rule far fewer are enough.
    """
    from random import Random  # slow to import

    rng = Random(0)
    vectors: list[Vector] = []
    diagonal, beside, w = Vector(), Vector(), Vector()
    tops = [math.nan]
    for _ in range(n):
        if not w:  # at first, or where the matrix maps the space of the vectors onto itself
            w = _orthogonal([rng.gauss(0.0, 1.0) for _ in range(n)], vectors)
        length = math.hypot(*w) or 1.0
        v = [x / length for x in w]
        vectors.append(v)
        w = product(v)
        diagonal.append(_dot(v, w))
        if not math.isfinite(diagonal[-1]):
            return math.nan
        tops.append(_top(diagonal, beside))
        last = tops[-1 - PATIENCE :]
        if all(abs(b - a) <= TOLERANCE * abs(b) for a, b in zip(last, last[1:])):
            break
        w = _orthogonal(w, vectors)
        beside.append(math.hypot(*w))
        if not beside[-1] > 1e-13 * max(map(abs, diagonal)):
            beside[-1] = 0.0
            w = []
    return tops[-1]


def _orthogonal(w: Vector, vectors: Sequence[Vector]) -> Vector:
    """Return the part of a vector that is orthogonal to these vectors of length 1."""
    for v in (*vectors, *vectors):  # again, as the first time leaves rounding errors
        share = _dot(v, w)
        w = [x - share * y for x, y in zip(w, v)]
    return w


def _top(diagonal: Sequence[float], beside: Sequence[float]) -> float:
    """Return the largest eigenvalue of a tridiagonal matrix, from its diagonal and the one beside.

    A number x is above it where elimination of the matrix minus x meets only negative pivots.
    """
    scale = max(map(abs, (*diagonal, *beside)))  # the squares below are not to over- or underflow
    if scale == 0.0:
        return 0.0
    diagonal, beside = ([x / scale for x in row] for row in (diagonal, beside))
    beside = [0.0, *beside, 0.0]
    rows = [(a, b * b) for a, b in zip(diagonal, beside)]
    low = max(diagonal)
    reach = [abs(b) + abs(c) for b, c in zip(beside, beside[1:])]
    high = max(a + r for a, r in zip(diagonal, reach))  # by Gershgorin's circles
    least = 1e-16 * max(abs(low), abs(high))
    while high - low > least and low < (middle := (low + high) / 2) < high:
        pivot = 1.0
        for a, square in rows:
            pivot = a - middle - square / pivot
            if pivot >= 0.0:
                low = middle
                break
        else:
            high = middle
    return high * scale


def _dot(v: Sequence[float], w: Sequence[float]) -> float:
    total = 0.0
    for x, y in zip(v, w):
        total += x * y
    return total
