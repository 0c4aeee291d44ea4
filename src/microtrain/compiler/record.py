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

from ..engine.operators import ADD, DIVIDE, IEEE_POWER, MULTIPLY, NEGATE, POWER, RATIO, SUBTRACT
from ..engine.piecewise import WHERE
from ..engine.primitive import Primitive
from ..errors import CompileError

Operation = tuple[Any, ...]  # a primitive and places; an input has its name, and no operands

LIMIT = 2_000_000  # operations; ten seconds of compiling and 3 GB of memory

# The places of constants that every record begins with.
ZERO, MINUS_ZERO, ONE, MINUS_ONE, TWO = -1, -2, -3, -4, -5


class Record:
    """Operations recorded so far.

    Attributes: `operations`, in which an input is its name alone; `inputs`, the places of the
    inputs; `constants`, of which number k has the place -1 - k; `kept`, the places of operations
    that may raise, and are performed even where their result is unused. Operations recorded while
    `slopes_deep` is above 0 only serve slopes, and are not kept. `instead` ends the messages of
    errors: what to do where a computation can't be recorded. `refused` is the error of a branch,
    which is raised again at the end, as the computation may have caught it and gone another way.
    """

    def __init__(self, instead: str = "") -> None:
        self.instead = instead
        self.refused: CompileError | None = None
        self.operations: list[Operation] = []
        self.inputs: list[int] = []
        self.constants = [0.0, -0.0, 1.0, -1.0, 2.0]
        self.places: dict[Any, int] = {x or repr(x): ~k for k, x in enumerate(self.constants)}
        self.kept: dict[int, None] = {}
        self.slopes_deep = 0

    def input(self, name: str) -> int:
        """Add an input, and return its place."""
        self.inputs.append(len(self.operations))
        self.operations.append((name,))
        return self.inputs[-1]

    def constant(self, x: float) -> int:
        """Return the place of a constant."""
        key = x or repr(x)  # which tells 0.0 from -0.0
        place = self.places.get(key)
        if place is None:
            self.constants.append(x)
            place = self.places[key] = -len(self.constants)
        return place

    def add(self, operation: Operation) -> int:
        """Return the place of an operation's result."""
        places = self.places
        place = places.get(operation)
        if place is None:
            rule = RULES.get(operation[0])
            if rule is None or (place := rule(self, *operation[1:])) is None:
                place = len(self.operations)
                if place >= LIMIT:
                    what = f"more than {LIMIT:,} operations can't be compiled"
                    raise CompileError(what + self.instead)
                self.operations.append(operation)
            places[operation] = place
        if operation[0].raises and not self.slopes_deep:
            self.kept[place] = None
        return place

    def needed(
        self, *groups: Iterable[int]
    ) -> Iterator[tuple[int, int, Primitive, tuple[int, ...]]]:
        """Yield the operations that groups of places need, from the last to the first.

        Of each that is the first group that needs it, counted from the last as 1; its place; the
        primitive; the operands.
        """
        operations = self.operations
        marks = bytearray(len(operations) + len(self.constants))  # these at the end, from place -1
        for mark, group in enumerate(reversed(groups), 1):
            for x in group:
                marks[x] = mark
        for place in range(len(operations) - 1, -1, -1):  # operands come before their results
            if (mark := marks[place]) and (operands := operations[place][1:]):
                yield mark, place, operations[place][0], operands
                for x in operands:
                    if marks[x] < mark:
                        marks[x] = mark

    def replay(self, inputs: Sequence[Any], outputs: Sequence[int]) -> list[Any]:
        """Return the outputs for these inputs: floats, or any other numbers (Values, say).

        Raises what the operations raise, with the same messages.
        """
        results: list[Any] = [None] * len(self.operations)
        results += reversed(self.constants)  # so that places below 0 are theirs
        for place, value in zip(self.inputs, inputs):
            results[place] = value
        for _, place, primitive, operands in reversed([*self.needed([*self.kept, *outputs])]):
            results[place] = primitive.call(*[results[x] for x in operands])
        return [results[x] for x in outputs]


# Rewrites that change no bit. For each primitive, a function of the record and the places of the
# operands. It returns the place of the result, or None where the operation is recorded as it is.


def _add(record: Record, a: int, b: int) -> int | None:
    if a == MINUS_ZERO:
        return b
    if b == MINUS_ZERO:
        return a
    operation: Operation = record.operations[b] if b >= 0 else (None,)
    if operation[0] is NEGATE:
        return record.add((SUBTRACT, a, operation[1]))
    if a == ZERO and operation[0] is MULTIPLY and operation[1] == operation[2]:  # never -0.0
        return b
    return record.places.get((ADD, b, a))


def _negate(record: Record, x: int) -> int | None:
    operation: Operation = record.operations[x] if x >= 0 else (None,)
    return operation[1] if operation[0] is NEGATE else None


def _multiply(record: Record, a: int, b: int) -> int | None:
    if a < 0 or b < 0:
        if a == ONE or b == ONE:
            return b if a == ONE else a
        if a == MINUS_ONE or b == MINUS_ONE:
            return record.add((NEGATE, b if a == MINUS_ONE else a))
    return record.places.get((MULTIPLY, b, a))


def _power(record: Record, x: int, n: int) -> int | None:
    return record.add((MULTIPLY, x, x)) if n == TWO else None


def _ieee_power(record: Record, x: int, n: int) -> int | None:
    if n in (ZERO, MINUS_ZERO):
        return ONE
    return x if n == ONE else _power(record, x, n)


RULES: dict[Primitive, Callable[..., int | None]] = {
    ADD: _add,
    SUBTRACT: lambda record, a, b: a if b == ZERO else None,
    MULTIPLY: _multiply,
    DIVIDE: lambda record, a, b: a if b == ONE else None,
    RATIO: lambda record, a, b: a if b == ONE else None,
    NEGATE: _negate,
    POWER: _power,
    IEEE_POWER: _ieee_power,
    WHERE: lambda record, c, a, b: None if c >= 0 else a if c == ONE else b,
}


@contextlib.contextmanager
def without_collection() -> Iterator[None]:
    """Keep the garbage collector from walking over the growing record again and again."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
