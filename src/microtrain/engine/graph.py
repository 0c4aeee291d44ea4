"""The graph of a result: its order, and derivatives that are written to no `.grad`.

Each `Value` knows its parents and its partial derivative by each: that is the graph. It may be of
any size, so nothing recurses along it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from .number import Number

if TYPE_CHECKING:
    from .value import Value

ONE: Any = 1  # the partial derivatives of a sum

# The variables of the functions that are being differentiated now, in this thread.
variables: ContextVar[frozenset[Value]] = ContextVar("variables", default=frozenset())


def topological_sort(root: Value) -> tuple[list[Value], list[Value]]:
    """Return the values of the graph that ends in `root`: those with parents, and the leaves.

    In the first list each value comes after its parents. Parents are visited from right to left, so
    that backward takes the samples of a sum of losses in their order.
    """
    order: list[Value] = []
    leaves: list[Value] = []
    seen: set[Value] = set()
    stack: list[Any] = [root]
    while stack:
        value = stack.pop()
        if value is None:  # the value below it on the stack has all its parents in the lists
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


def gradients(root: Value, inputs: Sequence[Value]) -> list[Any]:
    """Return the derivatives of the root by the inputs, without writing to any value."""
    zero, seed = zero_and_seed(root, 1.0)
    grads = accumulated(root, seed, {})
    return [0 + grads.get(x, zero) for x in inputs]  # as `backward` adds to a gradient of zero


def accumulated(root: Value, seed: Any, start: dict[Value, Any]) -> dict[Value, Any]:
    """Return the gradients that `Value.backward` leaves if it begins with those in `start`.

    A dict is slower than the attribute, but threads may share values that nobody writes to.
    """
    grads = start.copy()
    grads[root] = grads[root] + seed if root in grads else seed
    for value in reversed(topological_sort(root)[0]):
        g = grads[value]
        for parent, partial in zip(value.parents, value.partials):
            term = g if partial is ONE else partial * g
            grads[parent] = grads[parent] + term if parent in grads else term
    return grads


def tangents(roots: Sequence[Value], inputs: Sequence[Value]) -> list[list[Any]]:
    """Return for each input the derivatives of all roots by it, found from the input forward."""
    order = dict.fromkeys(value for root in roots for value in topological_sort(root)[0])
    columns = []
    for x in inputs:
        zero, seed = zero_and_seed(x, 1.0)
        found = {x: seed}
        for value in order:
            for parent, partial in zip(value.parents, value.partials):
                if parent in found:
                    term = partial * found[parent]
                    found[value] = found[value] + term if value in found else term
        columns.append([0 + found.get(root, zero) for root in roots])
    return columns


def zero_and_seed(root: Value, seed: Any) -> tuple[Any, Any]:
    """Return the zero to sum gradients from, and the seed, in the root's kind of number."""
    kind: Any = type(root.data)
    if kind is float or kind is int:
        return -0.0, float(seed)  # unlike 0.0, -0.0 changes no bit of what is added to it
    if issubclass(kind, Number):
        return -0.0, seed
    return 0, kind(seed)  # so that a Fraction stays exact


def reset(parameters: Iterable[Value]) -> None:
    """Set the gradients to zero."""
    for p in parameters:
        p.grad = 0.0 if type(p.data) is float else 0  # the int leaves a Fraction exact
