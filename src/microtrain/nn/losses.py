"""How wrong a prediction is: the losses of one sample, and the squared error of a batch.

A loss takes the model's prediction for a sample, a Value or a list of them, and its target, and
returns a Value. A loss of your own has the same form.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Sequence
from typing import Any

from ..engine.methods import number_in
from ..engine.number import Number, as_number
from ..engine.operators import ratio
from ..engine.piecewise import maximum, relu, where
from ..engine.primitives import exp, log1p
from ..engine.value import Value, node
from ..errors import as_list, describe, expect, one_of

REDUCTIONS = ("sum", "mean")
Loss = Callable[[Any, Any], Value]


def squared_error(prediction: Any, target: Any) -> Value:
    """Return ``(prediction - target)**2``, summed over the outputs in their order.

    prediction: a Value, or a list of n; target: a number, or a list of n. Raises `ValueError` if
    there are not as many targets as outputs.

    >>> squared_error(Value(3.0), 1.0).data
    4.0
    >>> squared_error([Value(3.0), Value(0.0)], [1.0, 1.0]).data
    5.0
    """
    if type(target) is float and isinstance(prediction, Value):
        return (prediction - target) ** 2
    outputs = _outputs(prediction)
    targets = one_per_output(target, len(outputs))
    loss: Value = _sum([(p - t) ** 2 for p, t in zip(outputs, targets)])
    return loss


def hinge(prediction: Any, target: float) -> Value:
    """Return ``max(0, 1 - target * prediction)``: 0 once the sign is right by a margin of 1.

    prediction: a Value; target: 1 or -1. Raises `ValueError` for any other target.

    >>> hinge(Value(0.25), -1.0).data
    1.25
    """
    outputs = _outputs(prediction)
    (sign,) = plus_or_minus_one(target, len(outputs))
    margin: Value = 1 - outputs[0] * sign
    return relu(margin)


def cross_entropy(prediction: Sequence[Value], target: Any) -> Value:
    """Return ``-log(softmax(prediction)[target])``, in nats, as one node; for logits of any size.

    prediction: a list of n >= 2 logits; target: a class index from 0 to n - 1, or the list of n
    that is 1 there and 0 elsewhere. Raises `ValueError` for any other target.

    >>> cross_entropy([Value(0.0), Value(0.0)], 1).data
    0.6931471805599453
    """
    logits = _outputs(prediction)
    ys = one_hot(target, len(logits))
    zs = [number_in("prediction", z) for z in logits]
    # With d = z - z[target], the loss is log(sum(exp(d))). The target's own term in that sum is 1:
    # keeping it apart from the rest leaves nothing to cancel, in the loss and in its partials.
    picked = _sum([where(y > 0, z, 0.0) for y, z in zip(ys, zs)])  # not y * z: 0.0 * inf is NaN
    ds = [z - picked for z in zs]
    top = functools.reduce(maximum, ds)
    others = [(1 - y) * exp(d - top) for y, d in zip(ys, ds)]
    rest = _sum(others)
    own = exp(-top)
    loss = top + log1p(rest + (own - 1))
    total = own + rest
    partials = [ratio(other - y * rest, total) for y, other in zip(ys, others)]
    recorded = [(z, d) for z, d in zip(logits, partials) if isinstance(z, Value)]
    return node(loss, "cross_entropy", tuple(z for z, _ in recorded), tuple(d for _, d in recorded))


def mse_loss(predictions: Sequence[Any], targets: Sequence[Any], reduction: str = "sum") -> Value:
    """Return the sum of the `squared_error` of each sample of a batch, or its mean.

    predictions: n >= 1 Values, or lists of them; targets: n numbers, or lists of them; reduction:
    "sum", or "mean", which is the sum divided by n. Raises `ValueError` if the lengths differ.

    >>> mse_loss([Value(3.0), Value(1.0)], [1.0, 0.0]).data
    5.0
    >>> mse_loss([Value(3.0), Value(1.0)], [1.0, 0.0], reduction="mean").data
    2.5
    """
    one_of("reduction", reduction, REDUCTIONS)
    several = "a list, as it is the loss of a batch (that of one sample is squared_error)"
    predictions = as_list("predictions", predictions, several)
    targets = as_list("targets", targets, several)
    if len(predictions) != len(targets) or not len(predictions):
        got = f"got {len(predictions)} predictions and {len(targets)} targets"
        raise ValueError(f"mse_loss expects as many of both, and at least one; {got}")
    total: Value = _sum([squared_error(p, t) for p, t in zip(predictions, targets)])
    return total if reduction == "sum" else total / len(predictions)


def one_per_output(target: Any, n_out: int) -> list[Any]:
    """Return the target as a list with one number for each output."""
    targets = _listed("target", target, "a number for each output")
    if len(targets) != n_out:
        expected = f"one number for each of {n_out} outputs of the prediction"
        raise ValueError(f"target expects {expected}, got {len(targets)}")
    numbers = [as_number(t) for t in targets]
    for t, number in zip(targets, numbers):
        expect(number is not NotImplemented, "target", "numbers", t)
    return numbers


def plus_or_minus_one(target: Any, n_out: int) -> list[Any]:
    """Return the target as a list of one number, which is 1 or -1."""
    if n_out != 1:
        raise ValueError(f"hinge expects one output, got {n_out}")
    (sign,) = one_per_output(target, 1)
    if not isinstance(sign, Number) and abs(sign) != 1:
        raise ValueError(f"hinge expects targets of 1 or -1, got {describe(target)}")
    return [sign]


def one_hot(target: Any, n_out: int) -> list[float]:
    """Return a class index as a list of n_out numbers, 1 at the index and 0 elsewhere."""
    if n_out < 2:
        raise ValueError(f"cross_entropy expects a list of at least 2 logits, got {n_out}")
    index = as_number(target)
    if index is NotImplemented:
        ys = one_per_output(target, n_out)
        if any(isinstance(y, Number) for y in ys) or sorted(ys) == [0.0] * (n_out - 1) + [1.0]:
            return ys
    elif index in range(n_out):
        return [1.0 if i == index else 0.0 for i in range(n_out)]
    expected = f"a class index from 0 to {n_out - 1}"
    raise ValueError(f"cross_entropy expects {expected}, got {describe(target)}")


# What the targets of each loss are. A class has an output of its own.
TAKES: dict[Loss, str] = {squared_error: "numbers", hinge: "sign", cross_entropy: "class"}
BY_NAME = {loss.__name__: loss for loss in TAKES}

# For each of these, a function of a target and the number of outputs. It returns the numbers that
# the loss computes with, or raises a ValueError or TypeError.
ENCODE = {"numbers": one_per_output, "sign": plus_or_minus_one, "class": one_hot}


def takes(loss: Loss) -> str | None:
    """Return what the targets of a loss are, None for one that is not of this module."""
    return next((what for known, what in TAKES.items() if known is loss), None)


def encode_target(loss: Loss, target: Any, n_out: int) -> Any:
    """Return a target as a float, or a list of floats, one for each of several outputs.

    For a loss that is not of this module it is returned as it is.
    """
    if (what := takes(loss)) is None:
        return target
    numbers = [float(y) for y in ENCODE[what](target, n_out)]
    return numbers if len(numbers) > 1 else numbers[0]


def _outputs(prediction: Any) -> list[Any]:
    """Return a prediction as the list of its outputs: Values, or numbers."""
    if isinstance(prediction, Value):
        return [prediction]
    outputs = _listed("prediction", prediction, "a Value or a list of them")
    for output in outputs:
        number_in("prediction", output)
    return outputs


def _listed(name: str, x: Any, what: str) -> list[Any]:
    """Return a number as a list of it alone, anything else as the list that it is."""
    return as_list(name, x, what) if as_number(x) is NotImplemented else [x]


def _sum(terms: Sequence[Any]) -> Any:
    """Return the terms added from left to right. (Over floats, the built-in `sum` compensates.)"""
    return functools.reduce(operator.add, terms)
