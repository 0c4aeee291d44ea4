"""Functions as C, compiled by the compiler of this machine: `compile` with engine="native"."""

from __future__ import annotations

import ctypes
import functools
import itertools
import operator
import random
import struct
from array import array
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from ..engine.primitive import Primitive
from ..engine.tree import REALS, ArrayAsList, Shape, are_real, flatten_result
from ..errors import CompileError
from .c import Source
from .compiled import Compiled, each
from .python import FEW, Code, Python, assemble, function
from .record import Record
from .toolchain import load
from .writer import INFIX, Part

ROWS = 64  # at most, that Python computes where C can't do one of them
FORMATS = [*"dfbBhHiIlLqQ"]  # of the numbers in buffers

# What comes up where arguments are no plain numbers in the nesting that is expected.
UNREAD = AttributeError, KeyError, OverflowError, TypeError, ValueError, struct.error


class Native:
    """The compiled C of a record."""

    def __init__(self, source: Source) -> None:
        self.source, self.is_finite = source.native(), source.is_finite
        self.blank = [array("d", bytes(8 * size)) for size in source.outputs.values()]
        self.call = load(self.source).points
        pointers = [ctypes.c_void_p] * len(self.blank)
        self.call.argtypes = [ctypes.c_void_p, ctypes.c_long, *pointers]

    def __call__(self, numbers: Any, n: int) -> list[array[float]] | None:
        """Return the outputs for n points, or None where something may have gone wrong.

        numbers: doubles, those of one point after those of the other: bytes, or a pointer.
        """
        outputs = [blank * n for blank in self.blank]
        places = [output.buffer_info()[0] for output in outputs]
        return outputs if self.is_finite and not self.call(numbers, n, *places) else None


def check(record: Record) -> None:
    """Raise `CompileError` if a function in a record has other bits in C than in Python here."""
    arities = {op[0]: len(op) - 1 for op in record.operations if len(op) > 1}
    for primitive, n in arities.items():
        if primitive.c not in (*INFIX, "both", "either"):
            _probe(primitive, n)


@functools.lru_cache(maxsize=256)
def _probe(primitive: Primitive, n: int) -> None:
    """Compare a primitive of n operands in C with its function, some hundred times."""
    record = Record()
    places = [record.input("x") for _ in range(n)]
    part = Part("", "v", [record.add((primitive, *places))])
    native = Native(Source(record, [part], "probed"))
    draw = random.Random(0)
    for _ in range(300):
        xs = [_drawn(draw, primitive.takes_condition(k)) for k in range(n)]
        found = native(struct.pack(f"{n}d", *xs), 1)
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
    x = draw.gauss(0.0, 1.0)
    whole, any_size = float(draw.randrange(-3, 4)), x * 2.0 ** draw.randrange(-1060, 1020)
    return x > 0.0 if condition else draw.choice((x, 3.0 * x, 30.0 * x, whole, any_size))


class Results(Python):
    """Python that puts results together: neighbours are taken out of their arrays at once."""

    sizes: dict[str, int]  # of the arrays, by name

    def list_of(self, texts: Iterable[str]) -> str:
        items: list[str] = []
        for name, same in itertools.groupby(texts, lambda text: text.partition("[")[0]):
            run = [*same]
            if len(run) <= FEW:
                items += run
            elif run[0] == name:  # a constant
                items.append(f"*({name},) * {len(run)}")
            else:
                start = int(run[0][len(name) + 1 : -1])
                part = "" if len(run) == self.sizes[name] else f"[{start}:{start + len(run)}]"
                items.append(f"*{name}{part}.tolist()")
        text = ", ".join(items)
        return text[1:] if len(items) == 1 and text.endswith("()") else f"[{text}]"


class NativeCode(Code):
    """The C of a function for arguments of one shape."""

    def __init__(self, compiled: Compiled, shape: Shape) -> None:
        super().__init__(compiled, shape)
        check(self._record)
        c = self.c()
        self._native, self._read = Native(c), _reader(shape)
        self.source, self.function, self.loop = self._native.source, self._call, self._map
        self.dimensions = [*map(_dimensions, shape[2])]
        outputs = (f"{name}[{k}]" for name, size in c.outputs.items() for k in range(size))
        constants = [repr(x) for x in self._record.constants]
        # Constants are shared, and not made floats of again and again.
        texts = (constants[~place] if place < 0 else x for place, x in zip(self._places, outputs))
        writer = Results(Record(), c.outputs)
        writer.sizes = c.outputs
        lines = [f"return {writer.nesting(self.result, texts)}"]
        put_together = function("put_together", [*c.outputs], lines)
        self._put_together = assemble(put_together, "put_together", writer.namespace)

    def _call(self, *args: Any, **kwargs: Any) -> Any:
        try:
            if (*kwargs,) == self.shape[1]:
                found = self._native(self._read((*args, *kwargs.values())), 1)
                if found:
                    return self._put_together(*found)
        except UNREAD:  # it takes more than that
            pass
        return self._otherwise(*args, **kwargs)

    def _map(self, points: list[Any]) -> list[Any]:
        """Return the results for a list of points."""
        try:
            found = self._native(b"".join(map(self._read, zip(points))), len(points))
            if found:
                return [*map(self._put_together, *[_parts(x, len(points)) for x in found])]
        except UNREAD:  # they are not all alike
            pass
        return [*map(self.function, points)]

    def map_rows(self, view: memoryview, start: int = 0) -> list[array[float]]:
        """Return the results, an array of each kind, for points in the rows of a buffer.

        What C can't do is left to Python: of many rows, only the few around those concerned. An
        error counts the points from `start`.
        """
        numbers: Any = None
        if view.nbytes and view.format == "d" and view.c_contiguous and not view.readonly:
            numbers = ctypes.byref(ctypes.c_char.from_buffer(view))
        found = self._native(numbers or _doubles(view), len(view))
        if found is None and len(view) > ROWS:
            half = len(view) // 2
            halves = self.map_rows(view[:half], start), self.map_rows(view[half:], start + half)
            return [*map(operator.add, *halves)]
        if found is None:
            found = [array("d") for _ in self._native.blank]
            for result in each(self.function, view.tolist(), start):
                rest = iter(flatten_result(result, "the result")[0])
                for column, blank in zip(found, self._native.blank):
                    column.extend(itertools.islice(rest, len(blank)))
        return found


def _parts(column: array[float], n: int) -> Iterator[array[float]]:
    """Return the n parts of an array."""
    size = len(column) // n
    return (column[k * size : k * size + size] for k in range(n))


def _reader(shape: Shape) -> Callable[[Any], bytes]:
    """Return what makes doubles, as bytes, of the numbers in a nesting of this shape.

    It raises an error for what is another nesting, or may be.
    """
    if shape is None:
        pack_one = struct.Struct("d").pack
        return lambda x: pack_one(REALS[type(x)](x))
    kind, keys, shapes = shape
    dimensions, pack = _dimensions(shape), struct.Struct(f"{len(shapes)}d").pack
    readers = [*map(_reader, shapes)] if any(shapes) else []
    plain = list if kind is ArrayAsList else kind

    def read(x: Any) -> bytes:
        if type(x) is not plain:
            if plain is kind:
                raise TypeError
            view = _view(x)
            if view is not None and view.shape == dimensions:
                return _doubles(view)
            x = x.tolist()
        if kind is dict:
            if (*x,) != keys:
                raise TypeError
            x = x.values()
        if readers and len(x) == len(readers):
            return b"".join([part(y) for part, y in zip(readers, x)])
        if not are_real(x):
            raise TypeError
        return pack(*x)

    return read


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
    """Return the buffer of an array of numbers, or None for all else."""
    if not hasattr(x, "tolist"):  # bytes, for example
        return None
    try:
        view = memoryview(x)
        if view.format != "d" and getattr(getattr(x, "dtype", x), "kind", "-") in "fiu":
            view = memoryview(x.astype(float))
    except (TypeError, ValueError):
        return None
    is_masked = hasattr(x, "mask") and x.mask.any()
    return view if view.ndim and view.format in FORMATS and not is_masked else None


def _doubles(view: memoryview) -> bytes:
    """Return the numbers in a buffer as doubles."""
    numbers = view.tobytes()
    if view.format != "d":
        numbers = array("d", memoryview(numbers).cast(view.format)).tobytes()  # type: ignore
    return numbers


class NativeCompiled(Compiled):
    """A function that runs as C; made by `compile`."""

    kind = NativeCode

    def map(self, points: Any) -> Any:
        view = _view(points)
        if view is not None and view.ndim <= 2:
            code = vars(self).get("_latest")
            if getattr(code, "dimensions", None) != [view.shape[1:]]:
                point = None if view.ndim == 1 else (ArrayAsList, (), (None,) * view.shape[1])
                code = self._use((tuple, (), (point,)))
            if isinstance(code, NativeCode):
                found = code.map_rows(view)
                return found[0] if len(found) == 1 else tuple(found)
        return super().map(points)
