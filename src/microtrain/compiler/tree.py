"""Nestings of numbers, taken apart and put together: lists, tuples, named tuples, dicts, arrays."""

from __future__ import annotations

import itertools
import numbers
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from ..engine.number import Number, as_number
from ..engine.value import Value
from ..errors import describe

# None for a number. For a nesting its kind (list, tuple, dict, or the class of a named tuple), the
# keys of a dict, and the shapes of the parts. An array has the shape of its nested list.
Shape = Any


# The types of real numbers that were met, and what makes floats of them. A bool is none.
REALS: dict[type, Callable[[Any], float]] = {float: float, int: float}

PLAIN = (list, tuple, dict)


def are_real(xs: Iterable[Any]) -> bool:
    """Return whether all of these are real numbers: floats, ints, NumPy's, fractions."""
    kinds = {*map(type, xs)}
    if kinds <= REALS.keys():
        return True
    if any(not issubclass(x, numbers.Real) or issubclass(x, bool) for x in kinds):
        return False
    REALS.update(dict.fromkeys(kinds, float))
    return True


def flatten(tree: Any, leaves: list[Any], name: Any) -> Shape:
    """Add the numbers and Values in a nesting to `leaves`, and return its shape.

    name: what the nesting is, or a pair of that of the nesting around it and the key in that.
    Raises `TypeError` for anything else in it, and says where.
    """
    kind = type(tree)
    if kind is float or isinstance(tree, Value):
        leaves.append(tree)
        return None
    keys: tuple[Any, ...] = ()
    parts: Iterable[Any] = tree
    if isinstance(tree, dict):
        keys, parts = tuple(tree), tree.values()
    elif isinstance(tree, list | tuple):
        if are_real(tree):
            leaves += tree
            return _kind(kind), keys, (None,) * len(tree)
    elif are_real((tree,)) or isinstance(tree, Number):
        leaves.append(as_number(tree))
        return None
    elif hasattr(tree, "tolist"):
        return flatten(tree.tolist(), leaves, name)
    else:
        raise TypeError(
            f"{_shown(name)} has to be a number, or a list, tuple or dict of numbers, "
            f"got {describe(tree)}"
        )
    shapes = [flatten(x, leaves, (name, key)) for key, x in zip(keys or itertools.count(), parts)]
    return _kind(kind), keys, tuple(shapes)


def _kind(kind: type) -> type:
    """Return what a nesting of this type is put together as: its subclasses become plain ones."""
    if kind in PLAIN or hasattr(kind, "_fields"):
        return kind
    return next(plain for plain in PLAIN if issubclass(kind, plain))


def _shown(name: Any) -> str:
    return name if isinstance(name, str) else f"{_shown(name[0])}[{name[1]!r}]"


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
