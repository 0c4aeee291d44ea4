"""How a Value is shown: its expression graph, as Graphviz DOT text and in notebooks."""

from __future__ import annotations

from typing import Any

from ..engine.graph import size, topological_sort
from ..engine.value import Value
from ..errors import describe
from . import dot
from .html import html_table

DRAWN = 300  # a graph of more nodes than this is no longer a picture


def to_dot(value: Value, model: Any = None) -> str:
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


# A notebook asks a value for these.


def _svg(value: Value) -> str | None:
    """Return the expression graph, if it is small and Graphviz is there to draw it."""
    return dot.svg(to_dot(value)) if value.parents and size(value) <= DRAWN else None


def _html(value: Value) -> str:
    numbers = {"data": value.data, "grad": value.grad, "op": value.op, "label": value.label}
    rows = [(name, str(x)) for name, x in numbers.items() if x != ""]
    n = size(value)
    note = f"<p>Its graph has {n:,} nodes, too many to look at; to_dot(value) writes it.</p>"
    return html_table("Value", rows, below=note if n > DRAWN else _svg(value) or "")


Value._repr_svg_, Value._repr_html_ = _svg, _html  # type: ignore[attr-defined]
