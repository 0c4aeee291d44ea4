"""Operations with jumps and kinks: steps, and choices between operands."""

from __future__ import annotations

import math
from typing import Any

from ..errors import expect
from .number import as_condition, number, operand
from .primitive import Primitive, primitive

__all__ = ["ceil", "clip", "detach", "floor", "maximum", "minimum", "relu", "sign", "where"]

EXACT: Any = {"exact": True, "raises": False}


def choice(condition: str, a: str, b: str) -> Any:
    """Return how the languages write a where the condition holds, else b."""
    text = f"{condition.replace(' or ', ' || ')} ? {a} : {b}"
    return {"python": f"{a} if {condition} else {b}", "c": text, "javascript": text}


def rounding(name: str) -> Any:
    """Return how the languages round to a whole number, which is never -0.0."""
    text = f"{name}({{0}}) + 0.0"
    python = f"{text} if isfinite({{0}}) else {{0}}"
    return {"python": python, "c": text, "javascript": f"Math.{text}"}


@primitive(
    slopes=None,
    **EXACT,
    python="1.0 if {0} > 0.0 else -1.0 if {0} < 0.0 else 0.0",
    c="(double)({0} > 0.0) - ({0} < 0.0)",
    javascript="{0} > 0.0 ? 1.0 : {0} < 0.0 ? -1.0 : 0.0",
)
def sign(x: float) -> float:
    """Return 1 where x is above 0, -1 where it is below, else 0 (for NaN, too).

    >>> sign(-2.5), sign(0.0)
    (-1.0, 0.0)
    """
    return type(x)((x > 0) - (x < 0))


@primitive(slopes=None, **EXACT, **choice("{0} <= 0.0", "0.0", "1.0"))
def heaviside(x: float) -> float:
    """Return 1 where x is positive, else 0: the slope of `relu`."""
    return type(x)(0 if x <= 0 else 1)


@primitive(slopes=None, **EXACT, **rounding("floor"))
def floor(x: float) -> float:
    """Return the largest whole number that is at most x; its slope is taken as 0 everywhere.

    >>> floor(2.5), floor(-2.5)
    (2.0, -3.0)
    """
    return type(x)(math.floor(x)) if x - x == 0 else x


@primitive(slopes=None, **EXACT, **rounding("ceil"))
def ceil(x: float) -> float:
    """Return the smallest whole number that is at least x; its slope is taken as 0 everywhere.

    >>> ceil(2.5), ceil(-2.5)
    (3.0, -2.0)
    """
    return type(x)(math.ceil(x)) if x - x == 0 else x


@primitive(slopes=None, **EXACT, python="{0}", c="{0}", javascript="{0}")
def detach(x: float) -> float:
    """Return x as a constant: nothing is differentiated by what it was computed from.

    A Value becomes its number. In compiled code and in higher derivatives it is a constant, too.

    >>> import microtrain as mt
    >>> mt.grad(lambda x: detach(x) * x)(3.0)
    3.0
    """
    return x


def where(condition: Any, a: Any, b: Any) -> Any:
    """Return a where the condition holds, else b, for numbers and Values.

    condition: a comparison, such as ``x > 0``, or several, joined by ``&`` and ``|``. Both a and b
    are computed, and may raise, whichever is taken. The gradient of the other is 0, or NaN where a
    slope of it is infinite: there, give it safe operands. Raises `TypeError` for a condition that
    is no comparison.

    >>> import microtrain as mt
    >>> leaky = mt.compile(lambda x: where(x > 0, x, 0.1 * x))
    >>> leaky.value_and_grad(2.0), leaky.value_and_grad(-2.0)
    ((2.0, 1.0), (-0.2, 0.1))
    """
    if type(condition) is bool:
        if type(a) is type(b) is float or type(a) is type(b) is int:
            return a if condition else b
    elif not getattr(condition, "is_condition", False):
        condition = as_condition(condition)
        expect(type(condition) is bool, "where", "a comparison, such as x > 0", condition)
    return WHERE.perform((condition, a, b))


WHERE = Primitive(
    "where",
    lambda condition, a, b: a if condition else b,
    (None, lambda y, c, a, b: where(c, 1, 0), lambda y, c, a, b: where(c, 0, 1)),
    call=where,
    **EXACT,
    **choice("{0}", "{1}", "{2}"),
)


@primitive(
    slopes=(lambda y, a, b: (1 + sign(a - b)) / 2, lambda y, a, b: (1 - sign(a - b)) / 2),
    **EXACT,
    **choice("{0} >= {1} or {0} != {0}", "{0}", "{1}"),
)
def maximum(a: float, b: float) -> float:
    """Return the larger of two numbers, NaN if either is; where they are equal, slopes are 1/2.

    >>> maximum(2.0, 3.0)
    3.0
    """
    return a if a >= b or a != a else b


@primitive(
    slopes=(lambda y, a, b: (1 - sign(a - b)) / 2, lambda y, a, b: (1 + sign(a - b)) / 2),
    **EXACT,
    **choice("{0} <= {1} or {0} != {0}", "{0}", "{1}"),
)
def minimum(a: float, b: float) -> float:
    """Return the smaller of two numbers, NaN if either is; where they are equal, slopes are 1/2.

    >>> minimum(2.0, 3.0)
    2.0
    """
    return a if a <= b or a != a else b


def clip(x: Any, low: Any, high: Any) -> Any:
    """Return x, or `low` where x is below it, or `high` where x is above it.

    At the bounds themselves the slope by x is 1.

    >>> clip(3.0, 0.0, 1.0), clip(0.5, 0.0, 1.0)
    (1.0, 0.5)
    """
    x, low, high = operands = [operand("clip", v) for v in (x, low, high)]
    if {*map(type, operands)} == {int, float}:  # an int too large for a float is one of clip
        x, low, high = [number("clip", v) for v in operands]
    return where(x < low, low, where(x > high, high, x))


@primitive(slopes=lambda y, x: heaviside(x), **EXACT, **choice("{0} <= 0.0", "0.0", "{0}"))
def relu(x: float) -> float:
    """Return x where it is positive, else 0; the slope at 0 is taken as 0.

    >>> relu(-2.0), relu(3.0)
    (0.0, 3.0)
    """
    return type(x)(0) if x <= 0 else x
