"""The operators, as entries of the table, with what they compute: quotients and powers.

Values and symbols have methods of their own for them. Their slopes, for Values, are in `value`.
"""

from __future__ import annotations

import math
import operator
from typing import Any

from ..errors import DomainError
from .number import Operand, operand
from .piecewise import where
from .primitive import Primitive, primitive


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


def power(x: Any, n: Any) -> Any:
    """Return x ** n. Raises `DomainError` where that is no real number, else what Python raises.

    ``x ** 2`` is ``x * x``: C's `pow` has another last bit for about one number in a thousand.
    """
    if not isinstance(n, Operand) and n == 2:
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


def _plain_power(x: Any, n: Any) -> Any:
    """Return x ** n as Python computes it, even for an n of 2. Errors are those of `power`."""
    y = x**n
    return power(x, n) if type(y) is complex else y


def power_slope(x: Any, n: Any) -> Any:
    """Return the slope of x ** n by x, for an n that is constant: 0 where that is 0."""
    if type(n) in (float, int):
        return n * ieee_power(x, n - 1) if n != 0 else 0
    return where(abs(n) > 0, n * ieee_power(x, n - 1), abs(n))


# Slopes divide and take powers with these two: they follow IEEE 754 and do not raise.


def ratio(a: Any, b: Any) -> Any:
    """Return a / b, for use in slopes: where b is 0, it is infinite, or NaN for 0 / 0.

    >>> ratio(1.0, 4.0), ratio(1.0, 0.0), ratio(1.0, -0.0)
    (0.25, inf, -inf)
    """
    if isinstance(a, Operand) or isinstance(b, Operand):
        return RATIO.perform((a, b))
    try:
        return a / b
    except TypeError:
        return operand("ratio", a) / operand("ratio", b)  # an error that names what is no number
    except ZeroDivisionError:
        return math.copysign(math.inf, a) * math.copysign(1.0, b) if a and a == a else math.nan


def ieee_power(x: Any, n: Any) -> Any:
    """Return x ** n, for use in slopes: it is infinite or NaN where ``x ** n`` raises.

    Where n is the constant 0, it is the plain number 1, whatever x is.

    >>> ieee_power(2.0, -1), ieee_power(0.0, -1), ieee_power(-1.0, 0.5)
    (0.5, inf, nan)
    """
    if type(x) is not float:
        x = operand("ieee_power", x)
    if not isinstance(n, Operand) and n in (0, 1, 2):
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


@primitive(
    slopes=(lambda y, base, exponent: ratio(1, base), None),
    python="log({0})",
    c="log({0})",
    javascript="Math.log({0})",
)
def log_base(base: float, exponent: float) -> float:
    """Return the logarithm of the base of a power whose exponent is a Value: it must be above 0."""
    if base <= 0:
        raise DomainError(
            f"{base!r} ** {exponent!r} is undefined: a power with a Value as its exponent takes a "
            "base above 0; if the exponent is constant, give it as a plain number"
        )
    return math.log(base)


@primitive(slopes=lambda y, x: ratio(1, x), raises=False, c="log", javascript="Math.log")
def _ieee_log(x: float) -> float:
    """Return log(x), which is -inf at 0 and NaN below it."""
    return math.log(x) if x > 0 else -math.inf if x == 0 else math.nan


def _power_text(x: str, n: str) -> str:
    """Return how Python writes a power: with a whole, constant exponent it is never complex."""
    return "**" if n.removeprefix("-").removesuffix(".0").isdigit() else ""


ADD = Primitive("+", operator.add, raises=False, python="+", c="+", javascript="+")
SUBTRACT = Primitive("-", operator.sub, raises=False, python="-", c="-", javascript="-")
MULTIPLY = Primitive("*", operator.mul, raises=False, python="*", c="*", javascript="*")
DIVIDE = Primitive("/", divide, python="/", c="/", javascript="/")
NEGATE = Primitive("neg", operator.neg, raises=False, python="-", c="-", javascript="-{0}")
ABSOLUTE = Primitive("abs", abs, raises=False, python="abs", c="fabs", javascript="Math.abs")
POWER = Primitive(
    "power", operator.pow, call=power, python=_power_text, c="power", javascript="pow"
)
PLAIN_POWER = Primitive(  # of symbols that no Value holds: Python's own
    "plain_power", _plain_power, python=_power_text, c="pow", javascript="pow"
)
LESS = Primitive("<", operator.lt, raises=False, python="<", c="<", javascript="<")
LESS_EQUAL = Primitive("<=", operator.le, raises=False, python="<=", c="<=", javascript="<=")
GREATER = Primitive(">", operator.gt, raises=False, python=">", c=">", javascript=">")
GREATER_EQUAL = Primitive(">=", operator.ge, raises=False, python=">=", c=">=", javascript=">=")
AND = Primitive("&", operator.and_, raises=False, python="&", c="both", javascript="&")
OR = Primitive("|", operator.or_, raises=False, python="|", c="either", javascript="|")
RATIO = Primitive(
    "ratio",
    ratio,
    (lambda y, a, b: ratio(1, b), lambda y, a, b: ratio(-y, b)),
    raises=False,
    python="/",  # where that raises, the record is replayed
    c="/",
    javascript="/",
)
IEEE_POWER = Primitive(
    "ieee_power",
    ieee_power,
    (lambda y, x, n: n * ieee_power(x, n - 1), lambda y, x, n: y * _ieee_log(x)),
    raises=False,
    python=lambda x, n: "1.0 / {0}" if n == "-1.0" else _power_text(x, n),
    c="ieee_power",
    javascript="pow",
)
