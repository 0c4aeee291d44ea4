"""Derivatives as functions: `grad`, `value_and_grad`, `jacobian`, `hessian`.

Arguments and results are any nestings of numbers and Values. What a function takes from its
surroundings is constant.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from ..engine.graph import gradients, tangents, topological_sort, variables
from ..engine.number import as_number
from ..engine.tree import Derivative, Shape, as_lists, flatten, flatten_result, numel, unflatten
from ..engine.value import Value
from ..errors import CompileError, expect
from .record import Record, without_collection
from .symbol import Symbol, as_place

Argnums = int | tuple[int, ...]


class Transform:
    """A function made of another one, which computes with numbers, symbols or Values.

    `numbers` gets the numbers in the arguments, and their shape. It computes with numbers and
    symbols; for Values, it is recorded, and the record replayed.
    """

    __wrapped__: Any
    instead = "; higher derivatives need that"  # at the end of errors of what is recorded

    def __init__(self, what: str, f: Any, argnums: Argnums | None = None) -> None:
        expect(callable(f), what, "a function", f)
        functools.update_wrapper(self, f, updated=())
        self.what, self.argnums = what, argnums
        self.numbers = functools.partial(RULES[what], f, argnums)

    def __reduce__(self) -> Any:
        """Return the name by which its module has it, if that is so, else what makes it."""
        module, name = sys.modules.get(self.__module__), getattr(self, "__qualname__", "")
        found = getattr(module, name, None) is self
        return name if found else (type(self), (self.what, self.__wrapped__, self.argnums))

    @functools.cached_property
    def signature(self) -> Any:
        """What `inspect` says of the arguments, or None for functions that do not tell."""
        import inspect  # slow to import

        try:
            return inspect.signature(self.__wrapped__)
        except (TypeError, ValueError):
            return None

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        leaves, shape = taken_apart(self, args, kwargs)
        values = [x for x in leaves if isinstance(x, Value)]
        if not values:
            return self.numbers(leaves, shape)
        sources = [leaf for value in values for leaf in topological_sort(value)[1]]
        before = variables.set(variables.get().union(sources))
        try:
            record, places, result = self.trace(shape)
        finally:
            variables.reset(before)
        given = [x if isinstance(x, Value) else as_number(x) for x in leaves]
        return unflatten(result, iter(record.replay(given, places)))

    @without_collection()
    def trace(self, shape: Shape) -> tuple[Record, list[int], Shape]:
        """Run over symbols: return the record, and the places and the shape of the results."""
        record = Record(self.instead)
        symbols = [Symbol(record, record.input("x")) for _ in range(numel(shape))]
        leaves, result = flatten_result(self.numbers(symbols, shape), "the result")
        if record.refused:
            raise record.refused
        return record, [as_place(record, x) for x in leaves], result


def taken_apart(f: Transform, args: Any, kwargs: Any) -> tuple[list[Any], Shape]:
    """Return the numbers and Values in the arguments of `f`, and the shape of the arguments.

    It is that of a tuple; the keys are the names of the last arguments, which go by keyword because
    they have to.
    """
    if kwargs and f.signature is not None:
        call = f.signature.bind(*args, **kwargs)
        args, kwargs = call.args, call.kwargs
    leaves: list[Any] = []
    given = enumerate((*args, *kwargs.values()))
    try:
        shapes = tuple([flatten(x, leaves, f"argument {i}") for i, x in given])
    except TypeError as error:
        error.add_note(
            "bind what is no number first, as in functools.partial(f, flag=True); make numbers of "
            "a mask: mask.astype(float)"
        )
        raise
    return leaves, (tuple, tuple(kwargs), shapes)


def called(f: Callable[..., Any], shape: Shape, leaves: Iterable[Any]) -> Any:
    """Return what `f` returns for arguments of this shape."""
    args = unflatten(shape, iter(leaves))
    count = len(args) - len(shape[1])
    return f(*args[:count], **dict(zip(shape[1], args[count:])))


def derivatives(f: Any, argnums: Any, leaves: Any, shape: Shape, *, rows: bool = False) -> Any:
    """Return what `f` returns, and its derivatives by the arguments.

    If it returns a nesting, they are left out, unless they are asked for, row by row. These are
    found backward, or, where there are fewer columns, forward. Raises `CompileError` if `f` uses a
    variable of a function around it that is being differentiated: to `f` it would be a constant,
    and the derivative of the whole would be wrong.
    """
    inputs = [Value(x) for x in leaves]
    by: list[Any] = []
    given = flatten(chosen(argnums, unflatten(shape, iter(inputs))), by, "argnums")
    by_shape = as_lists(given, Derivative)
    before = variables.set(variables.get().union(inputs))
    try:
        found, result_shape = flatten_result(called(f, shape, inputs), "the result")
    finally:
        variables.reset(before)
    results = [x if isinstance(x, Value) else Value(x) for x in found]
    enclosing = variables.get()
    if enclosing and not all(enclosing.isdisjoint(topological_sort(x)[1]) for x in results):
        raise CompileError(
            "a function that is differentiated uses a variable from outside that is being "
            "differentiated by, too; pass it to the function as an argument"
        )
    value = unflatten(result_shape, iter([x.data for x in results]))
    if result_shape is not None and not rows:
        return (value,)
    if result_shape is not None and issubclass(result_shape[0], list) and by_shape != given:
        result_shape, by_shape = (Derivative, *result_shape[1:]), as_lists(given)
    slopes: Any = (gradients(x, by) for x in results)
    if 0 < len(by) < len(results):
        slopes = zip(*tangents(results, by))
    packed = [unflatten(by_shape, iter(slope)) for slope in slopes]
    if not isinstance(argnums, tuple):
        return value, unflatten(result_shape, iter(packed))
    blocks = [[slope[k] for slope in packed] for k in range(len(argnums))]
    return value, tuple([unflatten(result_shape, iter(block)) for block in blocks])


def expect_gradient(found: Any) -> Any:
    """Return a value and its gradient. Raises `TypeError` if there is none."""
    if len(found) == 1:
        raise TypeError(
            "grad, value_and_grad and hessian expect a function that returns one number, this one "
            "returned a nesting of numbers: use jacobian, or, if this one is a derivative already, "
            "just call it (or its map)"
        )
    return found


def grad(f: Callable[..., Any], argnums: Argnums = 0) -> Callable[..., Any]:
    """Return the derivative of `f`: a function of the same arguments.

    argnums: which argument to differentiate by, counted from 0, or a tuple of them. The derivative
    has the form of the argument: by a number it is a float, by a list a list of floats, by a dict
    of lists the same dict of lists, by an array a list; by several arguments it is a tuple. Called
    with Values it returns Values, so derivatives of derivatives are possible, to any order.

    Raises `TypeError` if `f` does not return a number, and `CompileError` where an inner function
    uses a variable that an outer one is being differentiated by: pass it in as an argument. For
    second and higher derivatives, `f` has to be the same computation for all numbers, as for
    `compile`.

    >>> import microtrain as mt
    >>> mt.grad(lambda x: x**3)(2.0)
    12.0
    >>> mt.grad(mt.grad(lambda x: x**3))(2.0)
    12.0
    >>> mt.grad(lambda x, ws: x * ws[0] + ws[1], argnums=1)(2.0, [3.0, 4.0])
    [2.0, 1.0]
    >>> mt.grad(lambda p: p["w"][0] * p["w"][1] + p["b"])({"w": [3.0, 4.0], "b": 1.0})
    {'w': [4.0, 3.0], 'b': 1.0}
    """
    return _transform("grad", f, argnums)


def value_and_grad(f: Callable[..., Any], argnums: Argnums = 0) -> Callable[..., tuple[Any, Any]]:
    """Return a function that gives the value of `f` and its derivative, as `grad` does.

    >>> import microtrain as mt
    >>> mt.value_and_grad(lambda x: x**3)(2.0)
    (8.0, 12.0)
    """
    return _transform("value_and_grad", f, argnums)


def jacobian(f: Callable[..., Any], argnums: Argnums = 0) -> Callable[..., Any]:
    """Return the derivatives of all that `f` returns: a function of the same arguments.

    The result has the form of what `f` returns, and in the place of each number its derivative by
    the argument, as `grad` gives it. For a function from n numbers to a list of m that is a list of
    m rows of n. For several `argnums` it is a tuple of them.

    >>> import microtrain as mt
    >>> polar = lambda v: [v[0] * mt.cos(v[1]), v[0] * mt.sin(v[1])]
    >>> mt.jacobian(polar)([2.0, 0.0])
    [[1.0, 0.0], [0.0, 2.0]]
    """
    return _transform("jacobian", f, argnums)


def hessian(f: Callable[..., Any], argnums: Argnums = 0) -> Callable[..., Any]:
    """Return the second derivatives of `f` by one argument: for a list of n, n lists of n.

    By a tuple of arguments it is a tuple of tuples: result[i][j] holds the derivatives by the i-th
    of them and then by the j-th. They are exact, not differences. `f` has to be the same
    computation for all numbers.

    >>> import microtrain as mt
    >>> mt.hessian(lambda v: v[0] ** 2 * v[1])([3.0, 5.0])
    [[10.0, 6.0], [6.0, 0.0]]
    >>> mt.hessian(lambda a, b: a**2 * b, argnums=(0, 1))(3.0, 5.0)
    ((10.0, 6.0), (6.0, 0.0))
    """
    return _transform("hessian", f, argnums)


def _hessian(f: Any, argnums: Argnums, leaves: Sequence[Any], shape: Shape) -> Any:
    _, found = derivatives(grad(f, argnums), argnums, leaves, shape, rows=True)
    return tuple(zip(*found)) if isinstance(argnums, tuple) else found


RULES: dict[str, Callable[..., Any]] = {
    "compile": derivatives,
    "grad": lambda *given: expect_gradient(derivatives(*given))[1],
    "value_and_grad": lambda *given: expect_gradient(derivatives(*given)),
    "jacobian": lambda *given: derivatives(*given, rows=True)[1],
    "hessian": _hessian,
}


def _transform(what: str, f: Any, argnums: Any) -> Transform:
    """Return the transform of a function; of a compiled one the compiled transform."""
    for n in argnums if isinstance(argnums, tuple) else (argnums,):
        expect(type(n) is int, "argnums", "an int or a tuple of ints", argnums)
    if isinstance(f, Transform):
        return type(f)(what, getattr(f, "of", f), argnums)
    return Transform(what, f, argnums)


def chosen(argnums: Argnums | None, parts: tuple[Any, ...]) -> Any:
    """Return the part that belongs to an argument, or a tuple of them; all for None."""
    if argnums is None:
        return parts[0] if len(parts) == 1 else parts
    if isinstance(argnums, tuple):
        return tuple([chosen(n, parts) for n in argnums])
    if not -len(parts) <= argnums < len(parts):
        raise ValueError(
            "argnums expects the place of an argument, counted from 0, below "
            f"{len(parts)}; got {argnums}" + ": is one missing?" * (argnums == len(parts))
        )
    return parts[argnums]
