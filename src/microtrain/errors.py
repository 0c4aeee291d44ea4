"""The package's own exceptions, and checks of arguments that say what is wrong."""

from __future__ import annotations

import contextlib
import operator
import os
import sys
from collections.abc import Mapping, Set
from typing import Any


class DomainError(ValueError, ArithmeticError):
    """An operation was asked for where it has no real value, such as ``log(-1)``.

    It is a `ValueError`, as in `math`, and an `ArithmeticError`: to `train`, the run has diverged.

    >>> import microtrain as mt
    >>> mt.log(-1.0)
    Traceback (most recent call last):
    ...
    microtrain.errors.DomainError: log(-1.0) is undefined: log takes a number above 0
    """


class CompileError(TypeError):
    """A computation can't be compiled: it depends on its numbers, or is too large.

    >>> import microtrain as mt
    >>> mt.compile(lambda x: x if x > 0 else -x)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    microtrain.errors.CompileError: ... the truth of a comparison ... use mt.where...
    """


class GradcheckError(ValueError):
    """`gradcheck` found a derivative that differs from the finite difference.

    >>> import microtrain as mt
    >>> mt.gradcheck(lambda x: mt.relu(-x), [0.0])  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    microtrain.errors.GradcheckError: by inputs[0] = 0.0: backward gives 0.0, differences -0.5 ...
    """


def describe(x: object) -> str:
    """Return the type and the value of an argument, cut short, for an error message."""
    if x is None:
        return "None"
    try:
        text = repr(x)
    except Exception:  # an int of too many digits to print, or a symbol
        return type(x).__name__
    return f"{type(x).__name__} {text if len(text) <= 60 else text[:57] + '...'}"


def expect(fits: object, name: str, what: str, x: object) -> None:
    """Raise `TypeError`, which says what came and what is expected, unless an argument fits."""
    if not fits:
        raise TypeError(f"{name} expects {what}, got {describe(x)}")


def counted(n: int, noun: str) -> str:
    """Return a number of things in words: 1 step, 2 steps."""
    return f"{n:,} {noun}" + ("" if n == 1 else "s")


def positive_int(name: str, x: object) -> int:
    """Return `x` as an int, which must be from 1 to `sys.maxsize`."""
    n = any_int(name, x)
    if not 1 <= n <= sys.maxsize:
        bound = "at least 1" if n < 1 else f"at most {sys.maxsize}"
        raise ValueError(f"{name} expects an int of {bound}, got {n}")
    return n


def any_int(name: str, x: object) -> int:
    """Return `x` as an int, NumPy's ints included. Raises `TypeError` if it is none."""
    try:
        n = operator.index(None if isinstance(x, bool) else x)  # type: ignore[arg-type]
    except TypeError:
        raise TypeError(f"{name} expects an int, got {describe(x)}") from None
    if n.bit_length() > 10_000:  # Python does not print larger ones, so that they can't be saved
        raise ValueError(f"{name} expects an int of at most 10,000 bits, got {n.bit_length():,}")
    return n


def true_or_false(name: str, x: object) -> bool:
    """Return `x`. Raises `TypeError` if it is not True or False."""
    expect(isinstance(x, bool), name, "True or False", x)
    return x  # type: ignore[return-value]


def as_list(name: str, x: Any, what: str = "a list") -> list[Any]:
    """Return a new list of the items of `x`, in order; those of a DataFrame are its rows."""
    if type(x) is list:  # at once, as losses do this at every step
        return x.copy()
    if hasattr(x, "columns") and not isinstance(x, type):  # a DataFrame; it iterates over columns
        for rows, options in (("itertuples", {"index": False, "name": None}), ("iter_rows", {})):
            if hasattr(x, rows):  # as in pandas, and as in Polars
                return list(getattr(x, rows)(**options))
    elif not isinstance(x, str | bytes | Mapping | Set | type):
        with contextlib.suppress(TypeError):
            return list(x)
    raise TypeError(f"{name} expects {what}, got {describe(x)}")


def file_path(name: str, x: Any) -> str:
    """Return a path as text. Raises `TypeError` if it is none, `ValueError` if no file has it."""
    try:
        path = os.fsdecode(x)
    except TypeError:
        raise TypeError(f"{name} expects a path, got {describe(x)}") from None
    if not path or "\0" in path:
        raise ValueError(f"{name} expects the path of a file, got {describe(x)}")
    return path


def one_of(name: str, x: object, choices: tuple[str, ...]) -> str:
    """Return `x`. Raises `ValueError` with the choices if it is none of them."""
    if isinstance(x, str) and x in choices:
        return x
    raise ValueError(f"{name} expects one of {', '.join(map(repr, choices))}; got {describe(x)}")
