"""Graphs in Graphviz's DOT language, and, where Graphviz is installed, drawn as SVG."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any


def digraph(
    nodes: Iterable[tuple[str, Mapping[str, str]]],
    edges: Iterable[tuple[str, str, Mapping[str, str]]],
) -> str:
    """Return DOT text: nodes with their names and attributes, edges from, to, and attributes."""
    lines = [
        "digraph {",
        '    graph [rankdir=LR, bgcolor="transparent", ranksep=0.35, nodesep=0.15]',
        '    node [shape=box, style="rounded,filled", fillcolor="#FFFFFF", color="#888888",',
        '          fontname="Helvetica", fontsize=11, margin="0.08,0.04"]',
        '    edge [color="#888888", fontname="Helvetica", fontsize=9, fontcolor="#555555",',
        "          arrowsize=0.6]",
        *(f"    {name}{_attributes(attributes)}" for name, attributes in nodes),
        *(f"    {tail} -> {head}{_attributes(attributes)}" for tail, head, attributes in edges),
        "}",
    ]
    return "\n".join(lines) + "\n"


def expression(nodes: Sequence[Any], names: Mapping[int, str]) -> str:
    """Return DOT text for an expression: its values, each after its parents, the result last.

    nodes: objects with data, grad, op, label, parents and partials; names: by id, those of the
    model's parameters.
    """
    places = {id(node): f"n{i}" for i, node in enumerate(nodes)}
    drawn = []
    for node in nodes:
        name = names.get(id(node), "")
        title = " ".join(filter(None, (node.op, node.label or name))) or "leaf"
        attributes = {"label": f"{title}\ndata {_short(node.data)}\ngrad {_short(node.grad)}"}
        if name:
            attributes |= {"fillcolor": "#FFE9B8", "tooltip": f"parameter {name}"}
        elif not node.parents:
            attributes |= {"fillcolor": "#E3EEF7", "tooltip": "leaf"}
        if node is nodes[-1]:
            attributes["penwidth"] = "2"
        drawn.append((places[id(node)], attributes))
    edges = [
        (places[id(parent)], places[id(node)], {"label": _short(partial)})
        for node in nodes
        for parent, partial in zip(node.parents, node.partials)
    ]
    return digraph(drawn, edges)


def _short(number: Any) -> str:
    """Return a number in few digits; a fraction as it is."""
    return f"{number:.4g}" if isinstance(number, float) else str(number)


def _attributes(attributes: Mapping[str, str]) -> str:
    """Return the attributes as DOT, each as a quoted text, in which newlines break lines."""
    pairs = []
    for name, text in attributes.items():
        shown = "".join(c if c.isprintable() or c == "\n" else "\ufffd" for c in text)
        escaped = shown.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        escaped = escaped.replace("&", "&amp;")  # else it begins the name of a character
        pairs.append(f'{name}="{escaped}"')
    return f" [{', '.join(pairs)}]" if pairs else ""


def svg(text: str) -> str | None:
    """Return DOT text drawn by Graphviz as an SVG element, or None where that can't be done."""
    import subprocess

    try:
        done = subprocess.run(
            ["dot", "-Tsvg"],
            input=text,
            capture_output=True,
            encoding="utf-8",
            check=True,
            timeout=20,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout[done.stdout.index("<svg") :]
