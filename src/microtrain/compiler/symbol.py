"""Symbols: numbers that record each operation instead of performing it.

Code that computes with floats, such as `Value`, also computes with symbols. What would depend on
the numbers, such as a branch, raises `CompileError`. Comparing two symbols gives a `Condition`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from ..engine import operators
from ..engine.number import Number, Operand, as_condition, as_number
from ..engine.primitive import Primitive
from ..errors import CompileError, describe
from .record import Record

_new: Any = object.__new__

PACKAGES = (os.path.dirname(os.path.dirname(__file__)) + os.sep, f"{os.sep}site-packages{os.sep}")


def as_place(record: Record, x: Any, *, condition: bool = False) -> Any:
    """Return the place of a number, or where it may be one of a condition; None for all else.

    Raises `CompileError` for what is in another record.
    """
    if type(x) is float:
        return record.constant(x)
    if isinstance(x, Symbol) or (condition and isinstance(x, Condition)):
        if x.record is record:
            return x.place
        raise CompileError(
            f"{_where()}: a function that is differentiated or compiled uses a variable of one "
            "around it; pass it to the inner function as an argument"
        )
    if condition and type(known := as_condition(x)) is bool:
        return record.constant(float(known))
    number = x if type(x) is int else as_number(x)
    return None if number is NotImplemented else record.constant(float(number))


def _unary(primitive: Primitive) -> Callable[[Symbol], Any]:
    """Return the method that records an operation on one symbol."""

    def method(self: Symbol) -> Any:
        found = _new(Symbol)  # written out, as it saves time
        found.record = record = self.record
        found.place = record.add((primitive, self.place))
        return found

    return method


def _binary(primitive: Primitive, *, reflected: bool = False, compares: bool = False) -> Any:
    """Return the method that records an operation on a symbol and a number.

    The symbol is the right operand if `reflected`; the result is a condition if it `compares`.
    """

    def method(self: Symbol, other: Any) -> Any:
        record, mine = self.record, self.place
        if type(other) is Symbol and other.record is record:
            place = other.place
        elif (place := as_place(record, other)) is None:
            return NotImplemented
        elif compares and record.constants[~place] != other == other:  # as all but NaN is
            _compares_exactly(self)
        operation = (primitive, place, mine) if reflected else (primitive, mine, place)
        found = _new(Condition if compares else Symbol)  # written out, as it saves time
        found.record = record
        found.place = record.add(operation)
        return found

    return method


def _joins(primitive: Primitive, *, decisive: bool) -> Callable[..., Any]:
    """Return the method that joins two conditions: a bool that is `decisive` is the result."""

    def method(self: Condition, other: Any) -> Any:
        if isinstance(other, Condition):
            operation = primitive, self.place, as_place(self.record, other, condition=True)
            return Condition(self.record, self.record.add(operation))
        known = as_condition(other)
        return NotImplemented if type(known) is not bool else known if known is decisive else self

    return method


def _refuses(what: str, instead: str, *, final: bool = True) -> Callable[..., NoReturn]:
    """Return the method that refuses this; if `final`, even where the refusal is caught."""

    def refuse(self: _Recorded, *_: object) -> NoReturn:
        error = CompileError(
            f"{_where()}: {what} depends on a number that is not known yet, as the computation is "
            f"recorded once for all numbers; {instead}{self.record.instead}"
        )
        if final:
            self.record.refused = error
        raise error

    return refuse


_branches = "use mt.where, mt.maximum or mt.minimum instead of a branch, & for and, | for or"
_equal = "use <, <=, > or >=; for x == 0, (x <= 0) & (x >= 0)"
_largest = "mt.softmax for a softmax, mt.detach(mt.maximum(a, b)) for max(a.data, b.data)"
_arithmetic = "keep to arithmetic and microtrain's functions (mt.exp, not math.exp)"

_compares_exactly = _refuses(
    "a comparison with an int or a fraction that no float equals", "compare with float(...) of it"
)


class _Recorded(Operand):
    """What stands in the `record` at a `place`: its number or truth is not known yet."""

    __slots__ = ("place", "record")

    def __init__(self, record: Record, place: int) -> None:
        self.record = record
        self.place = place

    def perform(self, primitive: Primitive, operands: Sequence[Any]) -> Symbol:
        record = self.record
        operation: list[Any] = [primitive]
        for k, x in enumerate(operands):
            place = as_place(record, x, condition=primitive.takes_condition(k))
            if place is None:
                what = "a comparison" if isinstance(x, Condition) else describe(x)
                raise TypeError(f"{primitive.name} expects a number or a Value, got {what}")
            operation.append(place)
        return Symbol(record, record.add(tuple(operation)))

    __eq__ = __ne__ = _refuses("a comparison by == or !=", _equal)
    # Debuggers ask for a text, and go on without it.
    __str__ = __repr__ = __format__ = _refuses("a text", "print it elsewhere", final=False)
    __hash__ = _refuses("a hash", "use another key")


class Symbol(_Recorded, Number):
    """A number that is not known yet: the result of an operation, an input, or a constant."""

    __slots__ = ()

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

    @classmethod
    def specialised(cls, primitive: Primitive) -> Callable[..., Any] | None:
        return _unary(primitive) if len(primitive.slopes) == 1 else None

    def slope(self, function: Callable[..., Any], *operands: Any) -> Any:
        self.record.slopes_deep += 1
        try:
            return function(*operands)
        finally:
            self.record.slopes_deep -= 1

    # What would depend on the number.
    __bool__ = _refuses("a truth value", _branches)
    __float__ = __complex__ = _refuses("a float", _arithmetic)
    __int__ = __index__ = __trunc__ = _refuses("an int", _arithmetic)
    __floor__ = __ceil__ = __round__ = _refuses("an int", "use mt.floor or mt.ceil")
    __mod__ = __rmod__ = __floordiv__ = _refuses("a remainder", _arithmetic)
    __rfloordiv__ = __divmod__ = __rdivmod__ = _refuses("a remainder", _arithmetic)


class Condition(_Recorded):
    """A comparison of numbers that are not known yet: for `where`, with ``&`` and ``|``."""

    __slots__ = ()

    is_condition = True

    __and__ = __rand__ = _joins(operators.AND, decisive=False)
    __or__ = __ror__ = _joins(operators.OR, decisive=True)
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = _refuses(
        "a number made of a comparison", "use mt.where(condition, 1.0, 0.0)"
    )
    __invert__ = _refuses("the opposite of a comparison", "swap the choices of mt.where")
    __bool__ = _refuses("the truth of a comparison", f"{_branches}, {_largest}")


def _where() -> str:
    """Return file, line and text of the innermost running line that is the user's own."""
    from traceback import extract_stack  # slow to import

    stack = extract_stack()
    users = [frame for frame in stack if not any(x in frame.filename for x in PACKAGES)]
    path, line, _, text = (users or stack[:1])[-1]
    return f"{path}, line {line}" + (f", in {text!r}" if text else "")
