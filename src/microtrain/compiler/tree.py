"""Nestings of numbers, taken apart and put together: lists, tuples, named tuples, dicts, arrays."""

from __future__ import annotations

import itertools
import numbers
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from ..engine.number import as_number
from ..engine.value import Value
from ..errors import describe

# None for a number. For a nesting its kind (list, tuple, dict, or the class of a named tuple), the
# keys of a dict, and the shapes of the parts. An array has the shape of its nested list.
Shape = Any


# The types of real numbers that were met, and what makes floats of them. A bool is none.
REALS: dict[type, Callable[[Any], float]] = {float: float, int: float}


def are_real(xs: Iterable[Any]) -> bool:
    """Return whether all of these are real numbers: floats, ints, NumPy's, fractions."""
    new = {*map(type, xs)} - REALS.keys()
    if any(not issubclass(x, numbers.Real) or issubclass(x, bool) for x in new):
        return False
    REALS.update(dict.fromkeys(new, float))
    return True


def flatten(tree: Any, leaves: list[Any], name: str) -> Shape:
    """Add the numbers and Values in a nesting to `leaves`, and return its shape.

    Raises `TypeError` for anything else in it, and says where: `name` is what the nesting is.
    """
    kind = type(tree)
    if kind is float or isinstance(tree, Value):
        leaves.append(tree)
        return None
    keys: tuple[Any, ...] = ()
    if isinstance(tree, list | tuple):
        if are_real(tree):
            leaves += tree
            return _kind(kind), keys, (None,) * len(tree)
    elif isinstance(tree, dict):
        keys = tuple(tree)
    elif (number := as_number(tree)) is not NotImplemented:
        leaves.append(number)
        return None
    elif hasattr(tree, "tolist"):
        return flatten(tree.tolist(), leaves, name)
    else:
        raise TypeError(
            f"{name} has to be a number, or a list, tuple or dict of numbers, got {describe(tree)}"
        )
    items = zip(keys, tree.values()) if isinstance(tree, dict) else enumerate(tree)
    shapes = [flatten(part, leaves, f"{name}[{key!r}]") for key, part in items]
    return _kind(kind), keys, tuple(shapes)


def _kind(kind: type) -> type:
    """Return what a nesting of this type is put together as: its subclasses become plain ones."""
    if hasattr(kind, "_fields"):
        return kind
    return next(plain for plain in (list, tuple, dict) if issubclass(kind, plain))


def size(shape: Shape) -> int:
    """Return how many numbers are in a nesting."""
    return 1 if shape is None else sum(map(size, shape[2]))


def unflatten(shape: Shape, leaves: Iterator[Any]) -> Any:
    """Return a nesting of this shape, of the next of the leaves."""
    if shape is None:
        return next(leaves)
    kind, keys, shapes = shape
    if any(shapes):
        parts = [unflatten(part, leaves) for part in shapes]
    else:
        parts = [*itertools.islice(leaves, len(shapes))]
    if kind is list or kind is tuple:
        return parts if kind is list else tuple(parts)
    return dict(zip(keys, parts)) if kind is dict else kind(*parts)
