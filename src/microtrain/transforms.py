"""Derivatives as functions: `grad`, `value_and_grad`, `hessian`.

Each takes a function of Values, or of flat lists of them, that returns a Value, and returns one of
the same arguments.
"""

from __future__ import annotations

import functools

from .errors import any_int, describe
from .functional import as_values, evaluate, leaves_of, numbers_in, packed, shape_of, trace
from .graph import gradients
from .value import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any


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
    if not callable(f):
        raise TypeError(f"f expects a function, got {describe(f)}")
    chosen = argnums if isinstance(argnums, tuple) else (argnums,)
    chosen = tuple(any_int("argnums", n) for n in chosen)

    @functools.wraps(f)
    def both(*args: Any) -> tuple[Any, Any]:
        _check(chosen, args)
        inputs = numbers_in(args)
        if any(isinstance(x, Value) for x in inputs):
            program, y, ys = trace(f, shape_of(args), leaves_of(inputs))
            value, *slopes = program.replay(inputs, [y, *ys])
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

    By several arguments they are a tuple of tuples of blocks: ``[i][j]`` is by the i-th of
    `argnums`, then by the j-th. A block is a float for two numbers, a list for a number and a list,
    in either order, and for two lists a list of lists, with a row for each item of the first.

    They are exact, not differences. `f` has to be the same computation for all numbers.

    >>> import microtrain as mt
    >>> mt.hessian(lambda v: v[0] ** 2 * v[1])([3.0, 5.0])
    [[10.0, 6.0], [6.0, 0.0]]
    >>> mt.hessian(lambda x, v: x * v[0] ** 2 * v[1], argnums=(0, 1))(1.0, [3.0, 5.0])
    ((0.0, [30.0, 9.0]), ([30.0, 9.0], [[10.0, 6.0], [6.0, 0.0]]))
    """
    chosen = argnums if isinstance(argnums, tuple) else (argnums,)
    slope = grad(f, chosen)

    @functools.wraps(f)
    def second(*args: Any) -> Any:
        _check(chosen, args)
        by_each = _rows(slope, chosen, args)

        def blocks(i: int) -> tuple[Any, ...]:
            x = args[chosen[i]]
            if not isinstance(x, list | tuple):
                return by_each(i, None)
            rows = [by_each(i, r) for r in range(len(x))]
            return tuple([row[j] for row in rows] for j in range(len(chosen)))

        result = tuple(blocks(i) for i in range(len(chosen)))
        return result if isinstance(argnums, tuple) else result[0][0]

    return second


def _rows(
    slope: Callable[..., Any], chosen: tuple[int, ...], args: Sequence[Any]
) -> Callable[[int, int | None], tuple[Any, ...]]:
    """Return a function that differentiates a first derivative by each of the chosen arguments.

    Which one, it is told by a place among the chosen arguments and, if that one is a list, a place
    in the list.
    """

    def first(slopes: Any, i: int, r: int | None) -> Any:
        return slopes[i] if r is None else slopes[i][r]

    if any(isinstance(x, Value) for x in numbers_in(args)):
        return lambda i, r: grad(lambda *v: first(slope(*v), i, r), chosen)(*args)
    values = [as_values(x) for x in args]
    slopes, inputs = slope(*values), numbers_in(values)

    def by_each(i: int, r: int | None) -> tuple[Any, ...]:
        y = first(slopes, i, r)
        flat = gradients(y, inputs) if isinstance(y, Value) else [0.0] * len(inputs)
        parts = packed(flat, shape_of(args))
        return tuple(parts[n] for n in chosen)

    return by_each


def _check(argnums: Sequence[int], args: Sequence[Any]) -> None:
    for n in argnums:
        if not -len(args) <= n < len(args):
            raise ValueError(f"argnums expects numbers of arguments, got {n} for {len(args)}")
