"""What counts as a number, and the base classes of operands that are not Python's numbers."""

from __future__ import annotations

import math
import numbers
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from ..errors import describe, expect

if TYPE_CHECKING:
    from .primitive import Primitive


class Operand:
    """Base class of operands that are no plain numbers: Values, symbols, conditions.

    Of several operands the one of the highest `rank` acts, by its `perform`.
    """

    __slots__ = ()

    rank: ClassVar[int] = 1

    def perform(self, primitive: Primitive, operands: Sequence[Any]) -> Any:
        """Return the result of an operation on these operands, this among them."""
        raise TypeError(f"{type(self).__name__} has no way to perform {primitive.name}")

    @classmethod
    def specialised(cls, primitive: Primitive) -> Callable[..., Any] | None:
        """Return a faster way to perform an operation, or None where there is only `perform`."""
        return None


class Number(Operand):
    """Base class of the numbers, other than Python's, that a `Value` may hold as its data.

    A subclass has the operators and comparisons, and `perform` for all other operations.
    """

    __slots__ = ()

    def slope(self, function: Callable[..., Any], *operands: Any) -> Any:
        """Return ``function(*operands)``, the slope of an operation whose result this is."""
        return function(*operands)


def as_number(x: object) -> Any:
    """Return `x` as a number to compute with, or `NotImplemented` if it is none, such as a bool.

    Floats, ints, rationals and Numbers come back as they are, other reals (NumPy's) as floats.
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
    expect(found is not NotImplemented, name, "a number", x)
    try:
        return float(found)
    except OverflowError:
        raise ValueError(f"{name} expects a number that fits a float, got a larger one") from None


def positive(name: str, x: object, zero: bool = False) -> float:
    """Return the argument `x` as a float if it is finite and above 0 (or 0 itself, if `zero`)."""
    found = number(name, x)
    if not (0 < found < math.inf or (zero and found == 0)):
        least = "of at least 0" if zero else "above 0"
        raise ValueError(f"{name} expects a finite number {least}, got {x}")
    return found


def assigned(data: object) -> Any:
    """Return what was assigned to the `data` of a Value: an int or a NumPy scalar as a float."""
    found = as_number(data)
    if found is NotImplemented:
        if hasattr(data, "grad"):
            raise TypeError("the data of a Value has become a Value; write p.data -= lr * p.grad")
        raise TypeError(f"the data of a Value has to be a number, got {describe(data)}")
    return number("data", found) if type(found) is int else found


def as_condition(x: object) -> Any:
    """Return a bool, or NumPy's, as a bool; anything else as it is."""
    return bool(x) if type(x).__name__ in ("bool", "bool_") else x


def operand(name: str, x: object) -> Any:
    """Return an operand of that operation. Raises `TypeError` unless it is a number or a Value."""
    found = x if isinstance(x, Operand) else as_number(x)
    if found is NotImplemented:
        several = hasattr(x, "__iter__") and not isinstance(x, str)
        each = f": write [{name}(...) for x in v]" if several else ""
        raise TypeError(f"{name} expects a number or a Value, got {describe(x)}{each}")
    return found


def of_kind(x: Any, c: Any) -> Any:
    """Return the number `c`, if it is an int, as a number of the kind of `x`."""
    return type(x)(c) if type(c) is int and not isinstance(x, Number) else c
