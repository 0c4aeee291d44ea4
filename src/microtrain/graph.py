"""The chain rule over a graph: from a result back through what made it, to the leaves.

The graph is that of the values: each knows its parents, and its partial derivative by each.
"""

from __future__ import annotations

import math

from .draw import dot
from .errors import describe
from .number import Number

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any, Protocol, Self, TypeVar

    N = TypeVar("N", bound="Node")

    class Node(Protocol):
        """What the walk needs of a value."""

        data: Any
        grad: Any

        @property
        def parents(self) -> tuple[Self, ...]: ...
        @property
        def partials(self) -> tuple[Any, ...]: ...


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
            if value.parents:
                stack += (value, None)
                stack += value.parents
            else:
                leaves.append(value)
    return order, leaves


def propagate(root: N, seed: Any, order: Sequence[N], zero: Any = -0.0) -> None:
    """Add the derivatives of ``seed * root`` to the `.grad` of the leaves it was computed from.

    This is the chain rule, for `order`, a `topological_sort` of the root: each value hands its
    gradient on to its parents, times the partial derivative by each.
    """
    for value in order:
        value.grad = zero
    root.grad = root.grad + seed
    for value in reversed(order):
        g = value.grad
        for parent, partial in zip(value.parents, value.partials):
            parent.grad += partial * g


def gradients(root: N, inputs: Sequence[N]) -> list[Any]:
    """Return the derivatives of the root by the inputs, and touch no `.grad`.

    The sums are those of `propagate`, in the same order. But they are kept in a dict here, as the
    graph may have leaves that others use at the same time: another thread, or a training loop.
    """
    zero, seed = zero_and_seed(root, 1.0)
    order, leaves = topological_sort(root)
    grads: dict[N, Any] = dict.fromkeys((*order, *leaves, *inputs), zero)
    grads[root] += seed
    for value in reversed(order):
        g = grads[value]
        for parent, partial in zip(value.parents, value.partials):
            grads[parent] += partial * g
    return [0 + grads[x] for x in inputs]  # as `backward` adds to a gradient of zero


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


def to_dot(value: Node, model: Any = None) -> str:
    """Return the expression graph of a value as Graphviz DOT text.

    Each node shows the operation (or the label), the data and the gradient, and each edge the
    partial derivative: what the gradient is multiplied by on its way back. Leaves are tinted; those
    that are parameters of `model`, a Module, in another colour and with their names. The same
    graph gives the same text. (``dot -Tsvg graph.dot -o graph.svg`` draws it; a notebook does by
    itself, if it has at most a few hundred nodes and Graphviz is installed.)

    >>> import microtrain as mt
    >>> x = mt.Value(3.0, label="x")
    >>> y = x * x
    >>> y.backward()
    >>> print(mt.to_dot(y).partition("arrowsize=0.6]\\n")[2])
        n0 [label="x\\ndata 3\\ngrad 6", fillcolor="#E3EEF7", tooltip="leaf"]
        n1 [label="*\\ndata 9\\ngrad 1", penwidth="2"]
        n0 -> n1 [label="3"]
        n0 -> n1 [label="3"]
    }
    <BLANKLINE>
    """
    if not hasattr(value, "partials"):
        raise TypeError(f"to_dot expects a Value, got {describe(value)}")
    if model is not None and not hasattr(model, "named_parameters"):
        raise TypeError(f"model expects a Module, got {describe(model)}")
    order, leaves = topological_sort(value)
    names = {} if model is None else {id(p): name for name, p in model.named_parameters()}
    return dot.expression([*reversed(leaves), *order], names)
