"""The training step as generated Python: that of `eager`, recorded and written down.

The model and the loss run once, on one sample, over symbols; so does the backward pass, with each
parameter's running gradient as a symbol that comes in and goes out. What they did becomes a loop
over the samples: its length does not depend on how many there are.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ..compiler.python import Python, assemble, function, indented, listed, loop
from .eager import Batches, Drawn, EagerEngine, State, Stepped, set_state
from .plan import Objective
from .tracing import Traced, cached

# Names that the generated step uses itself.
RESERVED = ("step", "state", "batches", "batch", "lr", "loss", "total", "norm", "len", "sqrt")

TERMS = 50  # of a sum, in one expression


class CompiledEngine(EagerEngine):
    """The engine that does in generated Python what `eager` does; `source` is that Python.

    Raises `CompileError` where the computation is not the same for all numbers. With a `check` of
    the record (see `purity.inspect`), also where it is not sure that it gives what eager code does.
    """

    name = "compiled"

    def __init__(
        self, objective: Objective, zero_grad: bool, accumulate: int, check: Any = None
    ) -> None:
        super().__init__(objective, zero_grad)

        def generated(traced: Traced) -> tuple[str, Any]:
            if check is not None:
                check(traced)
            source, namespace, _ = written(traced, zero_grad, accumulate)
            return source, assemble(source, "step", namespace)

        kind = "step", zero_grad, accumulate, check is None
        (self.source, self._function), samples = cached(objective, kind, generated)
        self._sample = samples.__getitem__
        self._batches: Batches = ()

    def steps(self, state: State, batches: Drawn, rates: Sequence[float], least: float) -> Stepped:
        if (drawn := next(batches)) is not self._batches:  # but the same, if none are shuffled
            self._batches = drawn
            self._drawn = [[*map(self._sample, batch)] for batch in drawn]
        try:
            loss, norm, after = self._function(state, self._drawn, rates[0])
        except (ArithmeticError, ValueError):  # eager code is to make this step, or to refuse it
            set_state(self.objective.parameters, state)
            return super().steps(state, iter([drawn]), rates, least)
        return (loss,), (norm,), after, state


def written(
    traced: Traced, zero_grad: bool = True, accumulate: int = 1
) -> tuple[str, dict[str, Any], list[str]]:
    """Return the Python of a step, what that calls, and the name or expression of each place."""
    forward, loss, backward = traced.backward(traced.is_mean)
    writer = Python(traced.record, RESERVED)
    names = writer.inputs()
    texts = writer.write(names, forward, loss, backward)
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
    zeros = " = ".join(grads)
    batches = ["loss = 0.0", f"{zeros} = 0.0", "[batch] = batches", *batch]
    if accumulate > 1 or not zero_grad:
        totals = [writer.name(f"t{name}") for name in grads]
        batches = [
            f"{' = '.join(totals)} = 0.0" if zero_grad else f"{listed(totals)} = state[1]",
            "total = 0.0",
            "for batch in batches:",
            *indented(["loss = 0.0", f"{zeros} = -0.0", *batch, "total += loss"]),
            *indented(f"{total} += {g}" for total, g in zip(totals, grads)),
            f"{listed(grads)} = {listed(totals)}",
            "loss = total",
        ]
    norm, squares = [], [f"{g} * {g}" for g in grads]
    while len(squares) > TERMS:
        norm.append(f"norm = {' + '.join(squares[:TERMS])}")
        squares[:TERMS] = ["norm"]
    lines = [
        f"{listed(weights)} = state[0]",
        *batches,
        *norm,
        f"norm = sqrt({' + '.join(squares)})",
        "# 4. update",
        *(f"{p} = {p} - lr * {g}" for p, g in zip(weights, grads)),
        f"return loss, norm, ({listed(weights)}, {listed(grads)})",
    ]
    source = function("step", ["state", "batches", "lr"], lines)
    return source, {**writer.namespace, "sqrt": math.sqrt}, texts
