"""A number that records each operation instead of doing it.

Whatever computes with floats, a `Value` above all, computes with symbols as well, as long as it
does the same whatever the numbers are. What would depend on them is refused.
"""

from __future__ import annotations

import os
import sys

from ..errors import CompileError
from ..number import Number, as_number

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, NoReturn

    from .program import Operand, Program

PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep


def _records(name: str) -> Callable[..., Any]:
    return lambda *operands: _record(name, *operands)


def _reflected(name: str) -> Callable[..., Any]:
    return lambda self, other: _record(name, other, self)


def _refuses(what: str, instead: str) -> Callable[..., NoReturn]:
    def refuse(*_: object) -> NoReturn:
        raise CompileError(
            f"{_where()}: {what} depends on a number that is not known when this is compiled; "
            f'{instead}, or do without compiling it (in train: engine="eager") '
            "and without second derivatives and the sharpness, for which it is recorded, too"
        )

    return refuse


_branches = "use relu, maximum or abs instead of a branch"
_arithmetic = "keep to arithmetic and microtrain's functions (mt.exp, not math.exp)"


class Symbol(Number):
    """The result of an operation in a `Program`, or one of its inputs; `place` is where."""

    __slots__ = ("place", "program")

    def __init__(self, program: Program, place: int) -> None:
        self.program = program
        self.place = place

    __add__, __radd__ = _records("+"), _reflected("+")
    __sub__, __rsub__ = _records("-"), _reflected("-")
    __mul__, __rmul__ = _records("*"), _reflected("*")
    __truediv__, __rtruediv__ = _records("/"), _reflected("/")
    __pow__, __rpow__ = _records("**"), _reflected("**")
    __neg__, __abs__ = _records("neg"), _records("abs")

    def __pos__(self) -> Symbol:
        return self

    # What the functions ask of a number.
    exp, log, log1p, sqrt = _records("exp"), _records("log"), _records("log1p"), _records("sqrt")
    sin, cos, tanh = _records("sin"), _records("cos"), _records("tanh")
    sigmoid, softplus = _records("sigmoid"), _records("softplus")
    relu, step = _records("relu"), _records("step")

    def apply(self, name: str, *operands: Any) -> Any:
        return _record(name, *operands)

    # What a symbol can't do, because the answer would depend on a number that is not known yet.
    __bool__ = _refuses("a truth value", _branches)
    __eq__ = __ne__ = _refuses("a comparison", _branches)
    __lt__ = __le__ = __gt__ = __ge__ = _refuses("a comparison", _branches)
    __float__ = __complex__ = _refuses("a float", _arithmetic)
    __int__ = __index__ = __trunc__ = _refuses("an int", _arithmetic)
    __floor__ = __ceil__ = __round__ = _refuses("an int", _arithmetic)
    __mod__ = __rmod__ = __floordiv__ = _refuses("a remainder", _arithmetic)
    __rfloordiv__ = __divmod__ = __rdivmod__ = _refuses("a remainder", _arithmetic)
    __str__ = __repr__ = __format__ = _refuses("a text", "print it elsewhere")
    __hash__ = _refuses("a hash", "use another key")


def _record(name: str, *operands: Any) -> Any:
    """Record an operation, at least one of whose operands is a Symbol; return its result.

    Returns `NotImplemented` if another operand is no number.
    """
    program = next(x.program for x in operands if isinstance(x, Symbol))
    places: list[Operand] = []
    for x in operands:
        if isinstance(x, Symbol):
            if x.program is not program:
                raise CompileError(
                    f"{_where()}: a function that is differentiated or compiled uses a variable of "
                    "one around it; pass it to the inner function as an argument"
                )
            places.append(x.place)
        elif (number := as_number(x)) is NotImplemented:
            return NotImplemented
        else:
            places.append(float(number))
    return Symbol(program, program.record(name, *places))


def as_operand(number: Any) -> Operand:
    """Return a Symbol's place, or any other number as a float."""
    return number.place if isinstance(number, Symbol) else float(number)


def _where() -> str:
    """Return file, line and text of the innermost running line outside this package."""
    import linecache

    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(PACKAGE):
        frame = frame.f_back
    path, line = frame.f_code.co_filename, frame.f_lineno
    text = linecache.getline(path, line).strip()
    return f"{path}, line {line}" + (f", in {text!r}" if text else "")
