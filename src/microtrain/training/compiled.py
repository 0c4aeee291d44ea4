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
from ..losses import encode_target, is_known
from ..value import Value, propagate, topological_sort
from . import eager
from .eager import Eager, set_state

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

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
        self.source = _source(trace, eager.zero_grad, accumulate)
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

    def __init__(self, engine: Eager) -> None:
        self.model, self.parameters = _copy(engine.model, engine.parameters)
        if not is_known(engine.loss):
            for (
                x,
                y,
            ) in engine.samples:  # a target that doesn't fit can be told from its number only
                with contextlib.suppress(ArithmeticError):  # that is for the steps to find
                    engine.loss_of(self.model(x), y)
        self.program = Program()
        value = self._forward(engine)
        self._backward(value, engine)
        self._name_inputs()
        self._update()

    def _symbols(self, names: Sequence[str]) -> list[Any]:
        return [Symbol(self.program, self.program.input(name)) for name in names]

    def _forward(self, engine: Eager) -> Value:
        """Run the model and the loss on one sample of symbols."""
        self.program.section = FORWARD
        x = engine.samples[0][0]
        self.x_length = len(x) if isinstance(x, list) else None
        self.xs = self._symbols(_numbered("x", self.x_length))
        names = parameter_names(self.model, self.parameters)
        self.data_in = self._symbols(names)
        self.grads_in = self._symbols([f"g_{name}" for name in names])
        for p, symbol in zip(self.parameters, self.data_in):
            p.data = symbol
        try:
            prediction = self.model(self.xs[0] if self.x_length is None else list(self.xs))
            self.program.section = LOSS
            n_out = len(prediction) if isinstance(prediction, list | tuple) else 1
            targets = [_target(y, engine.loss, n_out) for _, y in engine.samples]
            self.y_length = len(targets[0]) if isinstance(targets[0], list) else None
            self.ys = self._symbols(_numbered("y", self.y_length))
            loss = engine.loss_of(
                prediction, self.ys[0] if self.y_length is None else list(self.ys)
            )
        except ArithmeticError as error:
            raise CompileError(f"a computation with constants fails: {error}") from error
        if not isinstance(loss.data, Symbol):
            raise CompileError("loss is a constant: it depends on nothing that is known to change")
        if _holds_symbol(self.model, {id(p) for p in self.parameters}):
            raise CompileError(
                "the forward pass changes the model, and generated code would not; "
                'use engine="eager"'
            )
        self.samples = [self.pack(x, y) for (x, _), y in zip(engine.samples, targets)]
        return loss

    def _backward(self, loss: Value, engine: Eager) -> None:
        """Run the chain rule, each parameter's gradient starting from a symbol."""
        self.program.section = BACKWARD
        self.seed_in = self._symbols(["seed"] if engine.reduction == "mean" else [])
        seed = self.seed_in[0] if self.seed_in else 1.0
        order, leaves = topological_sort(loss)
        fixed = [v for v in (*order, *leaves) if not isinstance(v.data, Symbol)]
        live = {id(p) for p in engine.parameters}
        if any(v.parents or id(v) in live for v in fixed):
            raise CompileError(
                "model or loss uses a Value that was computed elsewhere, or a parameter of the "
                'model by another way than the model; compute it inside, or use engine="eager"'
            )
        before = [v.grad for v in fixed]
        try:
            for leaf in leaves:
                leaf.grad = -0.0
            for p, symbol in zip(self.parameters, self.grads_in):
                p.grad = symbol
            propagate(loss, seed, order)
        finally:
            for v, grad in zip(fixed, before):
                v.grad = grad
        self.loss = as_operand(loss.data)
        self.gradient = [as_operand(p.grad) for p in self.parameters]
        self.program.sort_out(self.loss, BACKWARD)

    def _name_inputs(self) -> None:
        inputs = self.program.inputs
        self.names = names = dict(zip(inputs, identifiers(inputs.values(), RESERVED)))
        self.variables = [names[symbol.place] for symbol in (*self.xs, *self.ys)]
        self.data = [names[symbol.place] for symbol in self.data_in]
        self.grads = [names[symbol.place] for symbol in self.grads_in]
        self.totals = identifiers([f"t{name}" for name in self.grads], names.values())
        self.seed = [names[symbol.place] for symbol in self.seed_in]

    def _update(self) -> None:
        """Run the length of the gradient and the update, in a program of their own."""
        self.update = program = Program()
        for p in self.parameters:
            p.data = Symbol(program, program.input("p"))  # type: ignore[assignment]
            p.grad = Symbol(program, program.input("g"))  # type: ignore[assignment]
        lr: Any = Symbol(program, program.input("lr"))
        norm = eager.gradient_norm(self.parameters)
        eager.update(self.parameters, lr)
        self.norm = as_operand(norm)
        self.new_data = [as_operand(p.data) for p in self.parameters]
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


def _numbered(name: str, length: int | None) -> list[str]:
    """Return names for the items of a list, or the name alone for a number."""
    return [name] if length is None else [f"{name}{i}" for i in range(length)]


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


def _source(trace: _Trace, zero_grad: bool, accumulate: int) -> str:
    """Return the Python of a training step."""
    mean = bool(trace.seed)
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
        loop = [f"{trace.seed[0]} = 1.0 / len(batch)", *loop]
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
