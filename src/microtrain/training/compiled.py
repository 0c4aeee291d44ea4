"""The training step as generated Python: that of `eager`, recorded and written down.

The model and the loss run once, on one sample, over symbols; so does the backward pass, with each
parameter's running gradient as a symbol that comes in and goes out, and so does the update. What
they did becomes a loop over the samples: its length does not depend on how many there are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..compiler.python import Python, assemble, function, indented, listed, loop
from ..compiler.record import Record, without_collection
from ..compiler.symbol import Symbol, as_place
from ..compiler.writer import Part, Scope, write
from ..engine.primitives import sqrt
from ..engine.value import Value
from ..errors import CompileError
from ..nn.optim import update
from .eager import Batches, EagerEngine, State, Stepped, set_state, state_of, sum_of_squares
from .objective import Objective
from .purity import check_numbers, inspect
from .tracing import Layout, Traced, cached, trace_loss

# Names that the generated step uses itself.
RESERVED = ("step", "state", "batches", "batch", "lr", "loss", "total", "norm", "len")

TERMS = 50  # of a sum, in one expression


class RecordedEngine(EagerEngine):
    """Base class of the engines that record a step once, and make it in another way from then on.

    `samples` are as `make` takes them.
    """

    def __init__(self, objective: Objective, zero_grad: bool) -> None:
        super().__init__(objective, zero_grad)
        self._description = objective.described()
        self._is_recorded = True

    def original(self, sample: Any) -> Any:
        """Return one of the samples as eager code takes it."""

    def make(self, state: State, batches: Batches, lr: float) -> Stepped | None:
        """Return what came of a step; None for one that eager code has to make, or to refuse."""

    def step(self, state: State, batches: Batches, lr: float) -> Stepped:
        found = self.make(state, batches, lr) if self._is_recorded else None
        return self.step_eagerly(state, batches, lr) if found is None else found

    def step_eagerly(self, state: State, batches: Batches, lr: float) -> Stepped:
        """Make a step on the model itself."""
        set_state(self.objective.parameters, state)
        return super().step(state, [[*map(self.original, batch)] for batch in batches], lr)

    def agrees(self, most: int) -> bool:
        """Return whether a step on the first samples, at most `most`, is that of eager code."""
        state = state_of(self.objective.parameters)
        outcomes = []
        for step in (self.step, self.step_eagerly):
            try:
                outcomes.append(repr(step(state, [self.samples[: max(1, most)]], 0.1)))
            except ArithmeticError as error:
                outcomes.append(repr(error))
            finally:
                set_state(self.objective.parameters, state)
        return outcomes[0] == outcomes[1]

    def refresh(self) -> None:
        """Go on eagerly if model or loss is no longer what was recorded."""
        self._is_recorded &= self.objective.described() == self._description


class CompiledEngine(RecordedEngine):
    """The engine that does in generated Python what `eager` does; `source` is that Python.

    Raises `CompileError` where the computation is not the same for all numbers and, if `strict`,
    where it is not sure that it gives what eager code does.
    """

    name = "compiled"

    def __init__(
        self, objective: Objective, zero_grad: bool, accumulate: int, strict: bool = False
    ) -> None:
        uses_sum = strict and inspect(objective)
        super().__init__(objective, zero_grad)
        if strict and self._description is None:
            raise CompileError("it holds something that can't be compared later")
        settings = zero_grad, accumulate, strict, uses_sum
        self.source, self._function, layout = cached(
            *(objective, self._description, ("step", objective.reduction, *settings)),
            lambda: _generated(objective, *settings),
        )
        self.samples = [layout.pack(x, y) for x, y in objective.samples]
        self._originals = dict(zip(map(id, self.samples), objective.samples))

    def original(self, sample: Any) -> Any:
        return self._originals[id(sample)]

    def make(self, state: State, batches: Batches, lr: float) -> Stepped | None:
        try:
            return self._function(state, batches, lr)  # type: ignore[no-any-return]
        except (ArithmeticError, ValueError):
            return None


def _generated(*settings: Any) -> tuple[str, Callable[..., Any], Layout]:
    """Return the Python of a training step, the function that it defines, and what that takes."""
    traced, source, namespace, _ = written(*settings)
    return source, assemble(source, "step", namespace), traced.layout


def written(
    objective: Objective,
    zero_grad: bool = True,
    accumulate: int = 1,
    strict: bool = False,
    uses_sum: bool = False,
) -> tuple[Traced, str, dict[str, Any], list[str]]:
    """Record a training step, and write it down.

    Return the record, its Python, what that calls, and the name or expression of each place.
    """
    with without_collection():
        traced = trace_loss(objective)
        if strict:
            check_numbers(traced, objective, uses_sum)
        traced.backward(objective.reduction == "mean")
        parts = traced.parts()
    update, results = recorded_update()
    scope = Scope(Python, [traced.record, update], RESERVED)
    names = scope.inputs(traced.record)
    texts = write(traced.record, names, scope, *parts)
    symbols = dict(zip(update.inputs, ("{p}", "{g}", "lr", "{squares}")))
    for result in results:
        write(update, symbols, scope, result)
    forward, loss, backward = parts
    weights, grads = ([names[k] for k in places] for places in (traced.data, traced.running))
    sample = [
        *forward.lines,
        *(loss.lines or ["# 2. loss"]),
        f"loss += {loss.expressions[0]}",
        *(backward.lines or ["# 3. backward pass"]),
        *(f"{g} = {new}" for g, new in zip(grads, backward.expressions) if g != new),
    ]
    batch = loop([names[place] for place in (*traced.xs, *traced.ys)], "batch", sample)
    if traced.seeds:
        seed = names[traced.seeds[0]]
        batch = [f"{seed} = 1.0 / len(batch)", *batch, "loss = loss / len(batch)"]
    lines = [
        f"{listed(weights)} = state[0]",
        *_batches(batch, grads, scope, zero_grad, accumulate),
        *_updates(weights, grads, *[result.expressions[0] for result in results]),
        f"return loss, norm, ({listed(weights)}, {listed(grads)})",
    ]
    source = function("step", ["state", "batches", "lr"], lines)
    return traced, source, scope.namespace, texts


def _batches(
    batch: Sequence[str], grads: Sequence[str], scope: Scope, zero_grad: bool, accumulate: int
) -> list[str]:
    """Return the Python of the loss and the gradients of all mini-batches of a step."""
    zeros = " = ".join(grads)
    if zero_grad and accumulate == 1:
        return ["loss = 0.0", f"{zeros} = 0.0", "[batch] = batches", *batch]
    totals = scope.named(f"t{name}" for name in grads)
    return [
        f"{' = '.join(totals)} = 0.0" if zero_grad else f"{listed(totals)} = state[1]",
        "total = 0.0",
        "for batch in batches:",
        *indented(["loss = 0.0", f"{zeros} = -0.0", *batch, "total += loss"]),
        *indented(f"{total} += {g}" for total, g in zip(totals, grads)),
        f"{listed(grads)} = {listed(totals)}",
        "loss = total",
    ]


def recorded_update() -> tuple[Record, list[Part]]:
    """Record what `eager` does with one parameter: it is written once for each.

    The results: a sum of squares that begins with its derivative's, one that goes on with it, the
    length of the gradient by such a sum, and the parameter after its update.
    """
    record = Record()
    p, g, lr, squares = (Symbol(record, record.input(x)) for x in ("p", "g", "lr", "squares"))
    parameter: Any = Value(p)
    parameter.grad = g
    first = sum_of_squares([parameter])
    more = sum_of_squares([parameter], squares)  # type: ignore[arg-type]
    update([parameter], lr)  # type: ignore[arg-type]
    results = (first, more, sqrt(squares), parameter.data)
    return record, [Part("", "u", [as_place(record, x)]) for x in results]


def _updates(
    weights: Sequence[str], grads: Sequence[str], first: str, more: str, norm: str, updated: str
) -> list[str]:
    """Return the Python of the length of the gradient and of the update of all parameters."""
    lines, squares = [], first.format(g=grads[0])
    for k, g in enumerate(grads[1:], 1):
        if k % TERMS == 0:
            lines.append(f"norm = {squares}")
            squares = "norm"
        squares = more.format(squares=squares, g=g)
    return [
        *lines,
        f"norm = {norm.format(squares=squares)}",
        "# 4. update",
        *(f"{p} = {updated.format(p=p, g=g)}" for p, g in zip(weights, grads)),
    ]
