"""Deep copies and pickles of Values. Neither recurses along the graph, which may be of any size."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

from .graph import size, topological_sort

_new: Any = object.__new__

LARGE = 50  # nodes; pickling as many by recursion comes near Python's limit
KEPT = ("data", "grad", "label", "op", "partials")  # what a copy shares with the original


class GraphCopies:
    """Base class of Value: its `__deepcopy__` and `__reduce_ex__`."""

    __slots__ = ()

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        """Return a copy of this and its graph, parents first.

        All copies go into the memo, so that others copied in the same call share them.
        """
        from copy import deepcopy  # slow to import

        waiting: list[Any] = [self]
        while waiting:
            value = waiting.pop()
            if id(value) in memo:
                continue
            missing = [parent for parent in value.parents if id(parent) not in memo]
            if missing:
                waiting += (value, *missing)
                continue
            twin = memo[id(value)] = _new(type(value))
            state: Any = object.__getstate__(value)
            attributes, slots = state
            if attributes:  # of a subclass
                vars(twin).update(deepcopy(attributes, memo))
            for name, x in slots.items():
                setattr(twin, name, x if name in KEPT else deepcopy(x, memo))
            twin.parents = tuple([memo[id(parent)] for parent in value.parents])
        result: Self = memo[id(self)]
        return result

    def __reduce_ex__(self, protocol: Any) -> Any:
        root: Any = self
        if not root.parents or size(root, LARGE) < LARGE:
            return object.__reduce_ex__(self, protocol)
        order, leaves = topological_sort(root)
        places = {value: place for place, value in enumerate((*leaves, *order))}
        rows = [
            (type(v), [getattr(v, name) for name in KEPT], [places[parent] for parent in v.parents])
            for v in order
        ]
        return _rebuilt, (leaves, rows)


def _rebuilt(leaves: list[Any], rows: Sequence[Any]) -> Any:
    """Return the value that `__reduce_ex__` took apart, with its graph."""
    values = list(leaves)
    for kind, state, places in rows:
        values.append(_new(kind))
        for name, x in zip(KEPT, state):
            setattr(values[-1], name, x)
        values[-1].parents = tuple([values[place] for place in places])
    return values[-1]
