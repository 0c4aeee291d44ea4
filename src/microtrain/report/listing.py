"""The generated Python of a training step, and which place in it belongs to which part of a walk.

A walk goes through one step, part by part. The page marks a part's line and expression, and sets
the numbers below the names. How the code writes each number is known from the record: so a part is
found by the names and expressions in it.
"""

import re
from itertools import islice
from typing import Any

from ..compiler.symbol import Symbol
from ..engine import operators
from ..engine.graph import topological_sort
from ..engine.piecewise import detach
from ..nn.mlp import MLP
from ..training.compiled import written
from ..training.plan import Objective
from ..training.tracing import Traced, parts_of, trace_loss

MOST = 600  # lines of a step that is shown


def listing_of(objective: Objective, own: bool, shown: str = r"    (.*)") -> dict[str, Any] | None:
    """Return the lines of a step, what the names in them mean, and where the parts of a walk are.

    own: whether the model is of one's own, of which there is no walk. shown: a pattern of the lines
    that are shown, whose group is what is shown of them. It is None for a step of too many lines.
    """
    if 2 * len(objective.parameters) > MOST:
        return None
    traced = trace_loss(objective)
    source, _, texts = written(traced)
    lines = [line[1] for line in map(re.compile(shown).fullmatch, source.split("\n")[2:]) if line]
    if len(lines) > MOST:
        return None
    kinds = {"p": traced.data, "x": traced.xs, "y": traced.ys, "g": traced.running}
    names = {"lr": "lr", "loss": "loss"}
    names |= {texts[at]: f"{x}:{k}" for x, places in kinds.items() for k, at in enumerate(places)}
    grads, weights = ([texts[at] for at in places] for places in (traced.running, traced.data))
    patterns = {  # of the parts, by their keys; each has the expression as its group
        "F0": "^(for .*x.*:)$",
        "L2": r"^loss \+= (.*)",
        "L3": r"^(loss \+= .*)",
        "B0": rf"^({grads[0]} = .*0\.0)$",
        "BS": rf"^({grads[-1]} = {grads[-1]} .*)",
        "U2": f"^({weights[-1]} = .*)",
        "U3": "^(return .*)",
        **{f"G:{k}": f"^{g} = ({g} .*)" for k, g in enumerate(grads)},
        **{f"U:{k}": f"^{w} = (.*)" for k, w in enumerate(weights)},
    }
    if not own:
        predicted = traced.predicted
        for (primitive, *places), text in zip(traced.record.operations, texts):
            differs = primitive is operators.SUBTRACT and places[0] in predicted
            if differs and places[1] in traced.ys:
                names[text] = f"e:{traced.ys.index(places[1])}"
                patterns.setdefault("L1", _computed(text))
        of_neurons, more = _neurons(objective.model, traced, texts)
        names |= of_neurons
        patterns |= more
    parts = {key: _place(lines, pattern) for key, pattern in patterns.items() if pattern}
    used = {word for line in lines for word in re.findall(r"\w+", line)}
    return {
        "lines": lines,
        "names": {name: key for name, key in names.items() if name in used},
        "parts": {key: place for key, place in parts.items() if place},
    }


def cell_of(n: int, activation: str) -> dict[str, Any] | None:
    """Return the listing of a neuron alone, for which the target is the gradient that arrives."""

    def arriving(output: Any, arrives: Any) -> Any:
        return output * arrives + detach(output)  # uses it twice, so that it has a name

    pairs: list[Any] = [([0.0] * n, 1.0)]
    objective = Objective(MLP(n, [1], output_activation=activation), pairs, arriving, "sum")
    return listing_of(objective, False, r" +([vdgwb]\w* = (?!.*= 0\.0$).*)")


def _place(lines: list[str], pattern: str) -> list[int] | None:
    """Return the first line that fits, and from where to where the group in the pattern stands."""
    found = map(re.compile(pattern.replace("^", r"^\s*")).search, lines)
    return next(([k, *at.span(1)] for k, at in enumerate(found) if at), None)


def _computed(text: str) -> str:
    """Return the pattern of a result: of all that its name is set to, or of its expression."""
    return rf"^{text} = (.*)" if re.fullmatch(r"[vld]\d+", text) else _expression(text)


def _expression(text: str) -> str:
    return text and rf"^\w+ \+?= .*?(?<!\w)({re.escape(text)})(?!\w)"


def _neurons(model: MLP, traced: Traced, texts: list[str]) -> tuple[dict[str, str], dict[str, str]]:
    """Return what the names of all neurons mean, and the patterns of the neurons' parts."""

    def written_as(number: Any) -> str:
        return texts[number.place] if isinstance(number, Symbol) else ""

    order = [v for y in parts_of(traced.prediction) for v in topological_sort(y)[0]]
    sums = {v.parents[-1]: v for v in order if v.op == "dot"}  # by the bias
    outputs = {v.parents[0]: v for v in order if len(v.parents) == 1}
    parameters = iter(traced.parameters)  # of a layer first all weights, then all biases
    names: dict[str, str] = {}
    patterns: dict[str, str] = {}
    inputs = [texts[at] for at in traced.xs]
    for i, n in enumerate(model.sizes):
        weights = [[*islice(parameters, len(inputs))] for _ in range(n)]
        values = []
        for j, (row, bias) in enumerate(zip(weights, islice(parameters, n))):
            key = f"{i}:{j}"
            total = sums[bias]
            output = outputs.get(total, total)
            z, v = written_as(total.data), written_as(output.data)
            a, d = (written_as(traced.gradients.get(x)) for x in (output, total))
            slope = written_as(output.partials[0]) if output is not total else ""
            value, added, through = _computed(v), _computed(a), f"^{d} = (.*)"
            names |= {z: f"z:{key}", v: f"v:{key}", d: f"d:{key}", a: f"a:{key}"}
            patterns |= {
                f"F:{key}": value,
                f"F:{key}:act": value,
                f"F:{key}:bias": _expression(written_as(bias.data)),
                f"B:{key}": through,
                f"B:{key}:act": through,
                f"B:{key}:added": added,
            }
            if slope not in ("", d):  # the gradient that arrives is multiplied by it
                patterns[f"B:{key}:act"] = rf"^{d} = (\(?{re.escape(slope)}\)?) \*"
            if i == len(model.sizes) - 1:
                patterns |= {"B1": added, f"B:{key}:0": added}
            for k, (weight, x) in enumerate(zip(row, inputs)):
                w = written_as(weight.data)
                patterns[f"F:{key}:{k}"] = _expression(f"{w} * {x}")
                patterns[f"B:{i - 1}:{k}:{j}"] = _expression(f"{w} * {d}")
            values.append(v)
        inputs = values
    return names, patterns
