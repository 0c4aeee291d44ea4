"""gradcheck: the gradients of `backward` against central differences."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from ..errors import GradcheckError, describe, expect
from .graph import gradients
from .number import number, positive
from .tree import flatten, paths, unflatten
from .value import Value


def gradcheck(
    f: Callable[..., float | Value],
    inputs: Sequence[Any],
    *,
    eps: float = 1e-6,
    rtol: float = 1e-4,
    atol: float = 1e-6,
) -> bool:
    """Return True if the gradient of `f` at `inputs` equals its central differences.

    `f` takes one argument for each input and returns a Value; for a function of one list x, the
    inputs are ``[x]``. Inputs are any nestings of numbers, as for `grad`. A number becomes a Value;
    a Value, such as a model's parameter, is passed as it is. A number x moves by
    ``eps * max(1, |x|)`` to either side and is put back.

    The two derivatives may differ by ``atol + rtol * |difference|`` and the rounding error of the
    difference. Raises `GradcheckError`, which names the worst mismatch, if they differ by more, as
    they do at a kink, or if either is not finite.

    >>> gradcheck(lambda a, b: a * b + a.sin(), [0.5, 2.0])
    True
    >>> gradcheck(lambda a: a.relu(), [0.0])  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    microtrain.errors.GradcheckError: by inputs[0] = 0.0: backward gives 0.0, differences 0.5 ...
    """
    expect(callable(f), "f", "a function", f)
    positive("eps", eps)
    positive("rtol", rtol, zero=True)
    positive("atol", atol, zero=True)
    what = "a list with one input for each argument (for a function of one list x, [x])"
    expect(isinstance(inputs, list | tuple), "inputs", what, inputs)
    given: list[Any] = []
    shape = flatten(inputs, given, "inputs")
    leaves = [x if isinstance(x, Value) else Value(number("inputs", x)) for x in given]
    arguments = unflatten(shape, iter(leaves))

    def evaluate() -> Value:
        try:
            result: object = f(*arguments)
        except TypeError as error:
            error.add_note("inputs has one for each argument: for a function of one list x, [x]")
            raise
        if not isinstance(result, Value):
            raise TypeError(f"f is expected to return a Value, got {describe(result)}")
        return result

    worst, complaint = 1.0, ""
    found = gradients(evaluate(), leaves)
    for name, leaf, gradient in zip(paths(shape, "inputs"), leaves, found):
        x = leaf.data
        h = eps * max(1.0, abs(x))
        try:
            leaf.data = x + h
            up = evaluate().data
            leaf.data = x - h
            down = evaluate().data
        except ArithmeticError as error:
            error.add_note(f"{name} = {x} was moved by {h:.3g}: a smaller eps moves it less")
            raise
        finally:
            leaf.data = x
        if x + h == x - h:
            raise ValueError(f"eps expects a number large enough to move {name}, got {eps}")
        difference = (up - down) / ((x + h) - (x - h))
        rounding = 1e-15 * max(abs(up), abs(down)) / h
        excess = abs(gradient - difference) / (atol + rtol * abs(difference) + rounding)
        if not excess <= worst:  # a NaN is worse than any number
            worst = math.inf if math.isnan(excess) else excess
            complaint = f"by {name} = {x}: backward gives {gradient}, differences {difference}"
            complaint += f" (eps moves it by {h:.3g})"
    if complaint:
        raise GradcheckError(complaint)
    return True
