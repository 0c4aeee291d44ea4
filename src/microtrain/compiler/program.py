"""The record of a computation: a list of operations on earlier results, in the order they came.

An operand is an int, the place of an earlier operation in the list, or a float, a constant. An
operation that was recorded before, on the same operands, is not recorded again, and what changes no
bit (``x * 1.0``, ``-0.0 + x``) is not recorded at all.
"""

from __future__ import annotations

import operator

from .. import arithmetic, functions
from ..errors import CompileError, DomainError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Any

    Operand = int | float
    Operation = tuple[str, tuple[Operand, ...]]

LIMIT = 1_000_000  # operations; half a minute of compiling and 1.5 GB of memory


def _plain_power(x: Any, n: Any) -> Any:
    y = x**n
    if type(y) is complex:
        raise DomainError(f"{x!r} ** {n!r} is undefined: it is not a real number")
    return y


# What each operation does, over any number. "**" is Python's own power, which data that is no Value
# meets; "power" is that of Values.
FUNCTIONS: dict[str, Callable[..., Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": arithmetic.divide,
    "**": _plain_power,
    "neg": operator.neg,
    "abs": abs,
    "exp": functions.exp,
    "log": functions.log,
    "log1p": functions.log1p,
    "sqrt": functions.sqrt,
    "sin": functions.sin,
    "cos": functions.cos,
    "tanh": functions.tanh,
    "sigmoid": functions.sigmoid,
    "softplus": functions.softplus,
    "relu": functions.relu,
    "step": functions.step,
    "maximum": functions.maximum,
    "minimum": functions.minimum,
    "compare": arithmetic.compare,
    "log_base": arithmetic.log_base,
    "power": arithmetic.power,
    "quiet_power": arithmetic.quiet_power,
    "ratio": arithmetic.ratio,
    "choose": arithmetic.choose,
}

# These raise for some operands, so they are performed even where nobody needs the result; of the
# sine and the cosine of a number, one will do.
RAISING = {"/", "**", "power", "exp", "log", "log1p", "log_base", "sqrt"}
TRIG = {"sin", "cos"}


class Program:
    """Operations recorded so far. The inputs are among them: named ``input``, without operands.

    `section` is a title that operations recorded from now on come under.
    """

    def __init__(self) -> None:
        self.operations: list[Operation] = []
        self.sections: list[str] = []
        self.inputs: dict[int, str] = {}
        self.section = ""
        self._places: dict[tuple[Any, ...], int] = {}

    def input(self, name: str) -> int:
        """Add an input, and return its place."""
        place = self._append(("input", ()))
        self.inputs[place] = name
        return place

    def record(self, name: str, *operands: Operand) -> int:
        """Return the place of an operation's result. At least one operand is no constant."""
        same = _same(name, operands)
        if same is not None:
            return same
        if name == "+" and self._squares(operands):
            return operands[1]  # type: ignore[return-value]  # 0.0 + x*x is x*x
        if name == "+" and (negated := self._negated(operands[1])) is not None:
            return self.record("-", operands[0], negated)  # a + -b is a - b
        if name == "*" and -1.0 in operands:
            other = operands[1] if operands[0] == -1.0 else operands[0]
            return self.record("neg", other)
        if name == "neg" and (negated := self._negated(operands[0])) is not None:
            return negated
        keys = [x if isinstance(x, int) else x.hex() for x in operands]  # 0.0 is not -0.0
        if name in ("+", "*"):
            keys.sort(key=str)
        key = (name, *keys)
        if key not in self._places:
            self._places[key] = self._append((name, operands))
        return self._places[key]

    def _append(self, operation: Operation) -> int:
        if len(self.operations) >= LIMIT:
            raise CompileError(
                f"this computation has more than {LIMIT:,} operations, too many to compile; "
                'run it as it is (or train with engine="eager")'
            )
        self.operations.append(operation)
        self.sections.append(self.section)
        return len(self.operations) - 1

    def _squares(self, operands: Sequence[Operand]) -> bool:
        """Return whether the operands are 0.0 and a square, which is never -0.0."""
        a, b = operands
        if not (isinstance(a, float) and a == 0.0 and isinstance(b, int)):
            return False
        name, factors = self.operations[b]
        places = [x for x in factors if isinstance(x, int)]  # a constant may equal a place
        return name == "*" and len(places) == 2 and places[0] == places[1]

    def _negated(self, operand: Operand) -> int | None:
        """Return x where the operand is -x."""
        if isinstance(operand, float):
            return None
        name, operands = self.operations[operand]
        return operands[0] if name == "neg" else None  # type: ignore[return-value]

    def set_apart(self, result: Operand, section: str) -> None:
        """Put the operations that the result does not need under this section's title.

        The engine computes slopes along with values; they belong to the backward pass.
        """
        for place, needed in enumerate(self.live([result])):
            if not needed:
                self.sections[place] = section

    def live(self, outputs: Iterable[Operand]) -> list[bool]:
        """Return, for each operation, whether an output needs it (or it may raise)."""
        needed = [name in RAISING for name, _ in self.operations]
        for output in outputs:
            if isinstance(output, int):
                needed[output] = True
        self._spread(needed)
        watched = {
            x for place, (name, x) in enumerate(self.operations) if needed[place] and name in TRIG
        }
        for place, (name, operands) in enumerate(self.operations):
            if name in TRIG and operands not in watched:
                needed[place] = True
                watched.add(operands)
        return self._spread(needed)

    def _spread(self, needed: list[bool]) -> list[bool]:
        """Mark what is needed for what is."""
        for place in range(len(needed) - 1, -1, -1):
            if needed[place]:
                for operand in self.operations[place][1]:
                    if isinstance(operand, int):
                        needed[operand] = True
        return needed

    def replay(self, inputs: Sequence[Any], outputs: Sequence[Operand]) -> list[Any]:
        """Return the outputs for these inputs: floats, or any other numbers (Values, say).

        Raises what the operations raise, with the same messages.
        """
        needed = self.live(outputs)
        results: list[Any] = [None] * len(self.operations)
        for place, value in zip(self.inputs, inputs):
            results[place] = value
        for place, (name, operands) in enumerate(self.operations):
            if needed[place] and name != "input":
                results[place] = FUNCTIONS[name](
                    *(results[x] if isinstance(x, int) else x for x in operands)
                )
        return [results[x] if isinstance(x, int) else x for x in outputs]


# The constants that an operation ignores, as its left and as its right operand.
ZERO, MINUS_ZERO, ONE = (0.0).hex(), (-0.0).hex(), (1.0).hex()
NEUTRAL = {
    "+": (MINUS_ZERO, MINUS_ZERO),
    "-": (None, ZERO),
    "*": (ONE, ONE),
    "/": (None, ONE),
    "ratio": (None, ONE),
}


def _same(name: str, operands: Sequence[Operand]) -> int | None:
    """Return the operand that the operation gives back as it is, to the bit, if there is one."""
    if name not in NEUTRAL:
        return None
    (a, b), (left, right) = operands, NEUTRAL[name]
    if isinstance(a, int) and isinstance(b, float) and b.hex() == right:
        return a
    if isinstance(b, int) and isinstance(a, float) and a.hex() == left:
        return b
    return None
