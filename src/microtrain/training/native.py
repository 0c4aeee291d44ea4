"""The training step as C, with the loop over steps: the record of `compiled`, in another language.

A chunk of steps is one call, and takes about `SECONDS`. It ends early before a step that raised a
floating-point flag, which is then made in Python, with its errors, and before one whose loss is
below the target.
"""

from __future__ import annotations

import ctypes
import functools
import itertools
import math
import time
from array import array
from collections.abc import Iterator, Sequence
from types import SimpleNamespace
from typing import TYPE_CHECKING

from ..compiler.c import PRELUDE, C, function
from ..compiler.native import check
from ..compiler.record import without_collection
from ..compiler.toolchain import load
from ..errors import CompileError
from .compiled import CompiledEngine, RecordedEngine
from .eager import Batches, State, Stepped
from .plan import Objective, Plan, Watcher
from .tracing import cached, trace_loss

if TYPE_CHECKING:
    from .history import History
    from .resume import Whole

SECONDS = 0.05  # that a chunk should take, so that Ctrl-C and progress do not wait
MOST = 100_000  # steps in a chunk
EASY = 1_000_000  # samples times parameters, of a first chunk of which nobody knows what it takes
COMPARED = 20_000  # operations, roughly, of the step that is made in C and in Python, too


class NativeEngine(RecordedEngine):
    """The engine that does in C what `eager` does; `source` is that C.

    Raises `CompileError` where there is no C compiler, where C has other bits than Python, and
    where the computation is not the same for all numbers.
    """

    name = "native"

    def __init__(self, objective: Objective, zero_grad: bool, accumulate: int) -> None:
        super().__init__(objective, zero_grad)
        self._accumulate = accumulate
        made = cached(
            *(objective, self._description, ("native", objective.reduction)),
            lambda: _generated(objective),
        )
        self.source, self._train = made.source, made.train
        packed = [made.pack(x, y) for x, y in objective.samples]
        self._data = array("d", itertools.chain(*packed))
        self._is_finite = made.is_finite and all(map(math.isfinite, self._data))
        if not made.is_compared and not self.agrees(COMPARED // len(objective.parameters)):
            raise CompileError("the first step has other bits in C than in Python here")
        made.is_compared = True

    def make(self, state: State, batches: Batches, lr: float) -> Stepped | None:
        if found := self.steps(state, [batches], array("d", [lr])):
            (loss,), (norm,), after, _ = found
            return loss, norm, after
        return self._compiled.make(state, batches, lr)

    @functools.cached_property
    def _compiled(self) -> CompiledEngine:
        """What makes the steps that C can't make."""
        return CompiledEngine(self.objective, self.zero_grad, self._accumulate)

    def chunks(self, plan: Plan, batches: Iterator[Batches], looks: bool) -> Chunks:
        """Return what makes many steps of a run at a time, with these mini-batches."""
        return Chunks(self, plan, batches, looks)

    def steps(
        self,
        state: State,
        batches: Sequence[Batches],
        rates: array[float],
        least: float = -math.inf,
    ) -> tuple[array[float], array[float], State, State] | None:
        """Make as many of the steps as can be made, and return what came of them, if any.

        That is the losses, the lengths of the gradient, the state after them, and the one before
        the last of them. They end before a loss below `least`, and before a step to make in Python.
        """
        if not self._is_finite:
            return None
        n, count, moves = len(state[0]), len(rates), batches[0] is not batches[-1]
        drawn = [*itertools.chain.from_iterable(batches if moves else batches[:1])]
        order, sizes = array("i", itertools.chain(*drawn)), array("i", map(len, drawn))
        zero = array("d", [0.0])
        numbers, losses, norms = zero * (6 * n), zero * count, zero * count
        # See the comments in the C.
        numbers[:n], numbers[3 * n : 4 * n] = array("d", state[0]), array("d", state[1])
        buffers = numbers, self._data, order, sizes, rates, losses, norms
        made = self._train(
            *[buffer.buffer_info()[0] for buffer in buffers],
            *(len(batches[0]), moves, self.zero_grad, count, least),
        )
        if not made:
            return None
        now, before, last = made % 3 * n, (made - 1) % 3 * n, (3 + made % 2) * n
        data, gradients = numbers[now : now + n], tuple(numbers[last : last + n])
        states = (tuple(data), gradients), (tuple(numbers[before : before + n]), gradients)
        return losses[:made], norms[:made], *states


class Chunks:
    """The mini-batches of a run, which are iterated over, and steps that are made with them.

    None is made here where `on_step` or the record needs each step, or a schedule `looks` at it.
    """

    def __init__(
        self, engine: NativeEngine, plan: Plan, batches: Iterator[Batches], looks: bool
    ) -> None:
        self._engine, self._plan, self._batches = engine, plan, batches
        self._drawn: list[Batches] = []
        work = plan.batch_size * plan.accumulate * len(plan.objective.parameters)
        self._size = max(1, min(16, EASY // work))
        self._alone = looks or plan.record or not isinstance(plan.on_step, Watcher | None)

    def __next__(self) -> Batches:
        return self._drawn.pop(0) if self._drawn else next(self._batches)

    def make(self, whole: Whole, history: History) -> Whole | None:
        """Make some steps after those that are whole; put them down, and return what is whole then.

        Returns None where the next step has to be made alone.
        """
        k, state, _ = whole
        rates = [] if self._alone else self._rates(k)
        if not rates:
            return None
        start = time.perf_counter()
        self._drawn += itertools.islice(self._batches, max(0, len(rates) - len(self._drawn)))
        varies = callable(self._plan.lr)
        packed = array("d", rates) if varies else array("d", rates[:1]) * len(rates)
        found = self._engine.steps(state, self._drawn[: len(rates)], packed, self._plan.least)
        if found is None:
            return None
        losses, norms, after, before = found
        made = len(losses)
        del self._drawn[:made]
        history.losses += losses
        history.grad_norms += norms
        history.lrs += rates[:made]
        seconds = (time.perf_counter() - start) / made
        self._size = max(1, min(MOST, 8 * len(rates), int(SECONDS / seconds)))
        if self._plan.on_step is not None:
            history.steps = k + made
            self._plan.on_step(history)
        return k + made, after, before

    def _rates(self, k: int) -> list[float]:
        """Return the rates of the steps to make from step k on."""
        plan = self._plan
        end = min(plan.steps, k + self._size)
        if plan.every is not None:
            end = min(end, k + plan.every - k % plan.every)
        if plan.tracks:
            end = next((step for step in range(k, end) if step in plan.tracked), end)
        if not callable(plan.lr):
            return [plan.lr] * (end - k)
        rates: list[float] = []
        for step in range(k, end):
            try:
                rates.append(plan.rate(step))
            except Exception:  # it is raised when it is that step's turn
                break
        return rates


def _generated(objective: Objective) -> SimpleNamespace:
    """Return the C of a training step, the function `train` in it, and what packs the samples."""
    is_mean = objective.reduction == "mean"
    with without_collection():
        traced = trace_loss(objective)
        parts = traced.backward(is_mean)
        check(traced.record)
        writer = C(traced.record)
        names = dict.fromkeys(traced.seeds, "seed")
        for letter, places in zip("xypg", (traced.xs, traced.ys, traced.data, traced.running)):
            names |= {place: f"{letter}[{k}]" for k, place in enumerate(places)}
        targets = [[], ["loss = {};"], [f"g[{k}] = {{}};" for k in range(len(traced.data))]]
        lines = writer.body(names, parts, targets)
    sample = function(
        "static double sample(const double *restrict p, const double *restrict x,\n"
        "                     const double *restrict y, double seed, double *restrict g)",
        ["double loss;", "(void)seed;", *lines, "return loss;"],
    )
    frame = FRAME_TEXT.format(
        n=len(traced.data),
        width=len(traced.xs) + len(traced.ys),
        targets=len(traced.xs),
        mean="batch = batch / sizes[b];\n        " if is_mean else "",
    )
    source = "\n\n".join([PRELUDE, *writer.namespace.values(), sample, frame])
    train = load(source).train
    train.restype = ctypes.c_long
    train.argtypes = [*[ctypes.c_void_p] * 7, *[ctypes.c_long] * 4, ctypes.c_double]
    made = {"source": source, "train": train, "pack": traced.pack, "is_finite": writer.is_finite}
    return SimpleNamespace(**made, is_compared=False)


FRAME_TEXT = """/* From the parameters p to the next, from the gradient before to the total. */
__attribute__((noinline)) static double step(
    const double *restrict p, double *restrict next, const double *restrict before,
    double *restrict total, double *restrict g, const double *samples, const int *order,
    const int *sizes, long batches, long zero_grad, double lr, double *norm)
{{
    double loss = 0.0;
    const int alone = batches == 1 && zero_grad; /* then there is nothing to add it to */
    double *sum = alone ? total : g;
    for (int i = 0; i < {n}; ++i)
        total[i] = zero_grad ? 0.0 : before[i];
    for (long b = 0; b < batches; ++b) {{
        double batch = 0.0;
        for (int i = 0; i < {n} && !alone; ++i)
            g[i] = -0.0;
        for (int k = 0; k < sizes[b]; ++k) {{
            const double *x = samples + {width} * (long)*order++;
            batch += sample(p, x, x + {targets}, 1.0 / sizes[b], sum);
        }}
        {mean}loss += batch;
        for (int i = 0; i < {n} && !alone; ++i)
            total[i] += g[i];
    }}
    double squares = 0.0;
    for (int i = 0; i < {n}; ++i)
        squares += total[i] * total[i];
    *norm = sqrt(squares);
    /* 4. update */
    for (int i = 0; i < {n}; ++i)
        next[i] = p[i] - lr * total[i];
    return loss;
}}

/* Make so many steps; return how many were made, for one that raises a flag or whose loss is below
   the least is not. In p are three arrays of parameters, used in turn, two of gradients, and one
   for those of a mini-batch. */
long train(double *p, const double *samples, const int *order, const int *sizes,
           const double *rates, double *losses, double *norms, long batches, long moves,
           long zero_grad, long steps, double least)
{{
    double *const g = p + 3 * {n};
    if (!finite_all(p, {n}) || !finite_all(g, {n}))
        return 0;
    feclearexcept(FE_ALL_EXCEPT);
    for (long k = 0; k < steps; ++k) {{
        losses[k] = step(p + {n} * (k % 3), p + {n} * ((k + 1) % 3), g + {n} * (k % 2),
                         g + {n} * ((k + 1) % 2), g + {n} * 2, samples, order, sizes, batches,
                         zero_grad, rates[k], norms + k);
        if (fetestexcept(FLAGS) || losses[k] < least)
            return k;
        for (long b = 0; moves && b < batches; ++b)
            order += *sizes++;
    }}
    return steps;
}}
"""
