"""The record of a computation: a list of operations on earlier results, in the order they came.

An operation is a tuple: its primitive, and the places of its operands. Places from 0 on are those
of earlier operations; places below 0 are those of constants. An operation that was recorded before,
on the same operands, is not recorded again, and what changes no bit (``x * 1.0``, ``-0.0 + x``) is
not recorded at all.
"""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from ..engine.operators import (
    ADD,
    DIVIDE,
    IEEE_POWER,
    MULTIPLY,
    NEGATE,
    POWER,
    RATIO,
    SUBTRACT,
)
from ..engine.piecewise import WHERE
from ..engine.primitive import Primitive
from ..errors import CompileError

Operation = tuple[Any, ...]  # a primitive and places; an input has its name, and no operands

LIMIT = 1_000_000  # operations; half a minute of compiling and 1.5 GB of memory


class Record:
    """Operations recorded so far.

    Attributes: `operations`, the inputs among them, as a name alone; `inputs`, their places;
    `constants`, of which number k has the place -1 - k; `kept`, the places of operations that may
    raise, and so are performed even where nobody needs the result. Not among those are operations
    that only slopes asked for, while `slopes_deep` was above 0.
    """

    def __init__(self) -> None:
        self.operations: list[Operation] = []
        self.inputs: list[int] = []
        self.constants: list[float] = []
        self.kept: dict[int, None] = {}
        self.slopes_deep = 0
        self._places: dict[Any, int] = {}

    def input(self, name: str) -> int:
        """Add an input, and return its place."""
        self.inputs.append(self._append((name,)))
        return self.inputs[-1]

    def constant(self, x: float) -> int:
        """Return the place of a constant."""
        key = x if x and x == x else repr(x)  # 0.0 is not -0.0
        place = self._places.get(key)
        if place is None:
            self.constants.append(x)
            place = self._places[key] = -len(self.constants)
        return place

    def add(self, operation: Operation) -> int:
        """Return the place of an operation's result."""
        place = self._places.get(operation)
        if place is None:
            place = self._places[operation] = self._new(operation)
        if operation[0].raises and not self.slopes_deep:
            self.kept[place] = None
        return place

    def _new(self, operation: Operation) -> int:
        primitive = operation[0]
        rule = RULES.get(primitive)
        if rule is not None and (place := rule(self, *operation[1:])) is not None:
            return place
        if primitive is ADD or primitive is MULTIPLY:
            place = self._places.get((primitive, operation[2], operation[1]))
            if place is not None:
                return place
        return self._append(operation)

    def _append(self, operation: Operation) -> int:
        if len(self.operations) >= LIMIT:
            raise CompileError(
                f"this computation has more than {LIMIT:,} operations, too many to compile; "
                'run it as it is (or train with engine="eager")'
            )
        self.operations.append(operation)
        return len(self.operations) - 1

    def is_constant(self, place: int, x: float) -> bool:
        """Return whether this is the place of the constant x, other than 0."""
        return place < 0 and self.constants[-1 - place] == x

    def is_zero(self, place: int, text: str) -> bool:
        """Return whether this is the place of the constant "0.0" or "-0.0"."""
        return place < 0 and repr(self.constants[-1 - place]) == text

    def negated(self, place: int) -> int | None:
        """Return the place of x where this is that of -x."""
        if place >= 0 and self.operations[place][0] is NEGATE:
            return self.operations[place][1]  # type: ignore[no-any-return]
        return None

    def is_square(self, place: int) -> bool:
        """Return whether this is the place of some x * x, which is never -0.0."""
        operation = self.operations[place] if place >= 0 else ()
        return len(operation) == 3 and operation[0] is MULTIPLY and operation[1] == operation[2]

    def needed(self, outputs: Iterable[int]) -> bytearray:
        """Return whether an output, or what is kept, needs an operation, for each of them."""
        needed = bytearray(len(self.operations))
        self.mark(needed, [*self.kept, *outputs], 1)
        return needed

    def mark(self, marks: bytearray, outputs: Iterable[int], number: int) -> None:
        """Mark, with a number, the operations that outputs need and that have no mark yet."""
        last = -1
        for place in outputs:
            if place >= 0 and not marks[place]:
                marks[place] = number
                last = max(last, place)
        operations = self.operations
        for place in range(last, -1, -1):  # operands stand before what is computed from them
            if marks[place] == number:
                for x in operations[place][1:]:
                    if x >= 0 and not marks[x]:
                        marks[x] = number

    def replay(self, inputs: Sequence[Any], outputs: Sequence[int]) -> list[Any]:
        """Return the outputs for these inputs: floats, or any other numbers (Values, say).

        Raises what the operations raise, with the same messages.
        """
        results: list[Any] = [None] * len(self.operations)
        results += reversed(self.constants)  # so that places below 0 are theirs
        for place, value in zip(self.inputs, inputs):
            results[place] = value
        needed = self.needed(outputs)
        for place, operation in enumerate(self.operations):
            if needed[place] and len(operation) > 1:
                results[place] = operation[0].call(*[results[x] for x in operation[1:]])
        return [results[x] for x in outputs]


# What is not recorded as it comes: for each primitive, a function of the record and the places of
# the operands, to the place of the same result, or None where the operation is to be recorded.


def _add(record: Record, a: int, b: int) -> int | None:
    if record.is_zero(a, "-0.0"):
        return b
    if record.is_zero(b, "-0.0"):
        return a
    if record.is_zero(a, "0.0") and record.is_square(b):
        return b
    negated = record.negated(b)
    return None if negated is None else record.add((SUBTRACT, a, negated))


def _subtract(record: Record, a: int, b: int) -> int | None:
    return a if record.is_zero(b, "0.0") else None


def _multiply(record: Record, a: int, b: int) -> int | None:
    for one, other in ((a, b), (b, a)):
        if record.is_constant(one, 1.0):
            return other
        if record.is_constant(one, -1.0):
            return record.add((NEGATE, other))
    return None


def _divide(record: Record, a: int, b: int) -> int | None:
    return a if record.is_constant(b, 1.0) else None


def _negate(record: Record, a: int) -> int | None:
    return record.negated(a)


def _power(record: Record, x: int, n: int) -> int | None:
    return record.add((MULTIPLY, x, x)) if record.is_constant(n, 2.0) else None


def _ieee_power(record: Record, x: int, n: int) -> int | None:
    if record.is_zero(n, "0.0") or record.is_zero(n, "-0.0"):
        return record.constant(1.0)
    return x if record.is_constant(n, 1.0) else _power(record, x, n)


def _where(record: Record, condition: int, a: int, b: int) -> int | None:
    if condition >= 0:
        return None
    return a if record.is_constant(condition, 1.0) else b


RULES: dict[Primitive, Callable[..., int | None]] = {
    ADD: _add,
    SUBTRACT: _subtract,
    MULTIPLY: _multiply,
    DIVIDE: _divide,
    RATIO: _divide,
    NEGATE: _negate,
    POWER: _power,
    IEEE_POWER: _ieee_power,
    WHERE: _where,
}


@contextlib.contextmanager
def without_collection() -> Iterator[None]:
    """Keep the garbage collector from walking, again and again, over all that is being recorded."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
