"""Functions as C, compiled by the compiler of this machine: `compile` with engine="native"."""

from __future__ import annotations

import contextlib
import ctypes
import functools
import itertools
import random
from array import array
from collections.abc import Callable
from typing import Any

from ..engine.primitive import Primitive
from ..errors import CompileError
from .c import Source
from .code import Code
from .compiled import Compiled
from .record import Record
from .toolchain import library
from .transforms import taken_apart
from .tree import flatten, unflatten
from .writer import INFIX


class Native:
    """The compiled C of a record."""

    def __init__(self, source: Source) -> None:
        self.source, self.sizes = source.native(), [*source.outputs.values()]
        self.call = library(self.source).points
        pointers = [ctypes.c_void_p] * len(self.sizes)
        self.call.argtypes = [ctypes.c_void_p, ctypes.c_long, *pointers]
        self.is_finite = source.is_finite

    def __call__(self, x: int, n: int) -> list[array[float]] | None:
        """Return the outputs for n points, or None where something may have gone wrong.

        x: the address of the points' numbers.
        """
        outputs = [array("d", bytes(8 * size * n)) for size in self.sizes]
        failed = self.call(x, n, *[output.buffer_info()[0] for output in outputs])
        return outputs if self.is_finite and not failed else None


def check(record: Record) -> None:
    """Raise `CompileError` if a function in a record has other bits in C than in Python here."""
    for primitive in dict.fromkeys([op[0] for op in record.operations if len(op) > 1]):
        if primitive.c not in (*INFIX, "both", "either"):
            _probe(primitive)


@functools.lru_cache(maxsize=256)
def _probe(primitive: Primitive) -> None:
    """Compare a primitive in C with its function, for some hundred operands."""
    record = Record()
    n = len(primitive.slopes) or 1 + primitive.name.endswith("power")
    places = [record.input("x") for _ in range(n)]
    native = Native(Source(record, [record.add((primitive, *places))], "probed", split=False))
    draw = random.Random(0)
    for _ in range(300):
        xs = [_drawn(draw, primitive.takes_condition(k)) for k in range(n)]
        numbers = array("d", xs)
        found = native(numbers.buffer_info()[0], 1)
        try:
            expected = float(primitive.call(*xs)).hex()
        except (ArithmeticError, ValueError):
            expected = "an error"
        got = found and found[0][0].hex()
        if (got or expected) != expected:
            shown = ", ".join(map(repr, xs))
            raise CompileError(
                f"{primitive.name} has other bits in C than in Python on this machine: "
                f"{primitive.name}({shown}) is {got} instead of {expected}"
            )


def _drawn(draw: random.Random, condition: bool) -> Any:
    """Return an operand: of usual size, whole, or of any size."""
    if condition:
        return draw.random() < 0.5
    usual = draw.choice((0.5, 1.0, 3.0, 30.0)) * draw.gauss(0.0, 1.0)
    whole = float(draw.randrange(-3, 4))
    return draw.choice(
        (usual, usual, whole, draw.gauss(0.0, 1.0) * 2.0 ** draw.randrange(-1060, 1020))
    )


class NativeCode(Code):
    """The C of a function for arguments of one shape."""

    def _write(self) -> None:
        check(self._record)
        self._native = Native(self.c())
        self.source, self.function = self._native.source, self._call

    def _call(self, *args: Any, **kwargs: Any) -> Any:
        leaves, shape = taken_apart(self._compiled.of, args, kwargs)
        if shape == self.shape and (found := self._computed(leaves, 1)):
            return unflatten(self.result, itertools.chain(*found))
        return self._otherwise(*args, **kwargs)

    def _computed(self, leaves: list[Any], n: int) -> list[array[float]] | None:
        try:
            numbers = array("d", leaves)
        except (TypeError, OverflowError):  # there are Values among them, or huge ints
            return None
        return self._native(numbers.buffer_info()[0], n)

    @functools.cached_property
    def loop(self) -> Callable[[list[Any]], list[Any]]:
        return self._points

    def _points(self, points: list[Any]) -> list[Any]:
        """Return the results for a list of points."""
        leaves: list[Any] = []
        (expected,) = self.shape[2]
        same = all(flatten(x, leaves, "a point") == expected for x in points)
        found = self._computed(leaves, len(points)) if same else None
        if found is None:
            return [*map(self.function, points)]
        first, *rest = map(iter, found)
        if not rest:
            return [unflatten(self.result, first) for _ in points]
        _, _, (_, slopes) = self.result
        return [(next(first), unflatten(slopes, rest[0])) for _ in points]

    def map_rows(self, view: memoryview) -> Any:
        """Return the results for the points in the rows of a buffer, as one array or two."""
        numbers: Any = view
        if view.readonly or not view.c_contiguous:
            numbers = array("d", view.tobytes())
        found = None
        if len(view):
            found = self._native(ctypes.addressof(ctypes.c_char.from_buffer(numbers)), len(view))
        if found is None:
            found = [array("d") for _ in self._native.sizes]
            for point in view.tolist():
                leaves: list[Any] = []
                flatten(self.function(point), leaves, "the result")
                rest = iter(leaves)
                for column, n in zip(found, self._native.sizes):
                    column.extend(itertools.islice(rest, n))
        return found[0] if len(found) == 1 else tuple(found)


class NativeCompiled(Compiled):
    """A function that runs as C; made by `compile`."""

    kind = NativeCode

    def map(self, points: Any) -> Any:
        with contextlib.suppress(TypeError):
            view: Any = memoryview(points)
            if view.format == "d" and view.ndim <= 2:
                point = None if view.ndim == 1 else (list, (), (None,) * view.shape[1])
                code = self._use((tuple, (), (point,)))
                if isinstance(code, NativeCode):
                    return code.map_rows(view)
        return super().map(points)
