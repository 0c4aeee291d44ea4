"""Nestings of numbers, taken apart and put together: lists, tuples, named tuples, dicts, arrays."""

from __future__ import annotations

import itertools
import numbers
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NoReturn

from ..errors import describe
from .number import Number, as_number
from .value import Value

# None for a number. For a nesting its kind (list, tuple, dict, a list in the place of an array, the
# class of a named tuple), the keys of a dict, and the shapes of the parts.
Shape = Any

# The types of real numbers that were met, and what makes floats of them. A bool is none.
REALS: dict[type, Callable[[Any], float]] = {float: float, int: float}

INSTEAD = (
    "an array reaches the function as nested lists: write [2 * x for x in v] for 2 * v, "
    "mt.dot(a, b) for a @ b, v[0][1] for v[0, 1]; or begin with v = np.array(v)"
)


def _refuses(operator: str) -> Any:
    def refuse(*operands: object) -> Any:
        kinds, instead = [*map(type, operands)], INSTEAD
        if ArrayAsList not in kinds:
            if hasattr(operands[-1], "__array__"):  # then NumPy does it
                return NotImplemented
            instead = "a derivative by an array is a list: first make an array of it, np.array(...)"
        names: dict[type, str] = {ArrayAsList: "an array", Derivative: "a derivative"}
        shown = [names.get(kind) or describe(x) for kind, x in zip(kinds, operands)]
        raise TypeError(f"{operator} of {' and '.join(shown)}: {instead}")

    return refuse


class _NoArray(list[Any]):
    """Base class of lists that stand for arrays: + and * raise, which would join or repeat them."""

    __slots__ = ()

    __add__ = __radd__ = __iadd__ = _refuses("+")
    __sub__ = __rsub__ = __neg__ = _refuses("-")
    __mul__ = __rmul__ = __imul__ = _refuses("*")
    __truediv__ = __rtruediv__ = _refuses("/")
    __pow__ = __rpow__ = _refuses("**")
    __matmul__ = __rmatmul__ = _refuses("@")


class Derivative(_NoArray):
    """A derivative by an array."""

    __slots__ = ()


class ArrayAsList(_NoArray):
    """What a function gets for an array: a list that refuses all that only arrays can do."""

    __slots__ = ()

    __lt__ = __le__ = __gt__ = __ge__ = __eq__ = __ne__ = _refuses("a comparison")

    def __getitem__(self, place: Any) -> Any:
        if type(place) is slice:
            return ArrayAsList(super().__getitem__(place))
        return super().__getitem__(_index(place))

    def __setitem__(self, place: Any, x: Any) -> None:
        super().__setitem__(_index(place), x)

    def __getattr__(self, name: str) -> NoReturn:
        raise AttributeError(f".{name} of an array: {INSTEAD}")

    def copy(self) -> ArrayAsList:
        return ArrayAsList(self)

    def tolist(self) -> list[Any]:
        return [x.tolist() if type(x) is ArrayAsList else x for x in self]


def _index(place: Any) -> Any:
    """Return the index of an item. Raises `TypeError` for all else that arrays take."""
    if not hasattr(place, "__index__"):
        raise TypeError(f"an array indexed by {describe(place)}: {INSTEAD}")
    return place


KINDS = (list, tuple, dict, ArrayAsList, Derivative)


def are_real(xs: Iterable[Any], *others: type) -> bool:
    """Return whether all are real numbers (floats, ints, NumPy's, fractions) or of these types."""
    kinds = {*map(type, xs)}
    if not kinds <= REALS.keys():
        kinds = {x for x in kinds if not issubclass(x, others)}
        if any(not issubclass(x, numbers.Real) or issubclass(x, bool) for x in kinds):
            return False
        REALS.update(dict.fromkeys(kinds, float))
    return True


def flatten(tree: Any, leaves: list[Any], name: str, listed: type = list) -> Shape:
    """Add the numbers and Values in a nesting to `leaves`, and return its shape.

    name: of the nesting, for errors; listed: the kind of its lists. Raises `TypeError` for anything
    else in it, and says where.
    """
    kind: type = type(tree)
    keys: tuple[Any, ...] = ()
    parts: Any = tree
    if kind is float or isinstance(tree, Value):
        leaves.append(tree)
        return None
    if isinstance(tree, dict):
        keys, parts = tuple(tree), tree.values()
    elif not isinstance(tree, list | tuple):
        if are_real((tree,), Number):
            leaves.append(as_number(tree))
            return None
        if hasattr(tree, "tolist"):
            return flatten(tree.tolist(), leaves, name, ArrayAsList)
        raise TypeError(
            f"{name} has to be a number, or a list, tuple or dict of numbers, got {describe(tree)}"
        )
    if kind is list:
        kind = listed
    elif kind not in KINDS and not hasattr(kind, "_fields"):  # a subclass
        kind = next(plain for plain in KINDS if issubclass(kind, plain))
    if are_real(parts, Value, Number):
        leaves.extend(parts)
        return kind, keys, (None,) * len(parts)
    items = zip(keys or itertools.count(), parts)
    shapes = [flatten(x, leaves, f"{name}[{key!r}]", listed) for key, x in items]
    return kind, keys, tuple(shapes)


def as_lists(shape: Shape, new: type = list) -> Shape:
    """Return the shape with lists of this kind in place of arrays.

    Within a `Derivative` they are plain, as it takes time to make one.
    """
    if shape is None:
        return None
    kind, keys, shapes = shape
    if any(shapes):
        inside = list if kind is ArrayAsList else new
        shapes = tuple([as_lists(part, inside) for part in shapes])
    return new if kind is ArrayAsList else kind, keys, shapes


def flatten_result(tree: Any, name: str) -> tuple[list[Any], Shape]:
    """Return the numbers and Values in a result, and its shape, in which all lists are plain."""
    leaves: list[Any] = []
    return leaves, as_lists(flatten(tree, leaves, name))


def paths(shape: Shape, name: str) -> Iterator[str]:
    """Yield the path to each number in a nesting of this name, such as ``x[0]['w']``."""
    if shape is None:
        yield name
    else:
        _, keys, shapes = shape
        for key, part in zip(keys or itertools.count(), shapes):
            yield from paths(part, f"{name}[{key!r}]")


def numel(shape: Shape) -> int:
    """Return how many numbers are in a nesting."""
    return 1 if shape is None else sum(map(numel, shape[2]))


def unflatten(shape: Shape, leaves: Iterator[Any]) -> Any:
    """Return a nesting of this shape, of the next of the leaves."""
    if shape is None:
        return next(leaves)
    kind, keys, shapes = shape
    if any(shapes):
        parts = [unflatten(part, leaves) for part in shapes]
    else:
        parts = [*itertools.islice(leaves, len(shapes))]
    if kind is list:
        return parts
    if kind is dict:
        return dict(zip(keys, parts))
    return kind(*parts) if hasattr(kind, "_fields") else kind(parts)
