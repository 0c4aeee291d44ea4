"""Elementary functions over any number.

A number is a float, an exact rational (`int`, `fractions.Fraction`), or an object that brings its
own elementary functions as methods: a `Value`, or a `Number`. Everything the engine computes goes
through the arithmetic operators and the functions of this module, so it runs unchanged over all of
them. Rationals stay exact where the function is (`relu`, `maximum`, …) and become floats where it
is not.
"""

from __future__ import annotations

import functools
import math
import numbers

from .errors import DomainError, describe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Protocol, Self, TypeVar, overload

    class HasFunctions(Protocol):
        """What an object offers so that the functions here take it: methods of the same names."""

        def exp(self) -> Self: ...
        def log(self) -> Self: ...
        def sqrt(self) -> Self: ...
        def sin(self) -> Self: ...
        def cos(self) -> Self: ...
        def tanh(self) -> Self: ...
        def sigmoid(self) -> Self: ...
        def relu(self) -> Self: ...
        def softplus(self) -> Self: ...

    N = TypeVar("N", bound=HasFunctions)

    class Elementary(Protocol):
        """A function of one number: a float for a float, a Value for a Value."""

        @overload
        def __call__(self, x: float, /) -> float: ...
        @overload
        def __call__(self, x: N, /) -> N: ...


class Number:
    """Base class of the numbers, other than Python's, that a `Value` may hold as its data.

    A subclass has the arithmetic operators; as methods, the functions of one operand of this module
    that it is to be used with; and for those of more operands ``apply(name, *operands)``, at least
    one of which is of its kind.
    """

    __slots__ = ()

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any: ...


def as_number(x: object) -> Any:
    """Return `x` as a number to compute with, or `NotImplemented` if it is none.

    Floats, ints, rationals and `Number` objects come back as they are, other real numbers (NumPy's
    scalars, say) as floats. A bool is not taken for a number.
    """
    kind = type(x)
    if kind is float or kind is int or isinstance(x, Number):
        return x
    if kind is bool or not isinstance(x, numbers.Real):
        return NotImplemented
    if isinstance(x, numbers.Rational) and not isinstance(x, numbers.Integral):
        return x
    return float(x)


def number(name: str, x: object) -> float:
    """Return the argument `x` of that name as a float. Raises `TypeError` if it is no number."""
    found = as_number(x)
    if found is NotImplemented:
        raise TypeError(f"{name} expects a number, got {describe(x)}")
    try:
        return float(found)
    except OverflowError:
        raise ValueError(f"{name} expects a number that fits a float, got a larger one") from None


def _elementary(
    domain: str = "", exact: bool = False
) -> Callable[[Callable[[float], float]], Elementary]:
    """Make a function of a float one over any number, with errors that name it and its operand.

    `domain` says in words what the function takes; `exact` that it maps rationals to rationals.
    """

    def decorate(function: Callable[[float], float]) -> Elementary:
        name = function.__name__

        @functools.wraps(function)
        def over_any_number(x: Any) -> Any:
            if type(x) is not float:
                method = getattr(x, name, None)
                if method is not None:
                    return method()
                found = as_number(x)
                if found is NotImplemented:
                    raise TypeError(f"{name} expects a number or a Value, got {describe(x)}")
                x = found if exact else number(name, found)
            try:
                return function(x)
            except ValueError:
                raise DomainError(f"{name}({x!r}) is undefined: {name} takes {domain}") from None
            except OverflowError:
                raise OverflowError(f"{name}({x!r}) is too large for a float") from None

        return over_any_number

    return decorate


@_elementary()
def exp(x: float) -> float:
    """Return e to the power of x. Raises `OverflowError` above about 709.78.

    >>> exp(0.0)
    1.0
    """
    return math.exp(x)


@_elementary("a number above 0")
def log(x: float) -> float:
    """Return the natural logarithm of x > 0. Raises `DomainError` elsewhere.

    >>> log(1.0)
    0.0
    """
    return math.log(x)


@_elementary("a number above -1")
def log1p(x: float) -> float:
    """Return log(1 + x), accurate for small x."""
    return math.log1p(x)


@_elementary("a number of at least 0")
def sqrt(x: float) -> float:
    """Return the square root of x >= 0. Raises `DomainError` elsewhere.

    >>> sqrt(9.0)
    3.0
    """
    return math.sqrt(x)


@_elementary("a finite number")
def sin(x: float) -> float:
    """Return the sine of x radians.

    >>> sin(0.0)
    0.0
    """
    return math.sin(x)


@_elementary("a finite number")
def cos(x: float) -> float:
    """Return the cosine of x radians.

    >>> cos(0.0)
    1.0
    """
    return math.cos(x)


@_elementary()
def tanh(x: float) -> float:
    """Return the hyperbolic tangent of x, between -1 and 1.

    >>> tanh(0.0)
    0.0
    """
    return math.tanh(x)


@_elementary()
def sigmoid(x: float) -> float:
    """Return the logistic function 1 / (1 + exp(-x)), between 0 and 1, for an x of any size.

    >>> sigmoid(0.0), sigmoid(-1000.0)
    (0.5, 0.0)
    """
    e = math.exp(-abs(x))  # never above 1, so it can't overflow
    return (e if x < 0 else 1.0) / (1.0 + e)


@_elementary()
def softplus(x: float) -> float:
    """Return log(1 + exp(x)), a smooth `relu`, for an x of any size.

    >>> softplus(1000.0)
    1000.0
    """
    return (x if x > 0 else 0.0) + math.log1p(math.exp(-abs(x)))


@_elementary(exact=True)
def relu(x: float) -> float:
    """Return x where it is positive, else 0.

    >>> relu(-2.0), relu(3.0)
    (0.0, 3.0)
    """
    return type(x)(0) if x <= 0 else x


@_elementary(exact=True)
def step(x: float) -> float:
    """Return 1 where x is positive, else 0: the slope of `relu`."""
    return type(x)(0 if x <= 0 else 1)


def _own(name: str, a: Any, b: Any) -> Any:
    """Return what a `Number` among the operands makes of them, or None if there is none.

    None, too, where the other is a Value: what a Value makes of them is then asked for.
    """
    for x in (a, b):
        if isinstance(x, Number) and (result := x.apply(name, a, b)) is not NotImplemented:
            return result
    return None


def _symmetric(function: Callable[[float, float], float]) -> Callable[..., Any]:
    """Make a symmetric function of two floats one over any two numbers."""
    name = function.__name__

    @functools.wraps(function)
    def over_any_numbers(a: Any, b: Any) -> Any:
        if type(a) is not float or type(b) is not float:
            if (result := _own(name, a, b)) is not None:
                return result
            for x, other in ((a, b), (b, a)):
                if (method := getattr(x, name, None)) is not None:
                    return method(other)
                if as_number(x) is NotImplemented:
                    raise TypeError(f"{name} expects numbers or Values, got {describe(x)}")
            a, b = as_number(a), as_number(b)
        return function(a, b)

    return over_any_numbers


@_symmetric
def maximum(a: float, b: float) -> float:
    """Return the larger of two numbers; NaN if either is.

    >>> maximum(2.0, 3.0)
    3.0
    """
    return a if a >= b or a != a else b


@_symmetric
def minimum(a: float, b: float) -> float:
    """Return the smaller of two numbers; NaN if either is.

    >>> minimum(2.0, 3.0)
    2.0
    """
    return a if a <= b or a != a else b


def compare(a: Any, b: Any) -> Any:
    """Return 1 where a > b, -1 where a < b, else 0: the slope of ``abs(a - b)``."""
    if (result := _own("compare", a, b)) is not None:
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
    if (result := _own("ratio", a, b)) is not None:
        return result
    try:
        return a / b
    except ZeroDivisionError:
        return math.nan


def choose(condition: Any, a: Any, b: Any) -> Any:
    """Return a where the condition is above 0, else b."""
    for x in (condition, a, b):
        if (
            isinstance(x, Number)
            and (result := x.apply("choose", condition, a, b)) is not NotImplemented
        ):
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
    if (result := _own("power", x, n)) is not None:
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
    if (result := _own("log_base", base, exponent)) is not None:
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
    if (result := _own("quiet_power", x, n)) is not None:
        return result
    if (method := getattr(x, "quiet_power", None)) is not None:
        return method(n)
    if (method := getattr(n, "quiet_power_of", None)) is not None:
        return method(x)
    try:
        return 1 / x if n == -1 else power(x, n)
    except (ZeroDivisionError, OverflowError):
        return -math.inf if math.copysign(1.0, x) < 0 and n % 2 == 1 else math.inf
