"""What goes wrong and how it is said: the package's own exceptions, and checks of arguments."""

from __future__ import annotations

import operator


class DomainError(ValueError, ArithmeticError):
    """An operation was asked for where it has no real value, such as ``log(-1)``.

    It is a `ValueError`, as in `math`, and an `ArithmeticError`, as `train` counts it: a step that
    leaves the domain of a function has diverged.

    >>> import microtrain as mt
    >>> mt.log(-1.0)
    Traceback (most recent call last):
    ...
    microtrain.errors.DomainError: log(-1.0) is undefined: log takes a number above 0
    """


class CompileError(TypeError):
    """A computation can't be compiled: it is not the same whatever the numbers are, or too large.

    >>> import microtrain as mt
    >>> mt.compile(lambda x: x if x > 0 else -x)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    microtrain.errors.CompileError: ... a comparison ... use relu, maximum or abs ...
    """


class GradcheckError(ValueError):
    """`gradcheck` found a derivative that differs from the finite difference.

    >>> import microtrain as mt
    >>> mt.gradcheck(lambda x: mt.relu(-x), [0.0])
    Traceback (most recent call last):
    ...
    microtrain.errors.GradcheckError: by inputs[0] = 0.0: backward gives 0.0, differences -0.5
    """


def describe(x: object) -> str:
    """Name an unwelcome argument in an error message: its type and, cut short, its value."""
    if x is None:
        return "None"
    text = repr(x)
    if len(text) > 60:
        text = text[:57] + "..."
    return f"{type(x).__name__} {text}"


def positive_int(name: str, x: object) -> int:
    """Return `x` as an int. Raises `TypeError` if it is none, `ValueError` if it is below 1."""
    n = any_int(name, x)
    if n < 1:
        raise ValueError(f"{name} expects an int of at least 1, got {n}")
    return n


def any_int(name: str, x: object) -> int:
    """Return `x` as an int, NumPy's ints included. Raises `TypeError` if it is none."""
    try:
        if isinstance(x, bool):
            raise TypeError
        return operator.index(x)  # type: ignore[arg-type]
    except TypeError:
        raise TypeError(f"{name} expects an int, got {describe(x)}") from None


def one_of(name: str, x: object, choices: tuple[str, ...]) -> str:
    """Return `x` if it is one of the choices. Raises `ValueError`, which lists them, otherwise."""
    if isinstance(x, str) and x in choices:
        return x
    listed = ", ".join(map(repr, choices))
    raise ValueError(f"{name} expects one of {listed}; got {describe(x)}")
