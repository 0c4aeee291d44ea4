"""A number that records each operation instead of doing it, and the condition that two compare to.

Whatever computes with floats, a `Value` above all, computes with symbols as well, as long as it
does the same whatever the numbers are. What would depend on them is refused.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from ..engine import operators
from ..engine.number import Number, Operand, as_condition, as_number
from ..engine.primitive import Primitive
from ..errors import CompileError, describe
from .record import Record

PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep


def _place(record: Record, x: Any) -> int | None:
    """Return the place of a number in the record, or None for what is no number."""
    if type(x) is float:
        return record.constant(x)
    if isinstance(x, Symbol):
        return _own(record, x)
    number = as_number(x)
    return None if number is NotImplemented else record.constant(float(number))


def _own(record: Record, x: Symbol | Condition) -> int:
    if x.record is not record:
        raise CompileError(
            f"{_where()}: a function that is differentiated or compiled uses a variable of one "
            "around it; pass it to the inner function as an argument"
        )
    return x.place


def _unary(primitive: Primitive) -> Callable[[Symbol], Any]:
    """Return the method that records an operation on one symbol."""

    def method(self: Symbol) -> Symbol:
        return Symbol(self.record, self.record.add((primitive, self.place)))

    return method


def _binary(
    primitive: Primitive, *, reflected: bool = False, compares: bool = False
) -> Callable[..., Any]:
    """Return the method that records an operation on a symbol and a number.

    The symbol is the right operand if `reflected`; the result is a condition if it `compares`.
    """

    def method(self: Symbol, other: Any) -> Any:
        record = self.record
        place = _place(record, other)
        if place is None:
            return NotImplemented
        places = (place, self.place) if reflected else (self.place, place)
        return (Condition if compares else Symbol)(record, record.add((primitive, *places)))

    return method


def _refuses(what: str, instead: str) -> Callable[..., NoReturn]:
    def refuse(*_: object) -> NoReturn:
        raise CompileError(
            f"{_where()}: {what} depends on a number that is not known when this is compiled; "
            f'{instead}, or do without compiling it (in train: engine="eager") '
            "and without second derivatives and the sharpness, for which it is recorded, too"
        )

    return refuse


_branches = "use mt.where, mt.maximum or mt.minimum instead of a branch, & for and, | for or"
_arithmetic = "keep to arithmetic and microtrain's functions (mt.exp, not math.exp)"


class Symbol(Number):
    """The result of an operation in a `Record`, an input, or a constant; `place` is where."""

    __slots__ = ("place", "record")

    def __init__(self, record: Record, place: int) -> None:
        self.record = record
        self.place = place

    __add__ = _binary(operators.ADD)
    __radd__ = _binary(operators.ADD, reflected=True)
    __sub__ = _binary(operators.SUBTRACT)
    __rsub__ = _binary(operators.SUBTRACT, reflected=True)
    __mul__ = _binary(operators.MULTIPLY)
    __rmul__ = _binary(operators.MULTIPLY, reflected=True)
    __truediv__ = _binary(operators.DIVIDE)
    __rtruediv__ = _binary(operators.DIVIDE, reflected=True)
    __pow__ = _binary(operators.PLAIN_POWER)
    __rpow__ = _binary(operators.PLAIN_POWER, reflected=True)
    __neg__, __abs__ = _unary(operators.NEGATE), _unary(operators.ABSOLUTE)

    def __pos__(self) -> Symbol:
        return self

    __lt__ = _binary(operators.LESS, compares=True)
    __le__ = _binary(operators.LESS_EQUAL, compares=True)
    __gt__ = _binary(operators.GREATER, compares=True)
    __ge__ = _binary(operators.GREATER_EQUAL, compares=True)

    def perform(self, primitive: Primitive, operands: Sequence[Any]) -> Symbol:
        return _recorded(self.record, primitive, operands)

    @classmethod
    def specialised(cls, primitive: Primitive) -> Callable[..., Any] | None:
        return _unary(primitive) if len(primitive.slopes) == 1 else None

    def slope(self, function: Callable[..., Any], *operands: Any) -> Any:
        self.record.slopes_deep += 1
        try:
            return function(*operands)
        finally:
            self.record.slopes_deep -= 1

    # What a symbol can't do, because the answer would depend on a number that is not known yet.
    __bool__ = _refuses("a truth value", _branches)
    __eq__ = __ne__ = _refuses("a comparison by == or !=", "use <, <=, > or >=")
    __float__ = __complex__ = _refuses("a float", _arithmetic)
    __int__ = __index__ = __trunc__ = _refuses("an int", _arithmetic)
    __floor__ = __ceil__ = __round__ = _refuses("an int", "use mt.floor or mt.ceil")
    __mod__ = __rmod__ = __floordiv__ = _refuses("a remainder", _arithmetic)
    __rfloordiv__ = __divmod__ = __rdivmod__ = _refuses("a remainder", _arithmetic)
    __str__ = __repr__ = __format__ = _refuses("a text", "print it elsewhere")
    __hash__ = _refuses("a hash", "use another key")


class Condition(Operand):
    """A comparison of numbers that are not known yet: for `where`, with ``&`` and ``|``."""

    __slots__ = ("place", "record")

    is_condition = True

    def __init__(self, record: Record, place: int) -> None:
        self.record = record
        self.place = place

    def perform(self, primitive: Primitive, operands: Sequence[Any]) -> Any:
        return _recorded(self.record, primitive, operands)

    def __and__(self, other: Any) -> Any:
        if isinstance(other, Condition):
            return _joined(self, operators.AND, other)
        known = as_condition(other)
        return NotImplemented if type(known) is not bool else self if known else False

    def __or__(self, other: Any) -> Any:
        if isinstance(other, Condition):
            return _joined(self, operators.OR, other)
        known = as_condition(other)
        return NotImplemented if type(known) is not bool else True if known else self

    __rand__, __ror__ = __and__, __or__

    __bool__ = _refuses("the truth of a comparison", _branches)
    __eq__ = __ne__ = _refuses("a comparison by == or !=", "use <, <=, > or >=")
    __str__ = __repr__ = __format__ = _refuses("a text", "print it elsewhere")
    __hash__ = _refuses("a hash", "use another key")


def _joined(a: Condition, primitive: Primitive, b: Condition) -> Condition:
    return Condition(a.record, a.record.add((primitive, a.place, _own(a.record, b))))


def _recorded(record: Record, primitive: Primitive, operands: Sequence[Any]) -> Symbol:
    """Record an operation on symbols, conditions and numbers; return its result."""
    operation: list[Any] = [primitive]
    for k, x in enumerate(operands):
        place = _place(record, x)
        if primitive.takes_condition(k):
            if isinstance(x, Condition):
                place = _own(record, x)
            elif type(known := as_condition(x)) is bool:
                place = record.constant(float(known))
        if place is None:
            what = "a comparison" if isinstance(x, Condition) else describe(x)
            raise TypeError(f"{primitive.name} expects numbers or Values, got {what}")
        operation.append(place)
    return Symbol(record, record.add(tuple(operation)))


def as_place(record: Record, number: Any) -> int:
    """Return the place of a Symbol, or of any other number as a constant."""
    return number.place if isinstance(number, Symbol) else record.constant(float(number))


def _where() -> str:
    """Return file, line and text of the innermost running line outside this package."""
    import linecache

    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(PACKAGE):
        frame = frame.f_back
    path, line = frame.f_code.co_filename, frame.f_lineno
    text = linecache.getline(path, line).strip()
    return f"{path}, line {line}" + (f", in {text!r}" if text else "")
