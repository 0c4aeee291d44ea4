"""Copies and pickles of Values, for graphs of any size: without recursion from node to node."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any, Self

from .graph import size, topological_sort

_new: Any = object.__new__

LARGE = 50  # nodes; pickling as many, one within the other, comes near the recursion limit
KEPT = ("data", "grad", "label", "op", "partials")  # what a copy takes over, beside the parents


class GraphCopies:
    """How a value is deep-copied and pickled, with the graph of what it was computed from."""

    __slots__ = ()

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        """Return a copy of this with all it was computed from.

        Each value goes into the memo, parents first, so that whatever else is copied in the same
        call shares the copies. (Numbers are not copied: they never change.)
        """
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
                vars(twin).update(copy.deepcopy(attributes, memo))
            for name, x in slots.items():
                setattr(twin, name, x if name in KEPT else copy.deepcopy(x, memo))
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
    """Return the value that `__reduce_ex__` took apart, with all it was computed from."""
    values = list(leaves)
    for kind, state, places in rows:
        values.append(_new(kind))
        for name, x in zip(KEPT, state):
            setattr(values[-1], name, x)
        values[-1].parents = tuple([values[place] for place in places])
    return values[-1]
