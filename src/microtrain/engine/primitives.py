"""The operations: each once, with its value, its slopes, what it takes, and how it is written.

A slope is a function of the result `y` and of the operands. It is computed over whatever the
operands are, so that slopes have slopes too: it is written with operators and with functions of
this module. Constants in it are ints, which leave a Fraction exact.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from typing import Any

from ..errors import DomainError, as_list, describe
from .number import Operand, as_condition, of_one_kind, operand
from .primitive import Primitive, primitive

# Operators. Values and symbols take them by methods of their own.


def _shown(x: Any) -> str:
    """Return an operand as error messages show it: as a float, even if it is an int or a Value."""
    x = getattr(x, "data", x)
    return f"{x}.0" if type(x) is int else repr(x)


def divide(a: Any, b: Any) -> Any:
    """Return a / b. Raises `ZeroDivisionError`, naming both, where b is 0."""
    try:
        return a / b
    except ZeroDivisionError:
        raise ZeroDivisionError(f"{_shown(a)} / {_shown(b)}: division by zero") from None


def _plain_power(x: Any, n: Any) -> Any:
    y = x**n
    if type(y) is complex:
        raise DomainError(f"{x!r} ** {n!r} is undefined: it is not a real number")
    return y


def power(x: Any, n: Any) -> Any:
    """Return x ** n.

    Raises `DomainError` where that is no real number, and Python's own `ZeroDivisionError` (zero to
    a negative power) and `OverflowError`. ``x ** 2`` is ``x * x``: C's `pow` differs from it in the
    last bit for about one number in a thousand.
    """
    if type(n) in (int, float) and n == 2:
        return x * x
    if isinstance(x, Operand) or isinstance(n, Operand):
        return POWER.perform((x, n))
    try:
        y = x**n
    except ZeroDivisionError:
        raise ZeroDivisionError(f"{_shown(x)} ** {_shown(n)}: zero to a negative power") from None
    except OverflowError:
        raise OverflowError(f"{_shown(x)} ** {_shown(n)} is too large for a float") from None
    if type(y) is complex:
        raise DomainError(f"{_shown(x)} ** {_shown(n)} is undefined: it is not a real number")
    return y


def log_base(base: Any, exponent: Any) -> Any:
    """Return the logarithm of the base of a power whose exponent is a Value: it must be above 0."""
    if isinstance(base, Operand) or isinstance(exponent, Operand):
        return LOG_BASE.perform((base, exponent))
    try:
        return log(base)
    except DomainError:
        raise DomainError(
            f"{_shown(base)} ** {_shown(exponent)} is undefined: a power with a Value as its "
            "exponent takes a base above 0"
        ) from None


def _written_power(x: str, n: str) -> str:
    """Return how Python writes a power: with a whole, constant exponent it is never complex."""
    try:
        return "**" if float(n).is_integer() else ""
    except ValueError:  # it is no constant
        return ""


ADD = Primitive("+", operator.add, raises=False, python="+")
SUBTRACT = Primitive("-", operator.sub, raises=False, python="-")
MULTIPLY = Primitive("*", operator.mul, raises=False, python="*")
DIVIDE = Primitive("/", divide, python="/")
NEGATE = Primitive("neg", operator.neg, raises=False, python="-")
ABSOLUTE = Primitive("abs", abs, raises=False, python="abs")
POWER = Primitive("power", operator.pow, call=power, python=_written_power)
PLAIN_POWER = Primitive("plain_power", _plain_power, python=_written_power)  # Python's own
LOG_BASE = Primitive(
    "log_base", log_base, (lambda y, base, exponent: ratio(1, base), None), python="log({0})"
)
LESS = Primitive("<", operator.lt, raises=False, python="<")
LESS_EQUAL = Primitive("<=", operator.le, raises=False, python="<=")
GREATER = Primitive(">", operator.gt, raises=False, python=">")
GREATER_EQUAL = Primitive(">=", operator.ge, raises=False, python=">=")
AND = Primitive("&", operator.and_, raises=False, python="&")
OR = Primitive("|", operator.or_, raises=False, python="|")


# Steps and choices: they vary with no operand, or only with the one that they pick.


@primitive(
    slopes=None, exact=True, raises=False, python="1.0 if {0} > 0.0 else -1.0 if {0} < 0.0 else 0.0"
)
def sign(x: float) -> float:
    """Return 1 where x is above 0, -1 where it is below, else 0 (for NaN, too).

    >>> sign(-2.5), sign(0.0)
    (-1.0, 0.0)
    """
    return type(x)((x > 0) - (x < 0))


@primitive(slopes=None, exact=True, raises=False, python="0.0 if {0} <= 0.0 else 1.0")
def heaviside(x: float) -> float:
    """Return 1 where x is positive, else 0: the slope of `relu`."""
    return type(x)(0 if x <= 0 else 1)


@primitive(
    slopes=None, exact=True, raises=False, python="floor({0}) + 0.0 if isfinite({0}) else {0}"
)
def floor(x: float) -> float:
    """Return the largest whole number that is at most x; its slope is taken as 0 everywhere.

    >>> floor(2.5), floor(-2.5)
    (2.0, -3.0)
    """
    return type(x)(math.floor(x)) if x - x == 0 else x


@primitive(
    slopes=None, exact=True, raises=False, python="ceil({0}) + 0.0 if isfinite({0}) else {0}"
)
def ceil(x: float) -> float:
    """Return the smallest whole number that is at least x; its slope is taken as 0 everywhere.

    >>> ceil(2.5), ceil(-2.5)
    (3.0, -2.0)
    """
    return type(x)(math.ceil(x)) if x - x == 0 else x


@primitive(slopes=None, exact=True, raises=False, python="{0}")
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
        if type(a) is float and type(b) is float:
            return a if condition else b
    elif not getattr(condition, "is_condition", False):
        condition = as_condition(condition)
        if type(condition) is not bool:
            raise TypeError(f"where expects a comparison, such as x > 0, got {describe(condition)}")
    return WHERE.perform((condition, a, b))


WHERE = Primitive(
    "where",
    lambda condition, a, b: a if condition else b,
    (None, lambda y, c, a, b: where(c, 1, 0), lambda y, c, a, b: where(c, 0, 1)),
    call=where,
    exact=True,
    raises=False,
    python="{1} if {0} else {2}",
)


def _share_of_larger(y: Any, a: Any, b: Any) -> Any:
    return (1 + sign(a - b)) / 2


def _share_of_smaller(y: Any, a: Any, b: Any) -> Any:
    return (1 - sign(a - b)) / 2


@primitive(
    slopes=(_share_of_larger, _share_of_smaller),
    exact=True,
    raises=False,
    python="{0} if {0} >= {1} or {0} != {0} else {1}",
)
def maximum(a: float, b: float) -> float:
    """Return the larger of two numbers, NaN if either is; where they are equal, slopes are 1/2.

    >>> maximum(2.0, 3.0)
    3.0
    """
    return a if a >= b or a != a else b


@primitive(
    slopes=(_share_of_smaller, _share_of_larger),
    exact=True,
    raises=False,
    python="{0} if {0} <= {1} or {0} != {0} else {1}",
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
    x, low, high = of_one_kind("clip", [operand("clip", v) for v in (x, low, high)])
    return where(x < low, low, where(x > high, high, x))


@primitive(
    slopes=lambda y, x: heaviside(x), exact=True, raises=False, python="0.0 if {0} <= 0.0 else {0}"
)
def relu(x: float) -> float:
    """Return x where it is positive, else 0; the slope at 0 is taken as 0.

    >>> relu(-2.0), relu(3.0)
    (0.0, 3.0)
    """
    return type(x)(0) if x <= 0 else x


# What slopes divide and raise to powers by: these do not raise, but follow IEEE 754.


def ratio(a: Any, b: Any) -> Any:
    """Return a / b, which is infinite, or NaN for 0 / 0, where b is 0: for use in slopes.

    >>> ratio(1.0, 4.0), ratio(1.0, 0.0), ratio(1.0, -0.0)
    (0.25, inf, -inf)
    """
    if isinstance(a, Operand) or isinstance(b, Operand):
        return RATIO.perform((a, b))
    try:
        return a / b
    except TypeError:
        return operand("ratio", a) / operand("ratio", b)  # one of which says what is no number
    except ZeroDivisionError:
        return math.copysign(math.inf, a) * math.copysign(1.0, b) if a and a == a else math.nan


def ieee_power(x: Any, n: Any) -> Any:
    """Return x ** n, which is infinite or NaN where ``x ** n`` raises: for use in slopes.

    Where n is the constant 0, it is the plain number 1, whatever x is.

    >>> ieee_power(2.0, -1), ieee_power(0.0, -1), ieee_power(-1.0, 0.5)
    (0.5, inf, nan)
    """
    if type(x) is not float:
        x = operand("ieee_power", x)
    if type(n) in (int, float) and n in (0, 1, 2):
        return (1.0 if type(x) is float else 1) if n == 0 else x if n == 1 else x * x
    if isinstance(x, Operand) or isinstance(n, Operand):
        return IEEE_POWER.perform((x, n))
    n = operand("ieee_power", n)
    try:
        return 1 / x if n == -1 else power(x, n)
    except (ZeroDivisionError, OverflowError):
        return -math.inf if math.copysign(1.0, x) < 0 and n % 2 == 1 else math.inf
    except DomainError:
        return math.nan


def power_slope(x: Any, n: Any) -> Any:
    """Return the slope of x ** n by x, for an n that is constant: 0 where that is 0."""
    if type(n) in (float, int):
        return n * ieee_power(x, n - 1) if n != 0 else 0
    return where(abs(n) > 0, n * ieee_power(x, n - 1), abs(n))


@primitive(slopes=lambda y, x: ratio(1, x), raises=False)
def _ieee_log(x: float) -> float:
    """Return log(x), which is -inf at 0 and NaN below it."""
    return math.log(x) if x > 0 else -math.inf if x == 0 else math.nan


def _written_ieee_power(x: str, n: str) -> str:
    return "1.0 / {0}" if n == "-1.0" else _written_power(x, n)


RATIO = Primitive(
    "ratio",
    ratio,
    (lambda y, a, b: ratio(1, b), lambda y, a, b: ratio(-y, b)),
    raises=False,
    python="/",  # where that raises, the record is replayed
)
IEEE_POWER = Primitive(
    "ieee_power",
    ieee_power,
    (lambda y, x, n: n * ieee_power(x, n - 1), lambda y, x, n: y * _ieee_log(x)),
    raises=False,
    python=_written_ieee_power,
)


# Elementary functions.


@primitive(slopes=lambda y, x: y, python="exp")
def exp(x: float) -> float:
    """Return e to the power of x. Raises `OverflowError` above about 709.78.

    >>> exp(0.0)
    1.0
    """
    return math.exp(x)


@primitive(slopes=lambda y, x: exp(x), python="expm1")
def expm1(x: float) -> float:
    """Return exp(x) - 1, accurate for small x. Raises `OverflowError` above about 709.78.

    >>> expm1(1e-20)
    1e-20
    """
    return math.expm1(x)


@primitive(slopes=lambda y, x: ratio(1, x), takes="a number above 0", python="log")
def log(x: float) -> float:
    """Return the natural logarithm of x > 0. Raises `DomainError` elsewhere.

    >>> log(1.0)
    0.0
    """
    return math.log(x)


@primitive(slopes=lambda y, x: ratio(1, 1 + x), takes="a number above -1", python="log1p")
def log1p(x: float) -> float:
    """Return log(1 + x), accurate for small x. Raises `DomainError` unless x > -1.

    >>> log1p(1e-20)
    1e-20
    """
    return math.log1p(x)


@primitive(slopes=lambda y, x: ratio(1 / math.log(2), x), takes="a number above 0", python="log2")
def log2(x: float) -> float:
    """Return the logarithm of x > 0 to the base 2. Raises `DomainError` elsewhere.

    >>> log2(8.0)
    3.0
    """
    return math.log2(x)


@primitive(slopes=lambda y, x: ratio(1 / math.log(10), x), takes="a number above 0", python="log10")
def log10(x: float) -> float:
    """Return the logarithm of x > 0 to the base 10. Raises `DomainError` elsewhere.

    >>> log10(1000.0)
    3.0
    """
    return math.log10(x)


@primitive(
    slopes=lambda y, x: 0.5 * ieee_power(y, -1), takes="a number of at least 0", python="sqrt"
)
def sqrt(x: float) -> float:
    """Return the square root of x >= 0; its slope at 0 is inf. Raises `DomainError` elsewhere.

    >>> sqrt(9.0)
    3.0
    """
    return math.sqrt(x)


@primitive(
    slopes=(lambda y, a, b: ratio(a, y), lambda y, a, b: ratio(b, y)), raises=False, python="hypot"
)
def _hypot(a: float, b: float) -> float:
    return math.hypot(a, b)


def _cosine(y: Any, x: Any) -> Any:
    return cos(x)


@primitive(slopes=_cosine, takes="a finite number", python="sin")
def sin(x: float) -> float:
    """Return the sine of x radians.

    >>> sin(0.0)
    0.0
    """
    return math.sin(x)


@primitive(slopes=lambda y, x: -sin(x), takes="a finite number", python="cos")
def cos(x: float) -> float:
    """Return the cosine of x radians.

    >>> cos(0.0)
    1.0
    """
    return math.cos(x)


@primitive(slopes=lambda y, x: 1 + y * y, takes="a finite number", python="tan")
def tan(x: float) -> float:
    """Return the tangent of x radians.

    >>> tan(0.0)
    0.0
    """
    return math.tan(x)


@primitive(
    slopes=lambda y, x: ratio(1, sqrt((1 - x) * (1 + x))),
    takes="a number from -1 to 1",
    python="asin",
)
def asin(x: float) -> float:
    """Return the arcsine of x in radians; its slope at -1 and 1 is inf.

    Raises `DomainError` for an x below -1 or above 1.

    >>> asin(0.0)
    0.0
    """
    return math.asin(x)


@primitive(
    slopes=lambda y, x: -ratio(1, sqrt((1 - x) * (1 + x))),
    takes="a number from -1 to 1",
    python="acos",
)
def acos(x: float) -> float:
    """Return the arccosine of x in radians; its slope at -1 and 1 is -inf.

    Raises `DomainError` for an x below -1 or above 1.

    >>> acos(1.0)
    0.0
    """
    return math.acos(x)


@primitive(slopes=lambda y, x: ratio(1, 1 + x * x), raises=False, python="atan")
def atan(x: float) -> float:
    """Return the arctangent of x, in radians.

    >>> atan(0.0)
    0.0
    """
    return math.atan(x)


def _share_of_turn(a: Any, b: Any) -> Any:
    """Return a / (a * a + b * b), and 0 at (0, 0), with no overflow or underflow on the way."""
    r = _hypot(a, b)
    return where(r <= 0, 0, ratio(ratio(a, r), r))


@primitive(
    slopes=(lambda angle, y, x: _share_of_turn(x, y), lambda angle, y, x: -_share_of_turn(y, x)),
    raises=False,
    python="atan2",
)
def atan2(y: float, x: float) -> float:
    """Return the angle of the point (x, y) to the x axis, in radians; its slopes at (0, 0) are 0.

    >>> atan2(0.0, 1.0)
    0.0
    """
    return math.atan2(y, x)


def _hyperbolic_cosine(y: Any, x: Any) -> Any:
    return cosh(x)


@primitive(slopes=_hyperbolic_cosine, python="sinh")
def sinh(x: float) -> float:
    """Return the hyperbolic sine. Raises `OverflowError` where it is too large for a float.

    >>> sinh(0.0)
    0.0
    """
    return math.sinh(x)


@primitive(slopes=lambda y, x: sinh(x), python="cosh")
def cosh(x: float) -> float:
    """Return the hyperbolic cosine. Raises `OverflowError` where it is too large for a float.

    >>> cosh(0.0)
    1.0
    """
    return math.cosh(x)


@primitive(slopes=lambda y, x: 1 - y * y, raises=False, python="tanh")
def tanh(x: float) -> float:
    """Return the hyperbolic tangent of x, between -1 and 1.

    >>> tanh(0.0)
    0.0
    """
    return math.tanh(x)


@primitive(slopes=lambda y, x: ratio(1, _hypot(x, 1.0)), raises=False, python="asinh")
def asinh(x: float) -> float:
    """Return the inverse of `sinh`.

    >>> asinh(0.0)
    0.0
    """
    return math.asinh(x)


@primitive(
    slopes=lambda y, x: ratio(1, sqrt(x - 1) * sqrt(x + 1)),
    takes="a number of at least 1",
    python="acosh",
)
def acosh(x: float) -> float:
    """Return the inverse of `cosh`, for x >= 1; its slope at 1 is inf. Raises `DomainError` below.

    >>> acosh(1.0)
    0.0
    """
    return math.acosh(x)


@primitive(
    slopes=lambda y, x: ratio(1, (1 - x) * (1 + x)),
    takes="a number between -1 and 1",
    python="atanh",
)
def atanh(x: float) -> float:
    """Return the inverse of `tanh`, for -1 < x < 1. Raises `DomainError` elsewhere.

    >>> atanh(0.0)
    0.0
    """
    return math.atanh(x)


def _slope_of_sigmoid(y: Any, x: Any) -> Any:
    return y * sigmoid(-x)  # y * (1 - y), without the cancellation where y is near 1


@primitive(
    slopes=_slope_of_sigmoid,
    raises=False,
    python="(e_ := exp({0})) / (1.0 + e_) if {0} < 0.0 else 1.0 / (1.0 + exp(-{0}))",
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
)
def softplus(x: float) -> float:
    """Return log(1 + exp(x)), a smooth `relu`, for an x of any size.

    >>> softplus(1000.0)
    1000.0
    """
    return (x if x > 0 else 0.0) + math.log1p(math.exp(-abs(x)))


@primitive(slopes=lambda y, x: 2 / math.sqrt(math.pi) * exp(-(x * x)), raises=False, python="erf")
def erf(x: float) -> float:
    """Return the error function, between -1 and 1.

    The standard normal distribution function is ``(1 + erf(x / sqrt(2))) / 2``.

    >>> erf(0.0)
    0.0
    """
    return math.erf(x)


@primitive(slopes=lambda y, x: -2 / math.sqrt(math.pi) * exp(-(x * x)), raises=False, python="erfc")
def erfc(x: float) -> float:
    """Return 1 - erf(x), accurate for large x.

    >>> erfc(0.0)
    1.0
    """
    return math.erfc(x)


def softmax(xs: Sequence[Any]) -> list[Any]:
    """Return the list of ``exp(x) / sum(exp(x) for x in xs)``, for numbers or Values of any size.

    Raises `ValueError` for an empty list. For a classifier's loss, `cross_entropy` is more exact.

    >>> softmax([0.0, 0.0])
    [0.5, 0.5]
    >>> softmax([1000.0, 0.0])
    [1.0, 0.0]
    """
    listed = as_list("xs", xs)
    if not listed:
        raise ValueError("softmax expects at least one number, got none")
    top = listed[0]
    for x in listed[1:]:
        top = maximum(top, x)
    top = detach(top)  # what is subtracted from all changes nothing
    powers = [exp(x - top) for x in listed]
    total = powers[0]
    for power_ in powers[1:]:
        total = total + power_
    return [power_ / total for power_ in powers]
