"""What a number is: a float, an exact rational, or an object that does its own arithmetic."""

from __future__ import annotations

import numbers

from .errors import describe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Number:
    """Base class of the numbers, other than Python's, that a `Value` may hold as its data.

    A subclass has the arithmetic operators; as methods, those functions of one operand of
    `microtrain.functions` that it is to be used with; and for all else there, and in
    `microtrain.arithmetic`, ``apply(name, *operands)``, at least one of which is of its kind.
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


def own_result(name: str, *operands: Any) -> Any:
    """Return what a `Number` among the operands makes of them, or None if there is none.

    None, too, where another is a Value: what a Value makes of them is then asked for.
    """
    for x in operands:
        if isinstance(x, Number) and (result := x.apply(name, *operands)) is not NotImplemented:
            return result
    return None


def of_kind(x: Any, c: Any) -> Any:
    """Return the number `c`, if it is an int, as a number of the kind of `x`."""
    return type(x)(c) if type(c) is int and not isinstance(x, Number) else c
