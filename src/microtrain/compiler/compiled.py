"""Functions as generated code: `compile`."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterable, Iterator
from types import SimpleNamespace
from typing import Any, ClassVar

from ..engine.tree import Derivative, Shape, as_lists, flatten_result, numel, unflatten
from ..errors import CompileError, as_list, describe, one_of
from .python import Code
from .record import without_collection
from .transforms import Transform, called, chosen, grad, taken_apart

SHAPES = 32  # of arguments, whose code is kept
LARGE = 100_000  # entries of a Hessian; a larger one is not written down


class Compiled(Transform):
    """A function that runs as generated Python; made by `compile`.

    It takes what the function takes, numbers in any nesting of lists, tuples and dicts, and arrays,
    and returns what the function returns, with floats for numbers. With Values among the arguments
    it returns Values.
    """

    # A slot, so that a call runs what the object holds: the code for the last arguments' shape.
    __slots__ = ("__call__",)

    __call__: Callable[..., Any]
    kind: ClassVar[type[Code]] = Code
    instead = ", or do without mt.compile"

    def __init__(self, what: str, f: Any, argnums: Any = None, traced: Any = None) -> None:
        super().__init__(what, f, argnums)
        self.of = f if what == "compile" else Transform(what, f, argnums)
        known = self.signature.parameters.values() if self.signature else ()
        plain = all(p.kind <= p.POSITIONAL_OR_KEYWORD and p.default is p.empty for p in known)
        # If all have to be given; "" stands for one that has no name to be called by.
        names = ["" if p.kind == p.POSITIONAL_ONLY else p.name for p in known]
        self.parameters = names if plain else []
        cached = functools.lru_cache(SHAPES)
        self.traced = traced or cached(self.trace)
        self._code = cached(self._made)
        self.__call__ = lambda *args, **kwargs: self.run(*taken_apart(self, args, kwargs))
        self._of_numbers = (tuple, (), (None,) * len(self.parameters))
        try:
            if self.parameters:
                self.traced(self._of_numbers)
        except CompileError:
            raise
        except Exception:
            pass  # it takes nestings, whose shapes are known when it is called

    @functools.cached_property
    def value_and_grad(self) -> Compiled:
        """The value and the gradient, as a compiled function of the same arguments.

        The gradient is the derivative by the argument, or a tuple of those by each of several.
        """
        traced = self.traced if self.what == "compile" else None
        return type(self)("value_and_grad", self.of, None, traced)

    def map(self, points: Any) -> list[Any]:
        """Return the list of what this returns for each point: a point is the one argument.

        >>> import microtrain as mt
        >>> mt.compile(lambda v: v[0] * v[1]).map([[1.0, 2.0], [3.0, 4.0]])
        [2.0, 12.0]
        """
        if not hasattr(points, "tolist") or (hasattr(points, "dtype") and points.ndim != 1):
            rows = as_list("map", points, "a list of points")  # those of an array are arrays
        else:
            rows = points.tolist()
        with contextlib.suppress(Exception):
            code = self._use(taken_apart(self, rows[:1], {})[1])
            return code.results(rows)  # type: ignore[no-any-return]
        return [*each(self, rows)]

    def map_value_and_grad(self, points: Any) -> list[tuple[Any, Any]]:
        """Return the list of the values and gradients at the points.

        >>> import microtrain as mt
        >>> mt.compile(lambda x: x * x).map_value_and_grad([1.0, 3.0])
        [(1.0, 2.0), (9.0, 6.0)]
        """
        return self.value_and_grad.map(points)

    @property
    def source(self) -> str:
        """The Python for the last arguments, or for numbers.

        Raises `ValueError` for a function of nestings that was not called yet.
        """
        return self._latest.source  # type: ignore[no-any-return]

    def to_c(self) -> str:
        """Return a file of C99 with the function for the last arguments; it says how to call it.

        It needs nothing but `math.h`, and no memory beside its own variables. Raises `ValueError`
        for a function of nestings that was not called yet, `CompileError` if it can't be written.

        >>> import microtrain as mt
        >>> print(mt.compile(lambda a, b: mt.tanh(a * b)).to_c().strip())
        /* f(x, result): x points to 2 doubles, the arguments one after
           the other; the results go to result of 1. Made by microtrain; compile
           with -std=c99 -ffp-contract=off -fno-builtin, and link with -lm. */
        #include <math.h>
        <BLANKLINE>
        void f(const double *restrict x, double *restrict result)
        {
            result[0] = tanh(x[0] * x[1]);
        }
        """
        if not isinstance(self._latest, Code):
            raise CompileError("a Hessian this large is no single function: compile a product")
        return self._latest.c().portable()

    @functools.cached_property
    def _latest(self) -> Any:
        """The code for the last arguments, or for numbers. Raises `ValueError` if there is none."""
        try:
            return self._use(self._of_numbers)
        except CompileError:
            raise
        except Exception:
            raise ValueError("call it first: a function of lists is compiled then") from None

    @without_collection()
    def _made(self, shape: Shape) -> Any:
        n, (_, _, parts) = self.argnums, shape
        if self.what == "hessian" and isinstance(n, int) and numel(chosen(n, parts)) ** 2 > LARGE:
            return _products(self, n, shape)
        return self.kind(self, shape)

    def _use(self, shape: Shape) -> Any:
        """Return the code for arguments of this shape; the next call tries it first."""
        self._latest = code = self._code(shape)
        self.__call__ = code.function
        return code

    def run(self, leaves: list[Any], shape: Shape) -> Any:
        """Return the result for arguments that are taken apart."""
        return called(self._use(shape).function, shape, leaves)


def _products(compiled: Compiled, n: int, shape: Shape) -> Any:
    """Return a large Hessian by argument n as a loop of its products with unit vectors.

    It has no results for many points: a map calls it for each.
    """
    slope, by = grad(compiled.__wrapped__, n), as_lists(shape[2][n], Derivative)
    axes = range(numel(by))

    def along(direction: list[Any], *args: Any, **kwargs: Any) -> Any:
        slopes, _ = flatten_result(slope(*args, **kwargs), "the gradient")
        return sum([d * x for d, x in zip(direction, slopes)])

    product = type(compiled)("grad", along, n + 1 if n >= 0 else n)

    def function(*args: Any, **kwargs: Any) -> Any:
        leaves, given = taken_apart(compiled, args, kwargs)
        if given != shape:
            return compiled.run(leaves, given)
        units = ([1.0 if i == k else 0.0 for i in axes] for k in axes)
        return unflatten(by, (product(unit, *args, **kwargs) for unit in units))

    source = "# each row is the product with a unit vector; see mt.hessian"
    return SimpleNamespace(function=function, source=source)


def each(f: Callable[[Any], Any], points: Iterable[Any], start: int = 0) -> Iterator[Any]:
    """Yield what `f` returns for each point; an error says which it was, counted from `start`."""
    for place, point in enumerate(points, start):
        try:
            yield f(point)
        except Exception as error:
            error.add_note(f"at points[{place}]: {describe(point)}")
            raise


def compile(f: Callable[..., Any], engine: str = "python") -> Compiled:
    """Return `f` as generated Python that computes the same bits without the bookkeeping.

    With engine="native" it is C, compiled by the C compiler of this machine (the one that the
    environment variable MICROTRAIN_CC names, or cc), with the same bits: for functions of hundreds
    of operations and for `map`, as each call alone costs some microseconds of its own.
    `map` and `map_value_and_grad` of an array with a point in each row, NumPy's or any buffer of
    doubles, then return an ``array('d')`` of all results, one after the other, or a pair of those
    of the values and of the gradients. Raises `CompileError` where there is no compiler, and
    for functions that C computes with other bits on this machine.

    Arguments and results are numbers in any nesting of lists, tuples and dicts; arrays come in as
    nested lists. A function of numbers is compiled at once, one of nestings when it is first called
    with arguments of their shape. `f` runs once, over symbols, so it has to be the same computation
    for all numbers. A branch on a number, or one turned into a bool or a text, raises
    `CompileError`, which names the line; one turned into a float or an int raises `TypeError`. The
    type of a number is `Value`. Random numbers that `f` draws, and all else that it takes from its
    surroundings, stay as they were at that moment; so do defaults that are not given.

    Errors are the same, with the same messages, as without compiling. A computation of more than
    two million operations raises `CompileError`.

    >>> c = compile(lambda a, b: (a * b).tanh())
    >>> c(0.5, 0.0), c.value_and_grad(0.5, 0.0)
    (0.0, (0.0, (0.0, 0.5)))
    >>> print(c.value_and_grad.source)
    def f_value_and_grad(a, b):
        try:
            if not (type(a) is type(b) is float):
                a = reals[type(a)](a)
                b = reals[type(b)](b)
            # forward pass
            v1 = tanh(a * b)
            # backward pass
            d1 = 1.0 - v1 * v1
            return (v1, (0.0 + b * d1, 0.0 + a * d1))
        except Exception:  # repeat it for the message
            return otherwise(a, b)
    >>> import microtrain as mt
    >>> compile(mt.grad(lambda p: p["a"] * p["b"][0]))({"a": 2.0, "b": [3.0, 4.0]})
    {'a': 3.0, 'b': [2.0, 0.0]}
    """
    kind: type[Compiled] = Compiled
    if one_of("engine", engine, ("python", "native")) == "native":
        from .native import NativeCompiled as kind  # it loads ctypes, which takes time
        from .toolchain import compiler

        compiler()
    if isinstance(f, Transform):
        return f if type(f) is kind else kind(f.what, f.__wrapped__, f.argnums)
    return kind("compile", f)
