"""The operations of one number and of several, each with its slopes: a table of derivatives.

All else is derived from an entry: the method of `Value`, recording, generated code. A slope is a
function of the result `y` and of the operands, whatever these are, so that slopes have slopes, too:
it is written with operators and functions of this module. Constants in it are ints, which leave a
Fraction exact. Jumps and kinks are in `piecewise`, division and powers in `operators`.
"""

from __future__ import annotations

import functools
import math
import operator
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..errors import as_list
from .number import operand
from .operators import ieee_power, ratio
from .piecewise import detach, maximum, minimum, where
from .primitive import Primitive, Slope, dispatcher, primitive

if TYPE_CHECKING:
    from .protocols import Elementary

__all__ = ["exp", "expm1", "log", "log1p", "log2", "log10", "softmax", "softplus", "sqrt"]
__all__ += ["acos", "asin", "atan", "atan2", "cos", "sin", "tan"]
__all__ += ["acosh", "asinh", "atanh", "cosh", "erf", "erfc", "sigmoid", "sinh", "tanh"]


def elementary(
    name: str, slope: Slope, words: str, at: float = 0.0, takes: str = "", **options: Any
) -> Elementary:
    """Return the operation that `math` has under this name.

    words: what it returns; at: the operand of its example; the rest is for `primitive`.
    """
    in_math = getattr(math, name)

    def function(x: float) -> float:
        return in_math(x)  # type: ignore[no-any-return]

    errors = " Raises `OverflowError` where that is too large for a float."
    if takes or "raises" in options:
        errors = f" Raises `DomainError` unless x is {takes}." if takes else ""
    function.__doc__ = f"Return {words}.{errors}\n\n    >>> {name}({at})\n    {in_math(at)}\n    "
    function.__name__ = function.__qualname__ = name
    options = {"python": name, "c": name, "javascript": f"Math.{name}"} | options
    entry = Primitive(name, in_math, (slope,), takes=takes, **options)
    return dispatcher(entry, function)  # type: ignore[no-any-return]


ABOVE_0, FINITE, UP_TO_1 = "a number above 0", "a finite number", "a number from -1 to 1"

exp = elementary("exp", lambda y, x: y, "e to the power of x")
expm1 = elementary("expm1", lambda y, x: exp(x), "exp(x) - 1, accurate for small x", 1e-20)
log = elementary("log", lambda y, x: ratio(1, x), "the natural logarithm of x", 1.0, ABOVE_0)
log1p = elementary(
    "log1p",
    lambda y, x: ratio(1, 1 + x),
    "log(1 + x), accurate for small x",
    1e-20,
    "a number above -1",
)
log2 = elementary(
    "log2", lambda y, x: ratio(1 / math.log(2), x), "the logarithm of x to base 2", 8.0, ABOVE_0
)
log10 = elementary(
    "log10", lambda y, x: ratio(1 / math.log(10), x), "the logarithm of x to base 10", 1e3, ABOVE_0
)
sqrt = elementary(
    "sqrt",
    lambda y, x: 0.5 * ieee_power(y, -1),
    "the square root of x; its slope at 0 is inf",
    9.0,
    "a number of at least 0",
)
sin: Elementary = elementary("sin", lambda y, x: cos(x), "the sine of x radians", takes=FINITE)
cos: Elementary = elementary("cos", lambda y, x: -sin(x), "the cosine of x radians", takes=FINITE)
tan = elementary("tan", lambda y, x: 1 + y * y, "the tangent of x radians", takes=FINITE)
asin = elementary(
    "asin",
    lambda y, x: ratio(1, sqrt((1 - x) * (1 + x))),
    "the arcsine of x, in radians; its slope at -1 and 1 is inf",
    takes=UP_TO_1,
)
acos = elementary(
    "acos",
    lambda y, x: -ratio(1, sqrt((1 - x) * (1 + x))),
    "the arccosine of x, in radians; its slope at -1 and 1 is -inf",
    1.0,
    UP_TO_1,
)
atan = elementary(
    "atan", lambda y, x: ratio(1, 1 + x * x), "the arctangent of x, in radians", raises=False
)
sinh: Elementary = elementary("sinh", lambda y, x: cosh(x), "the hyperbolic sine of x")
cosh: Elementary = elementary("cosh", lambda y, x: sinh(x), "the hyperbolic cosine of x")
tanh = elementary("tanh", lambda y, x: 1 - y * y, "the hyperbolic tangent of x", raises=False)


def _scaled(a: Any, b: Any) -> tuple[Any, Any, Any]:
    """Return a / scale, b / scale and a scale near their size: the first two can be squared.

    The scale counts as a constant: what is computed from the three does not depend on it.
    """
    scale = detach(minimum(abs(a) + abs(b) + sys.float_info.min, sys.float_info.max))
    return ratio(a, scale), ratio(b, scale), scale


def _slope_of_asinh(y: Any, x: Any) -> Any:
    a, one, _ = _scaled(x, 1)
    return ratio(one, sqrt(a * a + one * one))  # 1 / sqrt(x * x + 1)


asinh = elementary("asinh", _slope_of_asinh, "the inverse of `sinh`", raises=False)
acosh = elementary(
    "acosh",
    lambda y, x: ratio(1, sqrt(x - 1) * sqrt(x + 1)),
    "the inverse of `cosh`; its slope at 1 is inf",
    1.0,
    takes="a number of at least 1",
)
atanh = elementary(
    "atanh",
    lambda y, x: ratio(1, (1 - x) * (1 + x)),
    "the inverse of `tanh`",
    takes="a number between -1 and 1",
)
erf = elementary(
    "erf",
    lambda y, x: 2 / math.sqrt(math.pi) * exp(-(x * x)),
    "the error function; the normal distribution function is ``(1 + erf(x / sqrt(2))) / 2``",
    raises=False,
    javascript="erf",
)
erfc = elementary(
    "erfc",
    lambda y, x: -2 / math.sqrt(math.pi) * exp(-(x * x)),
    "1 - erf(x), accurate for large x",
    raises=False,
    javascript="erfc",
)


def _slope_of_sigmoid(y: Any, x: Any) -> Any:
    return y * sigmoid(-x)  # y * (1 - y), without the cancellation where y is near 1


@primitive(
    slopes=_slope_of_sigmoid,
    raises=False,
    python="(e_ := exp({0})) / (1.0 + e_) if {0} < 0.0 else 1.0 / (1.0 + exp(-{0}))",
    c="logistic",
    javascript="sigmoid",
)
def sigmoid(x: float) -> float:
    """Return the logistic function 1 / (1 + exp(-x)), between 0 and 1, for an x of any size.

    >>> sigmoid(0.0), sigmoid(-1000.0)
    (0.5, 0.0)
    """
    e = math.exp(-abs(x))  # never above 1, so it can't overflow
    return (e if x < 0 else 1.0) / (1.0 + e)


@primitive(
    slopes=lambda y, x: sigmoid(x),
    raises=False,
    python="({0} if {0} > 0.0 else 0.0) + log1p(exp(-abs({0})))",
    c="log1p_of_exp",
    javascript="Math.max({0}, 0.0) + Math.log1p(Math.exp(-Math.abs({0})))",
)
def softplus(x: float) -> float:
    """Return log(1 + exp(x)), a smooth `relu`, for an x of any size.

    >>> softplus(1000.0)
    1000.0
    """
    return (x if x > 0 else 0.0) + math.log1p(math.exp(-abs(x)))


def _share_of_turn(a: Any, b: Any) -> Any:
    """Return a / (a * a + b * b), and 0 at (0, 0)."""
    a, b, scale = _scaled(a, b)
    square = a * a + b * b
    return where(square <= 0, 0, ratio(ratio(a, square), scale))


@primitive(
    slopes=(lambda angle, y, x: _share_of_turn(x, y), lambda angle, y, x: -_share_of_turn(y, x)),
    raises=False,
    python="atan2",
    c="atan2",
    javascript="Math.atan2",
)
def atan2(y: float, x: float) -> float:
    """Return the angle of the point (x, y) to the x axis, in radians; its slopes at (0, 0) are 0.

    >>> atan2(0.0, 1.0)
    0.0
    """
    return math.atan2(y, x)


def softmax(xs: Sequence[Any]) -> list[Any]:
    """Return the list of ``exp(x) / sum(exp(x) for x in xs)``, for numbers or Values of any size.

    Raises `ValueError` for an empty list. For a classifier's loss, `cross_entropy` is more exact.

    >>> softmax([0.0, 0.0])
    [0.5, 0.5]
    >>> softmax([1000.0, 0.0])
    [1.0, 0.0]
    """
    listed = [operand("softmax", x) for x in as_list("xs", xs)]
    if not listed:
        raise ValueError("softmax expects at least one number, got none")
    top = detach(functools.reduce(maximum, listed))  # a constant: the result is the same for any
    powers = [exp(x - top) for x in listed]
    total = functools.reduce(operator.add, powers)
    return [x / total for x in powers]
