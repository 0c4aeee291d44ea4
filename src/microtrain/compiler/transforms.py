"""Derivatives as functions: `grad`, `value_and_grad`, `hessian`.

The arguments are numbers, Values, and flat lists of them. Values from outside are constants.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from ..engine.graph import gradients, topological_sort
from ..engine.number import as_number
from ..engine.value import Value
from ..errors import CompileError, any_int, describe
from .record import Record, without_collection
from .symbol import Symbol, as_place

# For each argument, None for a number or the length of a list.
Shape = tuple[int | None, ...]

_active = threading.local()  # .inputs: the variables of the functions that are now running


def trace(
    f: Callable[..., float | Value], shape: Shape, sources: Sequence[Value] = ()
) -> tuple[Record, int, list[int]]:
    """Run `f` over symbols, forward and backward: return the record, the value, its slopes.

    `sources` are the leaves of the Values that the record will be replayed over.
    """
    with without_collection():
        record = Record()
        n = sum([1 if length is None else length for length in shape])
        symbols = [Symbol(record, record.input("x")) for _ in range(n)]
        value, slopes = evaluate(f, packed(symbols, shape), sources)
        return record, as_place(record, value), [as_place(record, x) for x in slopes]


def evaluate(
    f: Callable[..., float | Value], args: Sequence[Any], sources: Sequence[Value] = ()
) -> tuple[Any, list[Any]]:
    """Return the value of `f` and its derivatives by these numbers.

    Raises `CompileError` if `f` uses a variable of a function around it that is being
    differentiated: to `f` it would be a constant, and the derivative of the whole would be wrong.
    """
    arguments = [as_values(x) for x in args]
    inputs = flat(arguments)
    enclosing = getattr(_active, "inputs", ())
    _active.inputs = (*enclosing, *inputs)
    try:
        result: Any = f(*arguments)
    finally:
        _active.inputs = enclosing
    if not isinstance(result, Value):
        number = as_number(result)
        if number is NotImplemented:
            raise TypeError(f"f is expected to return a Value, got {describe(result)}")
        result = Value(number)
    elif not {*enclosing, *sources}.isdisjoint(topological_sort(result)[1]):
        raise CompileError(
            "a function that is differentiated uses a variable from outside that is being "
            "differentiated by, too; pass it to the function as an argument"
        )
    return result.data, gradients(result, inputs)


def grad(f: Callable[..., float | Value], argnums: int | tuple[int, ...] = 0) -> Callable[..., Any]:
    """Return the derivative of `f`: a function of the same arguments.

    argnums: which argument to differentiate by, counted from 0, or a tuple of them. By a number the
    derivative is a float, by a list a list of floats, by several arguments a tuple. Called with
    Values it returns Values, so derivatives of derivatives are possible, to any order.

    Raises `CompileError` where an inner function uses a variable that an outer one is being
    differentiated by: pass it in as an argument. For second and higher derivatives, `f` has to be
    the same computation for all numbers, as for `compile`.

    >>> import microtrain as mt
    >>> mt.grad(lambda x: x**3)(2.0)
    12.0
    >>> mt.grad(mt.grad(lambda x: x**3))(2.0)
    12.0
    >>> mt.grad(lambda x, ws: x * ws[0] + ws[1], argnums=1)(2.0, [3.0, 4.0])
    [2.0, 1.0]
    """
    both = value_and_grad(f, argnums)

    @functools.wraps(f)
    def derivative(*args: Any) -> Any:
        return both(*args)[1]

    return derivative


def value_and_grad(
    f: Callable[..., float | Value], argnums: int | tuple[int, ...] = 0
) -> Callable[..., tuple[Any, Any]]:
    """Return a function that gives the value of `f` and its derivative, as `grad` does.

    >>> import microtrain as mt
    >>> mt.value_and_grad(lambda x: x**3)(2.0)
    (8.0, 12.0)
    """
    chosen = _chosen(f, argnums)

    @functools.wraps(f)
    def both(*args: Any) -> tuple[Any, Any]:
        _check(chosen, args)
        inputs = numbers_in(args)
        if any(isinstance(x, Value) for x in inputs):
            values = [x for x in inputs if isinstance(x, Value)]
            sources = [leaf for x in values for leaf in topological_sort(x)[1]]
            record, y, ys = trace(f, shape_of(args), sources)
            value, *slopes = record.replay(inputs, [y, *ys])
        else:
            value, slopes = evaluate(f, args)
        gradient = packed(slopes, shape_of(args))
        parts = tuple(gradient[n] for n in chosen)
        return value, parts if isinstance(argnums, tuple) else parts[0]

    return both


def hessian(
    f: Callable[..., float | Value], argnums: int | tuple[int, ...] = 0
) -> Callable[..., Any]:
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
    chosen = _chosen(f, argnums)
    slope = grad(f, chosen)

    @functools.wraps(f)
    def second(*args: Any) -> Any:
        _check(chosen, args)
        shape = shape_of([args[n] for n in chosen])
        if any(isinstance(x, Value) for x in numbers_in(args)):
            count = len(flat([args[n] for n in chosen]))
            components = [lambda *v, i=i: flat(slope(*v))[i] for i in range(count)]
            rows = [flat(grad(component, chosen)(*args)) for component in components]
        else:
            values = [as_values(x) for x in args]
            by = flat([values[n] for n in chosen])
            slopes = [x if isinstance(x, Value) else Value(x) for x in flat(slope(*values))]
            rows = [gradients(x, by) for x in slopes]
        split = [packed(row, shape) for row in rows]
        columns = [packed([row[j] for row in split], shape) for j in range(len(chosen))]
        blocks = tuple(zip(*columns))
        return blocks if isinstance(argnums, tuple) else blocks[0][0]

    return second


def _chosen(f: Any, argnums: int | tuple[int, ...]) -> tuple[int, ...]:
    """Return the arguments to differentiate `f` by; refuse what is no function or no number."""
    if not callable(f):
        raise TypeError(f"f expects a function, got {describe(f)}")
    listed = argnums if isinstance(argnums, tuple) else (argnums,)
    return tuple([any_int("argnums", n) for n in listed])


def _check(argnums: Sequence[int], args: Sequence[Any]) -> None:
    """Raise `ValueError` if there is no argument of one of these numbers."""
    for n in argnums:
        if not -len(args) <= n < len(args):
            raise ValueError(f"argnums expects numbers of arguments, got {n} for {len(args)}")


def numbers_in(args: Sequence[Any]) -> list[Any]:
    """Return the arguments as one list of numbers and Values."""
    for i, x in enumerate(args):
        numbers = [as_number(part) for part in flat([x]) if not isinstance(part, Value)]
        if any(number is NotImplemented for number in numbers):
            raise TypeError(f"argument {i} expects a number or a list of them, got {describe(x)}")
    return flat(args)


def as_values(x: Any) -> Any:
    """Return an argument as a new leaf, or a list of them."""
    if isinstance(x, list | tuple):
        return [as_values(part) for part in x]
    return Value(x.data if isinstance(x, Value) else x)


def flat(arguments: Iterable[Any]) -> list[Any]:
    """Return the numbers in the arguments."""
    return [part for x in arguments for part in (x if isinstance(x, list | tuple) else [x])]


def shape_of(args: Iterable[Any]) -> Shape:
    """Return the shape of the arguments."""
    return tuple([len(x) if isinstance(x, list | tuple) else None for x in args])


def packed(flat: Iterable[Any], shape: Shape) -> list[Any]:
    """Return a flat list again in the shape of the arguments."""
    numbers = iter(flat)
    return [next(numbers) if n is None else [next(numbers) for _ in range(n)] for n in shape]
