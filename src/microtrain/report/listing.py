"""The generated Python of a training step, and which place in it belongs to which part of a walk.

A walk goes through one step, part by part. The page marks the part's line and expression, and sets
the numbers below the names. What a name stands for is known from the record, and each means one
thing, so that lines are found by the names in them.
"""

from __future__ import annotations

import re
from typing import Any

from ..compiler.symbol import Symbol
from ..engine import operators
from ..engine.graph import topological_sort
from ..engine.piecewise import detach
from ..nn.mlp import MLP
from ..training.compiled import Written, written
from ..training.objective import Objective
from ..training.tracing import parts_of

MOST = 600  # lines of a step that is shown as a whole


def listing_of(objective: Objective) -> dict[str, Any] | None:
    """Return the lines of a step, the names in them, and where the parts of a walk are.

    It is None for a step of too many lines.
    """
    step = written(objective)
    lines = [line[4:] for line in step.source.split("\n")[2:]]
    return None if len(lines) > MOST else _Listing(objective, step, lines).data()


def cell_of(n: int, activation: str) -> dict[str, Any]:
    """Return the listing of a neuron alone, for which the target is the gradient that arrives."""
    model = MLP(n, [1], output_activation=activation)
    pairs: list[Any] = [([0.0] * n, 1.0)]
    objective = Objective(model, pairs, _arriving, "sum")
    step = written(objective)
    lines = [line.strip() for line in step.source.split("\n")[2:]]
    wanted = [line for line in lines if re.match(r"[vdgwb]\w* = (?!.*= 0\.0$)", line)]
    listing = _Listing(objective, step, wanted)
    listing.keys["y"] = "a:0:0"
    return listing.data()


def _arriving(output: Any, arrives: Any) -> Any:
    """Return what has this derivative by the output; it uses that twice, so that it has a name."""
    return output * arrives + detach(output)


class _Listing:
    """The lines of a step; `keys`, what each name stands for."""

    def __init__(self, objective: Objective, step: Written, lines: list[str]) -> None:
        self.lines, self.texts = lines, step.texts
        self.step, self.traced = step, step.traced
        self.keys: dict[str, str] = {"lr": "lr", "loss": "loss"}
        self.parts: dict[str, list[int]] = {}
        for kind, places in (
            ("p", self.traced.data),
            ("x", self.traced.xs),
            ("y", self.traced.ys),
            ("g", step.running),
        ):
            self.keys |= {self.texts[place]: f"{kind}:{k}" for k, place in enumerate(places)}
        self.layers: list[list[dict[str, Any]]] = []
        self.inputs = [self.texts[place] for place in self.traced.xs]
        if type(objective.model) is MLP:
            self.layers = self._layers(objective.model)
            self._name_errors()

    def _layers(self, model: MLP) -> list[list[dict[str, Any]]]:
        """Return the neurons of each layer: how the code writes their numbers."""
        order = [v for y in parts_of(self.traced.prediction) for v in topological_sort(y)[0]]
        known = {id(v.parents[-1]): v for v in order if v.op == "dot"}
        outputs = {id(v.parents[0]): v for v in order if len(v.parents) == 1}
        parameters = iter(zip(self.traced.parameters, self.traced.data))
        found: list[list[dict[str, Any]]] = []
        for layer, (n, inputs) in enumerate(zip(model.sizes, [model.n_in, *model.sizes])):
            weights = [[self.texts[next(parameters)[1]] for _ in range(inputs)] for _ in range(n)]
            found.append([])
            for j in range(n):
                bias, place = next(parameters)
                z = known[id(bias)]
                v = outputs.get(id(z), z)
                neuron: dict[str, Any] = {"weights": weights[j], "bias": self.texts[place]}
                for name, number in (
                    ("a", self.step.gradients[v]),
                    ("z", z.data),
                    ("v", v.data),
                    ("d", self.step.gradients[z]),
                ):
                    text = self._text(number)
                    neuron[name] = text
                    if text.isidentifier():
                        self.keys[text] = f"{name}:{layer}:{j}"
                neuron["slope"] = self._factor(self.step.gradients[z], self.step.gradients[v])
                found[-1].append(neuron)
        return found

    def _factor(self, product: Any, other: Any) -> str | None:
        """Return how the code writes the other factor of a product, if it is one."""
        operation = self.traced.record.operations[product.place] if product is not other else ()
        factors = [x for x in operation[1:] if x != other.place]
        return self.texts[factors[0]] if len(factors) == 1 and len(operation) == 3 else None

    def _text(self, number: Any) -> str:
        return self.texts[number.place] if isinstance(number, Symbol) else repr(number)

    def _name_errors(self) -> None:
        """Find the differences of outputs and targets, if the loss has such."""
        predicted = self.traced.predicted
        for operation, text in zip(self.traced.record.operations, self.texts):
            if operation[0] is operators.SUBTRACT and text.isidentifier():
                _, a, b = operation
                if a in predicted and b in self.traced.ys:
                    self.keys[text] = f"e:{self.traced.ys.index(b)}"

    def data(self) -> dict[str, Any]:
        """Return the listing as the page holds it."""
        self._whole()
        for layer, neurons in enumerate(self.layers):
            for j, neuron in enumerate(neurons):
                self._forward(layer, j, neuron)
                self._backward(layer, j, neuron)
        used = {word for line in self.lines for word in re.findall(r"\w+", line)}
        names = {name: key for name, key in self.keys.items() if name in used}
        return {"lines": self.lines, "names": names, "parts": self.parts}

    def _mark(self, key: str, found: list[int] | None) -> None:
        if found is not None and key not in self.parts:
            self.parts[key] = found

    def _line(self, start: str, last: bool = False) -> int | None:
        """Return the first line, or the last, that begins like this."""
        found = [k for k, line in enumerate(self.lines) if line.lstrip().startswith(start)]
        return found[-last] if found else None

    def _right(self, start: str, last: bool = False) -> list[int] | None:
        """Return the right side of the first line, or the last, that begins like this."""
        k = self._line(start, last)
        if k is None:
            return None
        line = self.lines[k]
        return [k, line.index(start) + len(start), len(line)]

    def _whole_line(self, start: str, last: bool = False) -> list[int] | None:
        k = self._line(start, last)
        if k is None:
            return None
        line = self.lines[k]
        return [k, len(line) - len(line.lstrip()), len(line)]

    def _expression(self, text: str) -> list[int] | None:
        """Return where an expression stands first."""
        wanted = re.compile(rf"(?<!\w){re.escape(text)}(?!\w)")
        for k, line in enumerate(self.lines):
            found = wanted.search(line, line.find("=") + 1)
            if found and " = 0.0" not in line and not line.lstrip().startswith("for "):
                return [k, found.start(), found.end()]
        return None

    def _whole(self) -> None:
        """Mark what is not of a neuron."""
        grads = [self.texts[place] for place in self.step.running]
        weights = [self.texts[place] for place in self.traced.data]
        self._mark("F0", self._whole_line("for ", last=True))
        for name, key in self.keys.items():
            if key == "e:0":
                self._mark("L1", self._right(f"{name} = "))
        self._mark("L2", self._right("loss += "))
        self._mark("L3", self._whole_line("loss += "))
        self._mark("B0", self._whole_line(f"{' = '.join(grads)} = 0.0"))
        for k, (g, w) in enumerate(zip(grads, weights)):
            self._mark(f"G:{k}", self._right(f"{g} = ", last=True))
            self._mark(f"U:{k}", self._right(f"{w} = ", last=True))
        self._mark("BS", self._whole_line(f"{grads[-1]} = ", last=True))
        self._mark("U2", self._whole_line(f"{weights[-1]} = ", last=True))
        self._mark("U3", self._whole_line("return "))

    def _forward(self, layer: int, j: int, neuron: dict[str, Any]) -> None:
        inputs = [x["v"] for x in self.layers[layer - 1]] if layer else self.inputs
        key, bias = f"F:{layer}:{j}", self._expression(neuron["bias"])
        whole = self._right(f"{neuron['v']} = ")
        if whole is None and bias is not None:  # it went into the loss
            whole = [bias[0], self.lines[bias[0]].index("= ") + 2, len(self.lines[bias[0]])]
        self._mark(key, whole)
        self._mark(f"{key}:act", whole)
        self._mark(f"{key}:bias", bias)
        for k, (w, x) in enumerate(zip(neuron["weights"], inputs)):
            self._mark(f"{key}:{k}", self._expression(f"{w} * {x}"))

    def _backward(self, layer: int, j: int, neuron: dict[str, Any]) -> None:
        key, whole = f"B:{layer}:{j}", self._right(f"{neuron['d']} = ")
        self._mark(key, whole)
        self._mark(f"{key}:act", self._slope(neuron) or whole)
        arrives = self._right(f"{neuron['a']} = ") or self._expression(neuron["a"])
        if layer == len(self.layers) - 1:
            self._mark("B1", arrives or whole)
            self._mark(f"{key}:0", arrives or whole)
        else:
            for u, user in enumerate(self.layers[layer + 1]):
                term = f"{user['weights'][j]} * {user['d']}"
                self._mark(f"{key}:{u}", self._expression(term))
        self._mark(f"{key}:added", arrives or whole)

    def _slope(self, neuron: dict[str, Any]) -> list[int] | None:
        """Return where the slope of the activation stands, with the parentheses around it."""
        k = self._line(f"{neuron['d']} = ")
        if k is None or neuron["slope"] is None:
            return None
        line, text = self.lines[k], neuron["slope"]
        start = line.find(text, line.index("= "))
        around = line[start - 1 : start + len(text) + 1] == f"({text})"
        return [k, start - around, start + len(text) + around] if start > 0 else None
