"""A Value's expression graph: as a picture, as DOT text, and in notebooks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..engine.graph import topological_sort
from ..engine.value import Value
from ..errors import expect
from .plot import html_table

if TYPE_CHECKING:
    from .graph import Arrow, Box

LARGEST = 300  # a graph of more nodes than this is no longer a picture
LEAF, PARAMETER = "#E3EEF7", "#FFE9B8"


def to_dot(value: Value, model: Any = None) -> str:
    """Return the expression graph of a value as Graphviz DOT text.

    Each node shows the operation (or the label), the data and the gradient, and each edge the
    partial derivative: what the gradient is multiplied by on its way back. Leaves are tinted; those
    that are parameters of `model`, a Module, in another colour and with their names. The same
    graph gives the same text. (``dot -Tsvg graph.dot -o graph.svg`` draws it; `to_svg` draws small
    graphs without Graphviz.)

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
    from .graph import dot

    return dot(*_expression("to_dot", value, model))


def to_svg(value: Value, model: Any = None) -> str:
    """Return the expression graph of a value as an SVG picture, as a notebook shows it.

    It shows what the text of `to_dot` says. Raises `ValueError` for a graph of more than 300
    nodes.

    >>> import microtrain as mt
    >>> neuron = mt.Neuron(2)
    >>> picture = mt.to_svg(neuron([1.0, -1.0]), neuron)
    >>> picture.startswith("<svg"), "weights.1" in picture
    (True, True)
    """
    from .graph import svg

    boxes, arrows = _expression("to_svg", value, model)
    if len(boxes) > LARGEST:
        raise ValueError(
            f"to_svg expects a graph of at most {LARGEST} nodes, got {len(boxes):,}: "
            "draw a part of it, or write it with to_dot"
        )
    return svg(boxes, arrows)


def _expression(caller: str, value: Any, model: Any) -> tuple[list[Box], list[Arrow]]:
    """Return a box for each value of the graph and an arrow for each partial."""
    from .graph import Box

    expect(hasattr(value, "partials"), caller, "a Value", value)
    expect(model is None or hasattr(model, "named_parameters"), "model", "a Module", model)
    order, leaves = topological_sort(value)
    nodes = [*reversed(leaves), *order]
    places = {id(node): i for i, node in enumerate(nodes)}
    names = {} if model is None else {id(p): name for name, p in model.named_parameters()}
    boxes, arrows = [], []
    for i, node in enumerate(nodes):
        name = names.get(id(node), "")
        title = " ".join(filter(None, (node.op, node.label or name))) or "leaf"
        lines = *title.split("\n"), f"data {_short(node.data)}", f"grad {_short(node.grad)}"
        colour = PARAMETER if name else "" if node.parents else LEAF
        tooltip = f"parameter {name}" if name else "" if node.parents else "leaf"
        boxes.append(Box(lines, colour, tooltip, thick=node is value))
        for parent, partial in zip(node.parents, node.partials):
            arrows.append((places[id(parent)], i, _short(partial)))
    return boxes, arrows


def _short(number: Any) -> str:
    """Return a number in few digits; a fraction as it is."""
    return f"{number:.4g}" if isinstance(number, float) else str(number)


def _count(value: Value) -> int:
    """Return how many nodes the graph of a value has."""
    return sum(map(len, topological_sort(value)))


# A notebook asks a value for these.


def _svg(value: Value) -> str | None:
    """Return the expression graph, if it is small enough to look at."""
    return to_svg(value) if value.parents and _count(value) <= LARGEST else None


def _html(value: Value) -> str:
    numbers = {"data": value.data, "grad": value.grad, "op": value.op, "label": value.label}
    rows = [(name, str(x)) for name, x in numbers.items() if x != ""]
    below = _svg(value)
    if below is None and value.parents:
        n = f"{_count(value):,} nodes"
        below = f"<p>Its graph has {n}, too many to look at: to_dot(value) writes it.</p>"
    return html_table("Value", rows, below=below or "")


Value._repr_svg_, Value._repr_html_ = _svg, _html  # type: ignore[attr-defined]
