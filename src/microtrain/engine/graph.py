"""The chain rule over a graph: from a result back through what made it, to the leaves.

The graph is that of the values: each knows its parents, and its partial derivative by each.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from .number import Number

if TYPE_CHECKING:
    from .protocols import Node

N = TypeVar("N", bound="Node")


def topological_sort(root: N) -> tuple[list[N], list[N]]:
    """Return the values that `root` was computed from, and it: those with parents, and the leaves.

    The first list has parents before what was computed from them. Parents are visited from right to
    left: backward, a sum of losses then hands on the gradients of its first sample first.
    """
    order: list[N] = []
    leaves: list[N] = []
    seen: set[N] = set()
    stack: list[Any] = [root]
    while stack:
        value = stack.pop()
        if value is None:  # all that the value below it was computed from is in the lists
            order.append(stack.pop())
        elif value not in seen:
            seen.add(value)
            parents = value.parents
            if parents:
                stack += (value, None)
                stack += parents
            else:
                leaves.append(value)
    return order, leaves


def propagate(root: N, seed: Any, order: Sequence[N], zero: Any) -> None:
    """Add the derivatives of ``seed * root`` to the `.grad` of the leaves it was computed from.

    This is the chain rule, for `order`, a `topological_sort` of the root: each value hands its
    gradient on to its parents, times the partial derivative by each.
    """
    for value in order:
        value.grad = zero
    root.grad = root.grad + seed
    for value in reversed(order):
        g, parents = value.grad, value.parents
        if len(parents) == 2:  # as most have; written out, it takes half as long
            a, b = parents
            by_a, by_b = value.partials
            a.grad += by_a * g
            b.grad += by_b * g
        else:
            for parent, partial in zip(parents, value.partials):
                parent.grad += partial * g


def gradients(root: N, inputs: Sequence[N]) -> list[Any]:
    """Return the derivatives of the root by the inputs. Nothing is written to any value."""
    zero, seed = zero_and_seed(root, 1.0)
    grads = accumulated(root, seed, dict.fromkeys(inputs, zero), zero)
    return [0 + grads[x] for x in inputs]  # as `backward` adds to a gradient of zero


def accumulated(root: N, seed: Any, start: dict[N, Any], zero: Any = -0.0) -> dict[N, Any]:
    """Return what `propagate` would add up in each value's `.grad`, from the gradients in `start`.

    A dict takes longer than the attribute, but threads may share the values.
    """
    order, leaves = topological_sort(root)
    grads = dict.fromkeys((*order, *leaves), zero) | start
    grads[root] = grads[root] + seed
    for value in reversed(order):
        g = grads[value]
        for parent, partial in zip(value.parents, value.partials):
            grads[parent] += partial * g
    return grads


def zero_and_seed(root: Node, seed: Any) -> tuple[Any, Any]:
    """Return the zero that sums of gradients start from, and the seed, in the root's kind."""
    kind: Any = type(root.data)
    if kind is float or kind is int:
        return -0.0, float(seed)  # unlike 0.0, -0.0 changes no bit of what is added to it
    if issubclass(kind, Number):
        return -0.0, seed
    return 0, kind(seed)  # so that a Fraction stays exact


def reset(parameters: Iterable[Node]) -> None:
    """Set the gradients to zero."""
    for p in parameters:
        p.grad = 0.0 if type(p.data) is float else 0  # the int leaves a Fraction exact


def size(root: Node, enough: float = math.inf) -> int:
    """Return how many values `root` was computed from, and itself; count no further than enough."""
    seen = {root}
    waiting = [root]
    while waiting and len(seen) < enough:
        for parent in waiting.pop().parents:
            if parent not in seen:
                seen.add(parent)
                waiting.append(parent)
    return len(seen)
