"""The training step as generated Python: that of `eager`, recorded and written down.

The model and the loss run once, on one sample, over symbols; so does the backward pass, with each
parameter's running gradient as a symbol that comes in and goes out, and so does the update. What
they did becomes a loop over the samples: its length does not depend on how many there are.
"""

from __future__ import annotations

from ..compiler.program import Program
from ..compiler.python import assemble, identifiers, input_names, listed, write
from ..compiler.symbol import Symbol, as_operand
from ..graph import propagate, topological_sort
from ..structure import structure_of, trace_key
from ..tracing import BACKWARD, FORWARD, LOSS, Trace, made_once
from . import eager
from .eager import EagerEngine, set_state

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from ..tracing import Layout
    from .eager import State

LETTERS = {FORWARD: "v", LOSS: "l", BACKWARD: "d"}

# Names that the generated step uses itself.
RESERVED = ("state", "batches", "batch", "lr", "loss", "total", "norm", "len")


class CompiledEngine:
    """The engine that does in generated Python what `eager` does; `source` is that Python.

    Raises `CompileError` where the computation is not the same for all numbers.
    """

    name = "compiled"

    def __init__(self, eager: EagerEngine, accumulate: int) -> None:
        self._eager = eager
        self._structure = structure_of(eager.model, eager.parameters)
        key = trace_key(eager.model, eager.parameters, eager.samples, eager.loss)
        key = key and ("step", key, eager.reduction, eager.zero_grad, accumulate)
        self.source, function, layout = made_once(key, lambda: _generated(eager, accumulate))
        self.samples: Sequence[tuple[float, ...]] = [layout.pack(x, y) for x, y in eager.samples]

        def step_eagerly(
            state: State, batches: Sequence[Sequence[Any]], lr: float
        ) -> tuple[float, float, State]:
            set_state(eager.parameters, state)
            pairs = [[layout.unpack(sample) for sample in batch] for batch in batches]
            return eager.step(state, pairs, lr)

        def step(
            state: State, batches: Sequence[Sequence[Any]], lr: float
        ) -> tuple[float, float, State]:
            try:
                return function(state, batches, lr)  # type: ignore[no-any-return]
            except (ArithmeticError, ValueError):  # it says what is wrong, or that nothing is
                return step_eagerly(state, batches, lr)

        self.step, self._step_eagerly = step, step_eagerly

    def look_again(self) -> None:
        """Go on eagerly if the model has become another one than that which was recorded."""
        if structure_of(self._eager.model, self._eager.parameters) != self._structure:
            self.step = self._step_eagerly


def _generated(eager: EagerEngine, accumulate: int) -> tuple[str, Callable[..., Any], Layout]:
    """Return the Python of a training step, the function that it defines, and what that takes."""
    step = _Step(eager)
    source = _source(step, eager.zero_grad, accumulate)
    return source, assemble(source, "step"), step.layout


class _Step(Trace):
    """The programs of one sample's part in a step, and of the update."""

    def __init__(self, engine: EagerEngine) -> None:
        super().__init__(engine.model, engine.parameters, engine.samples, engine.loss)
        self.grads_in = self.symbols([f"g_{name}" for name in self.names])
        self._backward(engine)
        self._name_inputs()
        self._update()

    def _backward(self, engine: EagerEngine) -> None:
        """Run the chain rule, each parameter's gradient starting from a symbol."""
        self.program.section = BACKWARD
        self.seed_in = self.symbols(["seed"] if engine.reduction == "mean" else [])
        seed = self.seed_in[0] if self.seed_in else 1.0
        order, leaves = topological_sort(self.loss)
        fixed = [v for v in (*order, *leaves) if not isinstance(v.data, Symbol)]
        before = [v.grad for v in fixed]
        try:
            for p, symbol in zip(self.parameters, self.grads_in):
                p.grad = symbol
            propagate(self.loss, seed, order)
        finally:
            for v, grad in zip(fixed, before):
                v.grad = grad
        self.result = as_operand(self.loss.data)
        self.gradient = [as_operand(p.grad) for p in self.parameters]
        self.program.set_apart(self.result, BACKWARD)

    def _name_inputs(self) -> None:
        self.input_names = names = input_names(self.program, RESERVED)
        self.variables = [names[symbol.place] for symbol in (*self.xs, *self.ys)]
        self.weights = [names[symbol.place] for symbol in self.data]
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
        names = [name for pair in zip(self.weights, self.grads) for name in pair]
        self.update_names = dict(zip(program.inputs, [*names, "lr"]))


def _source(trace: _Step, zero_grad: bool, accumulate: int) -> str:
    """Return the Python of a training step."""
    mean = bool(trace.seed)
    body, (loss, *gradient) = write(
        trace.program, [trace.result, *trace.gradient], trace.input_names, LETTERS, RESERVED
    )
    updates, (norm, *new_data) = write(
        trace.update, [trace.norm, *trace.new_data], trace.update_names, {"": "u"}, RESERVED
    )
    data, grads = listed(trace.weights), listed(trace.grads)
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
    lines = [f"{data} = state[0]", "loss = 0.0"]
    if mean:
        loop = [f"{trace.seed[0]} = 1.0 / len(batch)", *loop]
    if zero_grad and accumulate == 1:
        lines += [f"{zeros} = 0.0", "[batch] = batches", *loop]
        if mean:
            lines += ["loss = loss / len(batch)"]
    else:
        totals = trace.totals
        start = f"{' = '.join(totals)} = 0.0" if zero_grad else f"{listed(totals)} = state[1]"
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
            f"{grads} = {listed(totals)}",
            "loss = total",
        ]
    lines += [
        *updates,
        f"norm = {norm}",
        "# 4. update",
        *(f"{p} = {new}" for p, new in zip(trace.weights, new_data)),
        f"return loss, norm, ({data}, {grads})",
    ]
    return "\n".join(["def step(state, batches, lr):", *(f"    {line}" for line in lines)])
