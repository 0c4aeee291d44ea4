"""The generated Python of a training step, and which place in it belongs to which part of a walk.

A walk goes through one step, part by part. The page marks a part's line and expression, and sets
the numbers below the names. What a name stands for is known from the record, and each means one
thing: so a part is found by the names in it.
"""

from __future__ import annotations

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
from ..training.tracing import Traced, parts_of

MOST = 600  # lines of a step that is shown as a whole

Neuron = dict[str, Any]  # how the code writes its numbers


def listing_of(objective: Objective, own: bool) -> dict[str, Any] | None:
    """Return the lines of a step, what the names in them mean, and where the parts of a walk are.

    own: whether the model is of one's own, of which there is no walk. It is None for a step of too
    many lines.
    """
    if 2 * len(objective.parameters) > MOST:
        return None
    found = _listing(objective, own, r"    (.*)")
    return None if len(found["lines"]) > MOST else found


def cell_of(n: int, activation: str) -> dict[str, Any] | None:
    """Return the listing of a neuron alone, for which the target is the gradient that arrives."""
    if 2 * n > MOST:
        return None

    def arriving(output: Any, arrives: Any) -> Any:
        return output * arrives + detach(output)  # uses it twice, so that it has a name

    pairs: list[Any] = [([0.0] * n, 1.0)]
    objective = Objective(MLP(n, [1], output_activation=activation), pairs, arriving, "sum")
    found = _listing(objective, False, r" +([vdgwb]\w* = (?!.*= 0\.0$).*)")
    found["names"]["y"] = "a:0:0"
    return found


def _listing(objective: Objective, own: bool, shown: str) -> dict[str, Any]:
    """Return the listing of the lines that fit `shown`, of which it holds the group."""
    traced, source, _, texts = written(objective)
    lines = [line[1] for line in map(re.compile(shown).fullmatch, source.split("\n")[2:]) if line]
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
        for operation, text in zip(traced.record.operations, texts):
            primitive, *places = operation
            differs = primitive is operators.SUBTRACT and places[0] in traced.predicted
            if differs and places[1] in traced.ys and text.isidentifier():
                names[text] = f"e:{traced.ys.index(places[1])}"
                patterns.setdefault("L1", rf"^{text} = (.*)")
        inputs = [{"v": texts[at]} for at in traced.xs]
        layers = [inputs, *_layers(objective.model, traced, texts), []]
        for i, (below, layer, above) in enumerate(zip(layers, layers[1:], layers[2:])):
            for j, neuron in enumerate(layer):
                key = f"{i}:{j}"
                names |= {neuron[x]: f"{x}:{key}" for x in "azvd" if neuron[x].isidentifier()}
                patterns |= _of_neuron(key, j, neuron, below, above)
    parts = {key: found for key, pattern in patterns.items() if (found := _place(lines, pattern))}
    used = {word for line in lines for word in re.findall(r"\w+", line)}
    return {
        "lines": lines,
        "names": {name: key for name, key in names.items() if name in used},
        "parts": parts,
    }


def _place(lines: list[str], pattern: str) -> list[int] | None:
    """Return the first line that fits, and from where to where the group in the pattern stands."""
    wanted = re.compile(pattern.replace("^", r"^\s*"))
    for k, line in enumerate(lines):
        if found := wanted.search(line):
            return [k, *found.span(1)]
    return None


def _of_neuron(
    key: str, j: int, neuron: Neuron, below: list[Neuron], above: list[Neuron]
) -> dict[str, str]:
    """Return the patterns of a neuron's parts; j is its place among the inputs of those above."""
    v, a, d, bias, slope = (neuron[x] for x in ("v", "a", "d", "bias", "slope"))
    # It has a name, or went into the loss.
    value = f"^{v} = (.*)" if v.isidentifier() else rf"^\w+ \+?= (.*\b{bias}\b.*)"
    arrives = f"^{a} = (.*)" if re.fullmatch(r"d\d+", a) else _expression(a)
    products = (f"{w} * {x['v']}" for w, x in zip(neuron["weights"], below))
    users = (f"{user['weights'][j]} * {user['d']}" for user in above)
    return {
        f"F:{key}": value,
        f"F:{key}:act": value,
        f"F:{key}:bias": _expression(bias),
        **{f"F:{key}:{k}": _expression(text) for k, text in enumerate(products)},
        f"B:{key}": f"^{d} = (.*)",
        f"B:{key}:act": rf"^{d} = (\(?{re.escape(slope)}\)?) \*" if slope else f"^{d} = (.*)",
        f"B:{key}:added": arrives,
        **({} if above else {"B1": arrives, f"B:{key}:0": arrives}),
        **{f"B:{key}:{u}": _expression(text) for u, text in enumerate(users)},
    }


def _expression(text: str) -> str:
    return rf"^\w+ \+?= .*?(?<!\w)({re.escape(text)})(?!\w)"


def _layers(model: MLP, traced: Traced, texts: list[str]) -> list[list[Neuron]]:
    """Return the neurons of each layer: how the code writes their numbers."""
    order = [v for y in parts_of(traced.prediction) for v in topological_sort(y)[0]]
    sums = {id(v.parents[-1]): v for v in order if v.op == "dot"}
    outputs = {id(v.parents[0]): v for v in order if len(v.parents) == 1}
    parameters = iter(zip(traced.parameters, map(texts.__getitem__, traced.data)))

    def of(weights: list[str]) -> Neuron:
        bias, name = next(parameters)
        z = sums[id(bias)]
        v = outputs.get(id(z), z)
        a, d = traced.gradients[v], traced.gradients[z]
        numbers = {"a": a, "z": z.data, "v": v.data, "d": d}
        found = {x: texts[y.place] if isinstance(y, Symbol) else "" for x, y in numbers.items()}
        factors = traced.record.operations[d.place][1:] if d is not a else ()
        slope = "".join(texts[at] for at in factors if at != a.place)
        return found | {"weights": weights, "bias": name, "slope": slope}

    layers = []
    for n, inputs in zip(model.sizes, [model.n_in, *model.sizes]):
        rows = [[name for _, name in islice(parameters, inputs)] for _ in range(n)]
        layers.append([*map(of, rows)])
    return layers
