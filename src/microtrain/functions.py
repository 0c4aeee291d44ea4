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

from .errors import DomainError, describe
from .number import as_number, number, own_result

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


def _symmetric(function: Callable[[float, float], float]) -> Callable[..., Any]:
    """Make a symmetric function of two floats one over any two numbers."""
    name = function.__name__

    @functools.wraps(function)
    def over_any_numbers(a: Any, b: Any) -> Any:
        if type(a) is not float or type(b) is not float:
            if (result := own_result(name, a, b)) is not None:
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
