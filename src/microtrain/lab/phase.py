"""`phase_diagram`: every learning rate from every start."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from ..engine.value import Value
from ..errors import CompileError, true_or_false
from ..nn.losses import squared_error
from ..nn.module import Module
from ..training.curvature import Curvature
from ..training.eager import set_state, state_of
from ..training.train import engine_for, run
from .diagram import PhaseDiagram, Planned
from .runs import Run
from .sweep import checked, distinct, distinct_seeds, finished, new_plan, perform

if TYPE_CHECKING:
    from concurrent.futures import Executor

# Eight to a decade.
RATES = tuple(10 ** (k / 8) for k in range(-24, 9))
SCALES = tuple(10 ** (k / 8) for k in range(-8, 9))


def phase_diagram(
    lrs: Iterable[float] = RATES,
    scales: Iterable[float] | None = SCALES,
    *,
    seeds: Iterable[int] = (0,),
    steps: int = 100,
    target_loss: float | None = 0.01,
    model: Callable[[int], Module] | None = None,
    xs: Any = None,
    ys: Any = None,
    loss: Callable[[Any, Any], Value] = squared_error,
    reduction: str = "sum",
    sharpness: bool = True,
    engine: str = "auto",
    executor: Executor | None = None,
    on_run: Callable[[PhaseDiagram], object] | None = None,
) -> PhaseDiagram:
    """Train from each start with each learning rate, and return the `PhaseDiagram` of it.

    Args:
        lrs: learning rates, in any order; the diagram has them ascending.
        scales: factors of all initial parameters; 1 leaves them as they are. Or None: then a row of
            the diagram is one seed, and the starts are not scaled.
        seeds: each decides the initial parameters of one run at every rate and scale.
        sharpness: whether to take the `sharpness` of each start, for the line in the picture.
        steps, target_loss, model, xs, ys, loss, reduction, engine, executor: as for `sweep`.
        on_run: likewise, called whenever all runs from a start have finished.

    A run is that of `train` from such a start, to the bit; of its history only the outcome is kept.
    A model is made, and compiled, once for all rates. Ctrl-C and failures are as for `sweep`.

    >>> import microtrain as mt
    >>> found = mt.phase_diagram([0.01, 0.1, 1.0, 10.0], [0.1, 1.0, 10.0], seeds=range(5))
    >>> found
    PhaseDiagram(60 runs of 4 rates and 3 scales)
    >>> print(found.chart(width=40, height=6))
    scale of the initial parameters over learning rate
     10 |================
        |================
      1 |----###|========
        |----###|========
    0.1 |....###|========
        |....###|========
           0.01    1   10
         # converged   - descending   . crawling   = saturated
         | 2 / sharpness of the start
    """
    given = locals()
    rates = sorted(distinct("lrs", lrs))
    factors = None if scales is None else sorted(distinct("scales", scales))
    numbers = distinct_seeds(seeds)
    true_or_false("sharpness", sharpness)
    options = checked(**given)
    result = PhaseDiagram(rates, factors, numbers, options["steps"], options["target_loss"])
    make = functools.partial(_make_runs, lrs=rates, sharpness=sharpness, options=options)
    perform(result, make, executor, on_run)
    return result


def _make_runs(
    planned: Planned, lrs: Sequence[float], sharpness: bool, options: dict[str, Any]
) -> list[Run]:
    """Make the runs from a start: one model and one engine, put back to the start for each rate."""
    scale, seed = planned
    plan = new_plan(options, seed, lrs[0])
    objective = plan.objective
    for p in objective.parameters:
        p.data *= scale
    start = state_of(objective.parameters)
    measured = {}
    if sharpness:
        with contextlib.suppress(ArithmeticError, CompileError):
            measured = {0: Curvature(objective).sharpness(start[0])}
    chosen = engine_for(plan, len(lrs))
    runs = []
    for lr in lrs:
        plan.lr = lr
        set_state(objective.parameters, start)
        history = finished(run(plan, chosen))
        history.sharpness = measured
        runs.append(Run(f"{lr:g}", lr, seed, history, scale))
        runs[-1].history = None
    return runs
