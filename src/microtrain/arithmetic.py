"""The arithmetic of the operators and of their slopes, over any number.

Python's operators are used as they are where they will do. What stands here raises with words that
name the operation and its operands, or is what slopes need and floats have no operator for.
"""

from __future__ import annotations

import math

from .errors import DomainError
from .functions import log
from .number import own_result

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def compare(a: Any, b: Any) -> Any:
    """Return 1 where a > b, -1 where a < b, else 0: the slope of ``abs(a - b)``."""
    if (result := own_result("compare", a, b)) is not None:
        return result
    if (method := getattr(a, "compare", None)) is not None:
        return method(b)
    if (method := getattr(b, "compare", None)) is not None:
        return -method(a)
    return type(a - b)((a > b) - (a < b))


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


def ratio(a: Any, b: Any) -> Any:
    """Return a / b in a slope. Where b is 0, what the slope belongs to raises; so this need not."""
    if (result := own_result("ratio", a, b)) is not None:
        return result
    try:
        return a / b
    except ZeroDivisionError:
        return math.nan


def choose(condition: Any, a: Any, b: Any) -> Any:
    """Return a where the condition is above 0, else b."""
    if (result := own_result("choose", condition, a, b)) is not None:
        return result
    if (method := getattr(condition, "choose", None)) is not None:
        return method(a, b)
    return a if condition > 0 else b


def power(x: Any, n: Any) -> Any:
    """Return x ** n.

    Raises `DomainError` where that is no real number, and Python's own `ZeroDivisionError` (zero to
    a negative power) and `OverflowError`. ``x ** 2`` is ``x * x``: C's `pow` differs from it in the
    last bit for about one number in a thousand.
    """
    if type(n) in (int, float) and n == 2:
        return x * x
    if (result := own_result("power", x, n)) is not None:
        return result
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
    """Return the logarithm of a base above 0, which the slope of a power by its exponent needs."""
    if (result := own_result("log_base", base, exponent)) is not None:
        return result
    try:
        return log(base)
    except DomainError:
        raise DomainError(
            f"{_shown(base)} ** {_shown(exponent)} is undefined: a power with a Value as its "
            "exponent takes a base above 0"
        ) from None


def quiet_power(x: Any, n: Any) -> Any:
    """Return x ** n where a slope needs it: infinite, as in IEEE 754, where `power` would raise."""
    if type(n) in (int, float) and n in (0, 1, 2):
        return 1 if n == 0 else x if n == 1 else x * x
    if (result := own_result("quiet_power", x, n)) is not None:
        return result
    if (method := getattr(x, "quiet_power", None)) is not None:
        return method(n)
    if (method := getattr(n, "quiet_power_of", None)) is not None:
        return method(x)
    try:
        return 1 / x if n == -1 else power(x, n)
    except (ZeroDivisionError, OverflowError):
        return -math.inf if math.copysign(1.0, x) < 0 and n % 2 == 1 else math.inf


def power_slope(x: Any, n: Any) -> Any:
    """Return the slope of x ** n by x, for an n that is constant: 0 where that is 0."""
    if type(n) in (float, int):
        return n * quiet_power(x, n - 1) if n != 0 else 0
    return choose(abs(n), n * quiet_power(x, n - 1), abs(n))


def exponential(base: Any, exponent: Any) -> tuple[Any, Any]:
    """Return base ** exponent and its slope by the exponent, for a base above 0."""
    slope = log_base(base, exponent)
    y = power(base, exponent)
    return y, y * slope
