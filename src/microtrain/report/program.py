"""The page's engine: what was recorded, written as JavaScript.

Of the recorded model it holds the whole step of one sample, its prediction, and the product of its
Hessian with a vector. For networks that are put together in the page it holds neurons: the sum of
each number of inputs, each activation, each loss, and what their gradients are.

All functions work on arrays of doubles: `p` the parameters, `g` their gradients so far, `x` the
samples, each with its target behind it, of which one begins at `at`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from ..compiler.javascript import JavaScript, function
from ..compiler.record import Record, without_collection
from ..compiler.symbol import Symbol, as_place
from ..compiler.writer import Part, Scope, write
from ..engine.graph import accumulated
from ..engine.value import Value
from ..nn.mlp import ACTIVATIONS, dot
from ..training.compiled import record_backward
from ..training.curvature import record_product
from ..training.objective import Objective
from ..training.tracing import Traced, parts_of, trace_loss

MOST = 2_000  # parameters of a model whose step is written down as a whole
BENT = 400  # parameters of one whose Hessian is

RESERVED = ("p", "g", "x", "at", "seed", "v", "s", "j", "z", "w", "b", "d", "e", "o", "y", "a", "h")


class Program:
    """JavaScript functions, and what they call."""

    def __init__(self) -> None:
        self.sources: list[str] = []
        self.helpers: dict[str, None] = {}

    def add(
        self,
        name: str,
        parameters: str,
        record: Record,
        inputs: dict[int, str],
        results: Sequence[tuple[str, Any]],
        returned: Any = None,
    ) -> str:
        """Write a function that puts results, numbers over symbols, into their places.

        inputs: how it writes the record's inputs, by place; `returned`, the number that it returns.
        """
        record.kept.clear()  # nothing raises
        scope = Scope(JavaScript, [record], RESERVED)
        places = [as_place(record, x) for _, x in results]
        last = [] if returned is None else [as_place(record, returned)]
        first, rest = Part("", "v", last), Part("", "d", places)
        write(record, inputs, scope, first, rest)
        self.helpers |= dict.fromkeys(scope.namespace.values())
        stores = [
            f"{place} = {text};"
            for (place, _), text in zip(results, rest.expressions)
            if place != text
        ]
        lines = [*first.lines, *(f"const result = {x};" for x in first.expressions)]
        end = "result" if last else ""
        self.sources.append(function(name, parameters, [*lines, *rest.lines, *stores], end))
        return name

    def text(self, members: Iterable[str]) -> str:
        """Return the program: an object of its functions."""
        head = ["const inf = Infinity, nan = NaN;", *self.helpers]
        body = "\n".join([*head, *self.sources])
        return f"const program = (() => {{\n{body}\nreturn {{ {', '.join(members)} }};\n}})();"


def program_of(objective: Objective | None, sizes: Iterable[int], losses: Iterable[Any]) -> str:
    """Return the JavaScript of a model and its loss, if any, and of neurons for other networks.

    sizes: the numbers of inputs that neurons have; losses: names, functions, numbers of outputs,
    and lengths of targets. Raises `CompileError` where the model is not the same computation for
    all numbers.
    """
    program = Program()
    whole = objective is not None and len(objective.parameters) <= MOST
    members = [f"straight: {_straight(program, objective) if objective and whole else 'null'}"]
    sums = [f"{n}: {_sum(program, n)}" for n in sizes]
    activations = [f"{name}: {_activation(program, name)}" for name in ACTIVATIONS]
    known = [f'"{key}": {_loss(program, i, *loss)}' for i, (key, *loss) in enumerate(losses)]
    for name, group in (("sums", sums), ("activations", activations), ("losses", known)):
        members.append(f"{name}: {{ {', '.join(group)} }}")
    return program.text(members)


def _straight(program: Program, objective: Objective) -> str:
    """Write the functions of a whole model, and return the object of them."""
    with without_collection():
        traced = trace_loss(objective)
        record = traced.record
        running, seeds, found = record_backward(traced, seeded=True)
    names = _sample(traced) | {place: f"g[{k}]" for k, place in enumerate(running)}
    names |= dict.fromkeys(seeds, "seed")
    gradient = [(f"g[{k}]", found[p]) for k, p in enumerate(traced.parameters)]
    loss = traced.loss.data
    program.add("gradient", "p, g, x, at, seed", record, names, gradient, loss)
    program.add("loss", "p, x, at", record, names, [], loss)
    outputs = [getattr(y, "data", y) for y in parts_of(traced.prediction)]
    found_at = [(f"o[{k}]", y) for k, y in enumerate(outputs)]
    program.add("predict", "p, x, at, o", record, names, found_at)
    product = "null"
    if len(traced.data) <= BENT:
        product = _product(program, traced)
    return f"{{ gradient, loss, predict, product: {product} }}"


def _product(program: Program, traced: Traced) -> str:
    with without_collection():
        record, weights, sample, direction, products = record_product(traced)
    names = {place: f"p[{k}]" for k, place in enumerate(weights)}
    names |= {place: f"x[at + {k}]" for k, place in enumerate(sample)}
    names |= {place: f"d[{k}]" for k, place in enumerate(direction)}
    sums = [record.input(f"h_{name}") for name in traced.names]
    names |= {place: f"h[{k}]" for k, place in enumerate(sums)}
    results = [
        (f"h[{k}]", Symbol(record, place) + Symbol(record, x))
        for k, (place, x) in enumerate(zip(sums, products))
    ]
    return program.add("product", "p, d, h, x, at", record, names, results)


def _sample(traced: Traced) -> dict[int, str]:
    """Return how the inputs of a recorded model are written."""
    names = {place: f"p[{k}]" for k, place in enumerate(traced.data)}
    return names | {place: f"x[at + {k}]" for k, place in enumerate([*traced.xs, *traced.ys])}


class _Inputs:
    """A record that is about to begin, and how its inputs are written."""

    def __init__(self) -> None:
        self.record = Record()
        self.names: dict[int, str] = {}

    def symbols(self, template: str, n: int) -> list[Any]:
        """Return n new symbols, written after a template."""
        places = [self.record.input(template.format(k)) for k in range(n)]
        self.names |= {place: template.format(k) for k, place in enumerate(places)}
        return [Symbol(self.record, place) for place in places]


def _sum(program: Program, n: int) -> str:
    """Write the weighted sum of n inputs and what it does to the gradients of its operands."""
    new = _Inputs()
    weights, inputs = ([*map(Value, new.symbols(x, n))] for x in ("p[w + {0}]", "x[{0}]"))
    (bias,), (seed,) = map(Value, new.symbols("p[b]", 1)), new.symbols("d", 1)
    operands = [*weights, bias, *inputs]
    places = [*(f"g[w + {k}]" for k in range(n)), "g[b]", *(f"e[{k}]" for k in range(n))]
    z = dot(weights, inputs, bias)
    before = [new.symbols(place, 1)[0] for place in places]
    found = accumulated(z, seed, dict(zip(operands, before)))
    results = [(place, found[x]) for place, x in zip(places, operands)]
    record, names = new.record, new.names
    add = program.add
    return (
        f"{{ value: {add(f'sum_{n}', 'p, w, b, x', record, names, [], z.data)}, "
        f"weights: {add(f'weights_{n}', 'x, d, g, w, b', record, names, results[: n + 1])}, "
        f"inputs: {add(f'inputs_{n}', 'p, w, d, e', record, names, results[n + 1 :])} }}"
    )


def _activation(program: Program, name: str) -> str:
    """Write an activation, alone and with its slope."""
    new = _Inputs()
    z = Value(new.symbols("z", 1)[0])
    v = ACTIVATIONS[name](z)
    slope = accumulated(v, 1.0, {})[z] if v is not z else 1.0
    results = [("v[j]", v.data), ("s[j]", slope)]
    record, names = new.record, new.names
    value = program.add(f"{name}_value", "z", record, names, [], v.data)
    both = program.add(f"{name}_both", "z, v, s, j", record, names, results)
    return f"{{ value: {value}, both: {both} }}"


def _loss(
    program: Program, i: int, loss: Callable[[Any, Any], Any], outputs: int, y_length: int | None
) -> str:
    """Write the loss of some outputs, alone and with its gradients by them."""
    new = _Inputs()
    given = [*map(Value, new.symbols("o[{0}]", outputs))]
    targets = new.symbols("y[at + {0}]", y_length or 1)
    (seed,) = new.symbols("seed", 1)
    value = loss(given if outputs > 1 else given[0], targets[0] if y_length is None else targets)
    found = accumulated(value, seed, {})
    results = [(f"a[{k}]", found.get(x, 0.0)) for k, x in enumerate(given)]
    record, names = new.record, new.names
    add = program.add
    return (
        f"{{ value: {add(f'loss_{i}', 'o, y, at', record, names, [], value.data)}, "
        f"both: {add(f'loss_{i}_both', 'o, y, at, seed, a', record, names, results, value.data)} }}"
    )
