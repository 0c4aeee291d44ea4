"""Functions as C, compiled by the compiler of this machine: `compile` with engine="native"."""

from __future__ import annotations

import ctypes
import functools
import itertools
import operator
import random
import struct
from array import array
from collections.abc import Callable, Iterator
from typing import Any

from ..engine.primitive import Primitive
from ..engine.tree import REALS, ArrayAsList, Shape, are_real, flatten
from ..errors import CompileError
from .c import Source
from .code import Code
from .compiled import Compiled, each
from .record import Record
from .toolchain import library
from .writer import INFIX

FORMATS = [*"dfbBhHiIlLqQ"]  # of the numbers in buffers

# What comes up where arguments are no plain numbers in the nesting that is expected.
UNREAD = AttributeError, KeyError, OverflowError, TypeError, struct.error


class Native:
    """The compiled C of a record."""

    def __init__(self, source: Source) -> None:
        self.source, self.sizes = source.native(), [*source.outputs.values()]
        self.call = library(self.source).points
        pointers = [ctypes.c_void_p] * len(self.sizes)
        self.call.argtypes = [ctypes.c_void_p, ctypes.c_long, *pointers]
        self.is_finite = source.is_finite

    def __call__(self, numbers: Any, n: int) -> list[array[float]] | None:
        """Return the outputs for n points, or None where something may have gone wrong.

        numbers: a buffer of doubles, those of one point after those of the other.
        """
        outputs = [array("d", bytes(8 * size * n)) for size in self.sizes]
        addresses = [output.buffer_info()[0] for output in outputs]
        x = (
            ctypes.addressof(ctypes.c_char.from_buffer(numbers))
            if memoryview(numbers).nbytes
            else 0
        )
        failed = self.call(x, n, *addresses)
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
        found = native(array("d", xs), 1)
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
        self._read = [_reader(shape) for shape in self.shape[2]]
        self._build = _builder(self.result, itertools.count())

    def _call(self, *args: Any, **kwargs: Any) -> Any:
        found = None
        if len(args) + len(kwargs) == len(self._read) and (*kwargs,) == self.shape[1]:
            given = array("d")
            try:
                for read, x in zip(self._read, (*args, *kwargs.values())):
                    read(x, given)
                found = self._native(given, 1)
            except UNREAD:  # it takes more than that
                pass
        if found is None:
            return self._otherwise(*args, **kwargs)
        numbers: list[float] = []
        for column in found:
            numbers += column.tolist()
        return self._build(numbers)

    @functools.cached_property
    def loop(self) -> Callable[[list[Any]], list[Any]]:
        return self._map

    def _map(self, points: list[Any]) -> list[Any]:
        """Return the results for a list of points."""
        numbers, found, (read,) = array("d"), None, self._read
        try:
            for x in points:
                read(x, numbers)
            found = self._native(numbers, len(points))
        except UNREAD:  # they are not all alike
            pass
        if found is None:
            return [*map(self.function, points)]
        if self.result is None:
            return found[0].tolist()
        columns = [_parts(x.tolist(), n) for x, n in zip(found, self._native.sizes)]
        if len(columns) == 1:
            return [*map(self._build, *columns)]
        return [self._build(value + slopes) for value, slopes in zip(*columns)]

    def map_rows(self, view: memoryview) -> Any:
        """Return the results for the points in the rows of a buffer, as one array or two."""
        found = self._native(view, len(view))
        if found is None:
            found = [array("d") for _ in self._native.sizes]
            for result in each(self.function, view.tolist()):
                leaves: list[Any] = []
                flatten(result, leaves, "the result")
                rest = iter(leaves)
                for column, n in zip(found, self._native.sizes):
                    column.extend(itertools.islice(rest, n))
        return found[0] if len(found) == 1 else tuple(found)


def _parts(numbers: list[float], n: int) -> Iterator[list[float]]:
    """Return the parts of a list that are so long."""
    return (numbers[k : k + n] for k in range(0, len(numbers), n))


def _reader(shape: Shape) -> Callable[[Any, Any], None]:
    """Return what adds the numbers in a nesting of this shape to an array.

    It raises an error for what is another nesting, or may be.
    """
    if shape is None:
        return lambda x, numbers: numbers.append(REALS[type(x)](x))
    kind, keys, shapes = shape
    parts, is_flat, dimensions = [*map(_reader, shapes)], not any(shapes), _dimensions(shape)
    packed, plain = struct.Struct(f"{len(shapes)}d").pack, list if kind is ArrayAsList else kind

    def read(x: Any, numbers: Any) -> None:
        if type(x) is not plain:
            if plain is kind:
                raise TypeError
            view = _view(x)
            if view is not None and view.shape == dimensions:
                numbers.frombytes(view.cast("B"))
                return
            x = x.tolist()
        if len(x) != len(shapes) or (kind is dict and (*x,) != keys):
            raise TypeError
        if kind is dict:
            for y, part in zip(x.values(), parts):
                part(y, numbers)
        elif is_flat and are_real(x):
            numbers.frombytes(packed(*x))
        else:
            for y, part in zip(x, parts):
                part(y, numbers)

    return read


def _builder(shape: Shape, places: Iterator[int]) -> Callable[[list[float]], Any]:
    """Return what makes a nesting of this shape of the numbers in these places of a list."""
    if shape is None:
        return operator.itemgetter(next(places))
    kind, keys, shapes = shape
    if kind is list and shapes and not any(shapes):
        *_, last = (next(places) for _ in shapes)
        return operator.itemgetter(slice(last + 1 - len(shapes), last + 1))
    parts = [_builder(part, places) for part in shapes]
    if kind is dict:
        return lambda numbers: {key: part(numbers) for key, part in zip(keys, parts)}
    if hasattr(kind, "_fields"):
        return lambda numbers: kind(*[part(numbers) for part in parts])
    return lambda numbers: kind([part(numbers) for part in parts])


def _dimensions(shape: Shape) -> tuple[int, ...] | None:
    """Return the dimensions of an array of this shape, or None if there is none."""
    if shape is None:
        return ()
    kind, _, shapes = shape
    inner = {*map(_dimensions, shapes)}
    if kind is not ArrayAsList or len(inner) != 1 or None in inner:
        return None
    return (len(shapes), *inner.pop())  # type: ignore[misc]


def _view(x: Any) -> Any:
    """Return an array of numbers as a buffer of doubles that C can read, or None for all else."""
    try:
        view: Any = memoryview(x)
    except (TypeError, ValueError):
        return None
    if view.ndim == 0 or view.format not in FORMATS or (hasattr(x, "mask") and x.mask.any()):
        return None
    if view.nbytes and (view.format != "d" or view.readonly or not view.c_contiguous):
        numbers: Any = view.tobytes()
        if view.format != "d":
            numbers = memoryview(numbers).cast(view.format)
        view = memoryview(array("d", numbers)).cast("B").cast("d", view.shape)
    return view


class NativeCompiled(Compiled):
    """A function that runs as C; made by `compile`."""

    kind = NativeCode

    def map(self, points: Any) -> Any:
        view = _view(points)
        if view is not None and view.ndim <= 2:
            point = None if view.ndim == 1 else (ArrayAsList, (), (None,) * view.shape[1])
            code = self._use((tuple, (), (point,)))
            if isinstance(code, NativeCode):
                return code.map_rows(view)
        return super().map(points)
