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
from ..engine.tree import REALS, ArrayAsList, Shape, are_real, as_lists, flatten_result
from ..errors import CompileError
from .c import Source
from .compiled import Compiled, each
from .python import FEW, RESERVED, Code, Python, assemble, function, listed
from .record import Record
from .toolchain import load
from .writer import INFIX, Part


def loaded(source: Source) -> Callable[..., list[array[float]]]:
    """Compile the C of a record: return a function of the numbers of n points, and of n.

    The numbers are doubles, point after point: as bytes, or a pointer to them. It returns an array
    of each output, in the same order. Raises `ArithmeticError` where something may have gone wrong.
    """
    blank = [array("d", bytes(8 * size)) for size in source.outputs.values()]
    call = load(source.native()).points
    call.argtypes = [ctypes.c_void_p, ctypes.c_long, *[ctypes.c_void_p] * len(blank)]

    def run(numbers: Any, n: int = 1) -> list[array[float]]:
        outputs = [zeros * n for zeros in blank]
        places = [output.buffer_info()[0] for output in outputs]
        if call(numbers, n, *places):
            raise ArithmeticError("the flags of the floats tell of an error")
        return outputs

    return run


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
    native = loaded(Source(record, [part], "probed"))
    draw = random.Random(0)
    for _ in range(300):
        xs = [_drawn(draw, primitive.takes_condition(k)) for k in range(n)]
        try:
            got = native(struct.pack(f"{n}d", *xs))[0][0].hex()
        except ArithmeticError:
            continue
        try:
            expected = float(primitive.call(*xs)).hex()
        except (ArithmeticError, ValueError):
            expected = "an error"
        if got != expected:
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

    def list_of(self, texts: Iterable[str]) -> str:
        items: list[str] = []
        for name, same in itertools.groupby(texts, lambda text: text.partition("[")[0]):
            run = [*same]
            if run[0] != name and len(run) > FEW:  # else it is a constant, or few
                start = int(run[0][len(name) + 1 : -1])
                run = [f"*{name}[{start}:{start + len(run)}].tolist()"]
            items += run
        return super().list_of(items)


class NativeCode(Code):
    """The C of a function for arguments of one shape, and the Python that calls it."""

    def __init__(self, compiled: Compiled, shape: Shape) -> None:
        super().__init__(compiled, shape)
        self.source = self._c.native()
        self.dimensions = [*map(_dimensions, shape[2])]

    def _writer(self) -> Python:
        return Results(Record(), [*RESERVED.split(), "run", "read", "value", "gradient", "result"])

    def _computed(self, writer: Python, arguments: list[str]) -> tuple[list[str], Iterator[str]]:
        check(self._record)
        self._c = c = self.c()
        self._run, self._read = loaded(c), _reader(self.shape)
        writer.namespace |= {"run": self._run, "read": self._read}
        # Constants are shared, and not made floats of again and again.
        constants = [repr(x) for x in self._record.constants]
        outputs = (f"{name}[{k}]" for name, size in c.outputs.items() for k in range(size))
        texts = [constants[~place] if place < 0 else x for place, x in zip(self._places, outputs)]
        body = [f"return {writer.nesting(self.result, iter(texts))}"]
        source = function("together", [*c.outputs], body)
        self._together = assemble(source, "together", writer.namespace)
        return [f"{listed(c.outputs)} = run(read(({', '.join([*arguments, ''])})))"], iter(texts)

    def results(self, points: list[Any]) -> list[Any]:
        numbers = b"".join(map(self._read, zip(points)))  # the arguments of each are one point
        found = zip(self._run(numbers, len(points)), self._c.outputs.values())
        parts = [[x[k * n : k * n + n] for k in range(len(points))] for x, n in found]
        return [*map(self._together, *parts)]

    def map_rows(self, view: memoryview, start: int = 0) -> list[array[float]]:
        """Return the results, an array of each kind, for points in the rows of a buffer.

        The rows that C can't do are left to Python. An error counts the points from `start`.
        """
        if view.nbytes and view.c_contiguous and not view.readonly:  # copying takes as long as C
            numbers: Any = ctypes.byref(ctypes.c_char.from_buffer(view))
        else:
            numbers = view.tobytes()
        try:
            return self._run(numbers, len(view))
        except ArithmeticError:
            half = len(view) // 2
        if half:
            halves = self.map_rows(view[:half], start), self.map_rows(view[half:], start + half)
            return [*map(operator.add, *halves)]
        point: Any = array("d", view.tobytes()) if view.ndim > 1 else view[0]
        [result] = each(self.function, [point], start)
        leaves = iter(flatten_result(result, "the result")[0])
        return [array("d", itertools.islice(leaves, n)) for n in self._c.outputs.values()]


def _reader(shape: Shape) -> Callable[[Any], bytes]:
    """Return what makes doubles, as bytes, of the numbers in a nesting of this shape.

    It raises an error for what is another nesting, or may be.
    """
    if shape is None:
        pack_one = struct.Struct("d").pack
        return lambda x: pack_one(REALS[type(x)](x))
    kind, keys, shapes = shape
    dimensions, pack = _dimensions(shape), struct.Struct(f"{len(shapes)}d").pack
    if kind is ArrayAsList:
        _, _, shapes = as_lists(shape)
    readers = [*map(_reader, shapes)] if any(shapes) else []

    def read(x: Any) -> bytes:
        if kind is ArrayAsList:
            view = _view(x)
            if view is not None and view.shape == dimensions:
                return view.tobytes()  # type: ignore[no-any-return]
            x = x.tolist()
        elif type(x) is not kind:
            raise TypeError
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
    """Return the numbers of an array as a buffer of doubles, or None for all else."""
    if not hasattr(x, "tolist"):  # bytes, for example
        return None
    try:
        view = memoryview(x)
        if view.format != "d" and getattr(getattr(x, "dtype", x), "kind", "-") in "fiu":
            view = memoryview(x.astype(float))
    except (TypeError, ValueError):  # pandas has no buffers, and `mask` is a method there
        return None
    is_masked = hasattr(x, "mask") and x.mask.any()
    return view if view.ndim and view.format == "d" and not is_masked else None


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
