"""The page's engine: what was recorded, written as JavaScript.

Of the recorded model it holds the whole step of one sample, its prediction, and the product of its
Hessian with a vector. For networks that are put together in the page it holds neurons, of each
number of inputs and each activation, and losses, each with its gradients.

All functions work on arrays of doubles: `p` the parameters, `g` their gradients so far, `x` the
samples, each with its target behind it, of which one begins at `at`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from ..compiler.javascript import JavaScript, function
from ..compiler.record import Record, without_collection
from ..compiler.symbol import Symbol, as_place
from ..compiler.writer import Part
from ..engine.graph import accumulated
from ..engine.value import Value
from ..nn.mlp import ACTIVATIONS, dot
from ..training.curvature import record_product
from ..training.plan import Objective
from ..training.tracing import Traced, parts_of, trace_loss

MOST = 2_000  # parameters of a model whose step is written down as a whole
BENT = 400  # parameters of one whose Hessian is


def program_of(objective: Objective | None, sizes: Sequence[int], losses: Mapping[str, Any]) -> str:
    """Return the JavaScript of a model and its loss, if any, and of neurons for other networks.

    sizes: the numbers of inputs that neurons have; losses: of each data set, the function, the
    number of outputs, and the length of targets. Raises `CompileError` where the model is not the
    same computation for all numbers.
    """
    whole = objective is not None and len(objective.parameters) <= MOST
    program = {
        "straight": _straight(objective) if objective and whole else "null",
        "neurons": _object({f'"{n}:{a}"': _neuron(n, a) for n in sizes for a in ACTIVATIONS}),
        "sums": _object({str(n): _sum(n) for n in sizes}),
        "losses": _object({name: _loss(*loss) for name, loss in losses.items()}),
    }
    return f"const program = {_object(program)};"


def _object(members: Mapping[str, str]) -> str:
    return "\n".join(["{", *(f"{name}: {text}," for name, text in members.items()), "}"])


class Recorded:
    """A record that is written as functions; `names`, of its inputs in JavaScript, by place."""

    def __init__(self, record: Record | None = None) -> None:
        self.record = Record() if record is None else record
        self.names: dict[int, str] = {}

    def name(self, template: str, places: Iterable[int]) -> None:
        """Give names to inputs, after a template for their number."""
        self.names |= {place: template.format(k) for k, place in enumerate(places)}

    def inputs(self, template: str, n: int) -> list[Any]:
        """Return n new inputs, as symbols."""
        places = [self.record.input(template) for _ in range(n)]
        self.name(template, places)
        return [Symbol(self.record, place) for place in places]

    def function(
        self, parameters: str, results: Sequence[tuple[str, Any]], returned: Any = None
    ) -> str:
        """Return a function that puts results, numbers over symbols, into their places."""
        record = self.record
        record.kept.clear()  # nothing raises
        last = [] if returned is None else [as_place(record, returned)]
        first = Part("", "v", last)
        rest = Part("", "d", [as_place(record, x) for _, x in results])
        JavaScript(record).write(self.names, first, rest)
        stores = (f"{at} = {x};" for (at, _), x in zip(results, rest.expressions) if at != x)
        found = [f"const result = {x};" for x in first.expressions]
        lines = [*first.lines, *found, *rest.lines, *stores]
        return function(parameters, lines, "result" if last else "")


def _straight(objective: Objective) -> str:
    """Return the functions of a whole model."""
    with without_collection():
        traced = trace_loss(objective)
        traced.backward(seeded=True)
    model = Recorded(traced.record)
    model.name("p[{0}]", traced.data)
    model.name("x[at + {0}]", [*traced.xs, *traced.ys])
    model.name("g[{0}]", traced.running)
    model.name("seed", traced.seeds)
    gradient = [(f"g[{k}]", traced.gradients[p]) for k, p in enumerate(traced.parameters)]
    outputs = (getattr(y, "data", y) for y in parts_of(traced.prediction))
    predicted = [(f"o[{k}]", y) for k, y in enumerate(outputs)]
    loss = traced.loss.data
    functions = {
        "gradient": model.function("p, g, x, at, seed", gradient, loss),
        "loss": model.function("p, x, at", [], loss),
        "predict": model.function("p, x, at, o", predicted),
        "product": _product(model, traced) if len(traced.data) <= BENT else "null",
    }
    return _object(functions)


def _product(model: Recorded, traced: Traced) -> str:
    """Return a function that adds the Hessian times `d` to `h`."""
    with without_collection():
        direction, products = record_product(traced)
    model.name("d[{0}]", direction)
    sums = model.inputs("h[{0}]", len(products))
    added = [total + Symbol(model.record, place) for total, place in zip(sums, products)]
    return model.function("p, d, h, x, at", [(f"h[{k}]", x) for k, x in enumerate(added)])


def _neuron(n: int, activation: str) -> str:
    """Return a function that puts a neuron's sum, its output and the slope between into place j."""
    neuron = Recorded()
    weights, inputs = neuron.inputs("p[w + {0}]", n), neuron.inputs("x[{0}]", n)
    total: Any = dot(weights, inputs, *neuron.inputs("p[b]", 1))
    z = Value(total)
    v = ACTIVATIONS[activation](z)
    slope = 1.0 if v is z else accumulated(v, 1.0, {})[z]
    results = [("z[j]", z.data), ("v[j]", v.data), ("s[j]", slope)]
    return neuron.function("p, w, b, x, z, v, s, j", results)


def _sum(n: int) -> str:
    """Return what a sum of n inputs, whose gradient is d, adds to those of its operands."""
    neuron = Recorded()
    weights, inputs = ([*map(Value, neuron.inputs(x, n))] for x in ("p[w + {0}]", "x[{0}]"))
    bias, seed = Value(neuron.inputs("p[b]", 1)[0]), neuron.inputs("d", 1)[0]
    places = [*(f"g[w + {k}]" for k in range(n)), "g[b]", *(f"e[{k}]" for k in range(n))]
    operands = [*weights, bias, *inputs]
    before = {x: neuron.inputs(place, 1)[0] for x, place in zip(operands, places)}
    found = accumulated(dot(weights, inputs, bias), seed, before)
    results = [(place, found[x]) for x, place in zip(operands, places)]
    functions = {
        "weights": neuron.function("x, d, g, w, b", results[: n + 1]),
        "inputs": neuron.function("p, w, d, e", results[n + 1 :]),
    }
    return _object(functions)


def _loss(loss: Callable[[Any, Any], Any], outputs: int, length: int | None) -> str:
    """Return a function that returns the loss of some outputs, and puts its gradient into `a`."""
    sample = Recorded()
    given = [*map(Value, sample.inputs("o[{0}]", outputs))]
    targets = sample.inputs("y[at + {0}]", length or 1)
    (seed,) = sample.inputs("seed", 1)
    value = loss(given if outputs > 1 else given[0], targets[0] if length is None else targets)
    found = accumulated(value, seed, {})
    slopes = [(f"a[{k}]", found.get(x, 0.0)) for k, x in enumerate(given)]
    return sample.function("o, y, at, seed, a", slopes, value.data)
