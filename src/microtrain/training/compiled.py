"""The training step as generated Python: that of `eager`, recorded and written down.

The model and the loss run once, on one sample, over symbols; so does the backward pass, with each
parameter's running gradient as a symbol that comes in and goes out, and so does the update. What
they did becomes a loop over the samples: its length does not depend on how many there are. All of
this happens on a copy of the model: no symbol is ever in the user's.
"""

from __future__ import annotations

import contextlib
import copy

from ..compiler.program import Program
from ..compiler.python import assemble, identifiers, write
from ..compiler.symbol import Symbol, as_operand
from ..errors import CompileError, describe
from ..functions import as_number
from ..losses import encode_target
from ..value import Value, propagate, topological_sort
from . import eager
from .eager import Eager, set_state

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from ..compiler.program import Operand
    from .eager import State

LETTERS = {"1. forward pass": "v", "2. loss": "l", "3. backward pass": "d"}
FORWARD, LOSS, BACKWARD = LETTERS

# Names that the generated step uses itself.
RESERVED = ("state", "batches", "batch", "lr", "loss", "total", "norm", "len")


class Compiled:
    """The engine that does in generated Python what `eager` does; `source` is that Python.

    Raises `CompileError` where the computation is not the same for all numbers.
    """

    name = "compiled"

    def __init__(self, eager: Eager, accumulate: int) -> None:
        trace = _Trace(eager)
        self.samples: Sequence[tuple[float, ...]] = trace.samples
        self.source = _source(trace, eager.reduction == "mean", eager.zero_grad, accumulate)
        function = assemble(self.source, "step")

        def step_eagerly(
            state: State, batches: Sequence[Sequence[Any]], lr: float
        ) -> tuple[float, float, State]:
            set_state(eager.parameters, state)
            pairs = [[trace.unpack(sample) for sample in batch] for batch in batches]
            return eager.step(state, pairs, lr)

        def step(
            state: State, batches: Sequence[Sequence[Any]], lr: float
        ) -> tuple[float, float, State]:
            try:
                return function(state, batches, lr)  # type: ignore[no-any-return]
            except (ArithmeticError, ValueError):  # it says what is wrong, or that nothing is
                return step_eagerly(state, batches, lr)

        self.step, self.step_eagerly = step, step_eagerly


class _Trace:
    """The programs of one sample and of the update, and the samples in the form they take."""

    samples: list[tuple[float, ...]]
    data: list[str]
    grads: list[str]
    totals: list[str]
    seed: str
    names: dict[int, str]
    variables: list[str]
    loss: Operand
    gradient: list[Operand]

    def __init__(self, engine: Eager) -> None:
        parameters: Sequence[Value] = engine.parameters
        samples: Sequence[Any] = engine.samples
        model, mine = _copy(engine.model, parameters)
        for x, y in samples:
            with contextlib.suppress(ArithmeticError):  # which is for the steps to find
                engine.loss_of(model(x), y)  # a target that doesn't fit is an error here and now
        self.program = program = Program()

        def symbols(names: Sequence[str]) -> list[Any]:
            return [Symbol(program, program.input(name)) for name in names]

        program.section = FORWARD
        x = samples[0][0]
        self.x_length = len(x) if isinstance(x, list) else None
        xs = symbols(["x"] if self.x_length is None else [f"x{i}" for i in range(self.x_length)])
        names = parameter_names(model, mine)
        data, grads = symbols(names), symbols([f"g_{name}" for name in names])
        mean = engine.reduction == "mean"
        (seed,) = symbols(["seed"]) if mean else (1.0,)
        for p, symbol in zip(mine, data):
            p.data = symbol
        try:
            prediction = model(xs[0] if self.x_length is None else list(xs))

            program.section = LOSS
            n_out = len(prediction) if isinstance(prediction, list | tuple) else 1
            targets = [_target(y, engine.loss, n_out) for _, y in samples]
            self.y_length = len(targets[0]) if isinstance(targets[0], list) else None
            n = self.y_length
            ys = symbols(["y"] if n is None else [f"y{i}" for i in range(n)])
            value = engine.loss_of(prediction, ys[0] if n is None else list(ys))
        except ArithmeticError as error:
            raise CompileError(f"a computation with constants fails: {error}") from error
        if not isinstance(value.data, Symbol):
            raise CompileError("loss is a constant: it depends on nothing that is known to change")

        program.section = BACKWARD
        order, leaves = topological_sort(value)
        fixed = [v for v in (*order, *leaves) if not isinstance(v.data, Symbol)]
        live = {id(p) for p in parameters}
        if any(v.parents or id(v) in live for v in fixed):
            raise CompileError(
                "model or loss uses a Value that was computed elsewhere, or a parameter of the "
                'model by another way than the model; compute it inside, or use engine="eager"'
            )
        if _holds_symbol(model, {id(p) for p in mine}):
            raise CompileError(
                "the forward pass changes the model, and generated code would not; "
                'use engine="eager"'
            )
        before = [v.grad for v in fixed]
        try:
            for leaf in leaves:
                leaf.grad = -0.0
            for p, symbol in zip(mine, grads):
                p.grad = symbol
            propagate(value, seed, order)
        finally:
            for v, grad in zip(fixed, before):
                v.grad = grad
        self.loss = as_operand(value.data)
        self.gradient = [as_operand(p.grad) for p in mine]
        program.sort_out(self.loss, BACKWARD)

        self.samples = [self.pack(x, y) for (x, _), y in zip(samples, targets)]
        places = iter(program.inputs)
        self.names = dict(zip(places, identifiers(program.inputs.values(), RESERVED)))
        self.variables = [self.names[s.place] for s in (*xs, *ys)]
        self.data = [self.names[s.place] for s in data]
        self.grads = [self.names[s.place] for s in grads]
        self.totals = identifiers([f"t{name}" for name in self.grads], self.names.values())
        self.seed = self.names[seed.place] if mean else ""
        self._trace_update(mine)

    def _trace_update(self, parameters: Sequence[Value]) -> None:
        self.update = program = Program()
        for p in parameters:
            p.data = Symbol(program, program.input("p"))  # type: ignore[assignment]
            p.grad = Symbol(program, program.input("g"))  # type: ignore[assignment]
        lr: Any = Symbol(program, program.input("lr"))
        norm = eager.gradient_norm(parameters)
        eager.update(parameters, lr)
        self.norm = as_operand(norm)
        self.new_data = [as_operand(p.data) for p in parameters]
        names = [name for pair in zip(self.data, self.grads) for name in pair]
        self.update_names = dict(zip(program.inputs, [*names, "lr"]))

    def pack(self, x: Any, y: Any) -> tuple[float, ...]:
        """Return a sample and its target as one tuple of floats."""
        for part, length in ((x, self.x_length), (y, self.y_length)):
            if (len(part) if isinstance(part, list) else None) != length:
                raise CompileError("samples or targets differ in length, so one loop can't fit all")
        return (
            *(x if isinstance(x, list) else [x]),
            *(y if isinstance(y, list) else [y]),
        )

    def unpack(self, sample: tuple[float, ...]) -> tuple[Any, Any]:
        """Return the sample and its target that `pack` made one of."""
        n = 1 if self.x_length is None else self.x_length
        x, y = list(sample[:n]), list(sample[n:])
        return x[0] if self.x_length is None else x, y[0] if self.y_length is None else y


def _copy(model: Any, parameters: Sequence[Value]) -> tuple[Any, list[Value]]:
    """Return a copy of the model, and its parameters in the order of the model's."""
    memo: dict[int, Any] = {}
    try:
        twin = copy.deepcopy(model, memo)
    except Exception as error:
        raise CompileError(f"model can't be copied, so it can't be compiled: {error}") from error
    if any(id(p) not in memo for p in parameters):
        raise CompileError("model's parameters are not its own: a copy of it has others")
    return twin, [memo[id(p)] for p in parameters]


def _holds_symbol(item: Any, parameters: set[int], seen: set[int] | None = None) -> bool:
    """Return whether something in a model, other than its parameters, has become a Symbol."""
    seen = set() if seen is None else seen
    if id(item) in seen or id(item) in parameters:
        return False
    seen.add(id(item))
    if isinstance(item, Value):
        return isinstance(item.data, Symbol)
    if isinstance(item, list | tuple | dict):
        parts = item.values() if isinstance(item, dict) else item
        return any(_holds_symbol(part, parameters, seen) for part in parts)
    if hasattr(item, "__dict__") and not isinstance(item, type):
        return _holds_symbol(vars(item), parameters, seen)
    return isinstance(item, Symbol)


def _target(y: Any, loss: Callable[[Any, Any], Value], n_out: int) -> Any:
    """Return a target as a float or a list of floats."""
    y = encode_target(loss, y, n_out)
    parts = y if isinstance(y, list | tuple) else [y]
    numbers = [as_number(part) for part in parts]
    if any(number is NotImplemented for number in numbers):
        raise CompileError(f"a target of numbers is all that compiles, got {describe(y)}")
    floats = [float(number) for number in numbers]
    return floats if isinstance(y, list | tuple) else floats[0]


def parameter_names(model: Any, parameters: Sequence[Value]) -> list[str]:
    """Return short names: ``w0_1_2`` is, in layer 0, the weight of neuron 1 for input 2."""
    named = {}
    if hasattr(model, "named_parameters"):
        named = {value: name for name, value in model.named_parameters()}
    names = []
    for i, p in enumerate(parameters):
        place = named.get(p, f"p{i}").removeprefix("layers.")
        layer, _, rest = place.partition(".")
        if rest.startswith(("weight.", "bias.")) and layer.isdigit():
            place = f"{rest[0]}{layer}_{rest.partition('.')[2]}"
        names.append(place.replace(".", "_"))
    return names


def _source(trace: _Trace, mean: bool, zero_grad: bool, accumulate: int) -> str:
    """Return the Python of a training step."""
    body, (loss, *gradient) = write(
        trace.program, [trace.loss, *trace.gradient], trace.names, LETTERS, RESERVED
    )
    updates, (norm, *new_data) = write(
        trace.update, [trace.norm, *trace.new_data], trace.update_names, {"": "u"}, RESERVED
    )
    data, grads = (f"{', '.join(names)}," for names in (trace.data, trace.grads))
    zeros = " = ".join(trace.grads)
    variables = ", ".join(trace.variables) + ("," if len(trace.variables) == 1 else "")
    turn = body.index(f"# {BACKWARD}") if f"# {BACKWARD}" in body else len(body)
    loop = [
        f"for {variables} in batch:",
        *(f"    {line}" for line in body[:turn]),
        *([] if f"# {LOSS}" in body else [f"    # {LOSS}"]),
        f"    loss += {loss}",
        *(f"    {line}" for line in body[turn:] or [f"# {BACKWARD}"]),
        *(f"    {g} = {new}" for g, new in zip(trace.grads, gradient) if g != new),
    ]
    lines = [f"({data}) = state[0]", "loss = 0.0"]
    if mean:
        loop = [f"{trace.seed} = 1.0 / len(batch)", *loop]
    if zero_grad and accumulate == 1:
        lines += [f"{zeros} = 0.0", "[batch] = batches", *loop]
        if mean:
            lines += ["loss = loss / len(batch)"]
    else:
        totals = trace.totals
        start = f"{' = '.join(totals)} = 0.0" if zero_grad else f"({', '.join(totals)},) = state[1]"
        lines += [
            start,
            "total = 0.0",
            "for batch in batches:",
            "    loss = 0.0",
            f"    {zeros} = -0.0",
            *(f"    {line}" for line in loop),
            *(["    loss = loss / len(batch)"] if mean else []),
            "    total += loss",
            *(f"    {t} += {g}" for t, g in zip(totals, trace.grads)),
            f"({grads}) = ({', '.join(totals)},)",
            "loss = total",
        ]
    lines += [
        *updates,
        f"norm = {norm}",
        "# 4. update",
        *(f"{p} = {new}" for p, new in zip(trace.data, new_data)),
        f"return loss, norm, (({data}), ({grads}))",
    ]
    return "\n".join(["def step(state, batches, lr):", *(f"    {line}" for line in lines)])
