"""`phase_diagram`: every learning rate from every start."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from ..engine.value import Value
from ..errors import CompileError, as_list, true_or_false
from ..nn.losses import squared_error
from ..nn.module import Module
from ..nn.optim import learning_rate
from ..training.curvature import Curvature
from ..training.eager import set_state, state_of
from ..training.train import engine_for, run
from .diagram import Outcome, PhaseDiagram, Planned, Start
from .executors import perform
from .sweep import checked, distinct_seeds, finished, new_plan, tried

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
    >>> found.cells[1][1]
    Cell(0.1 x 1: 5 converged)
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
    rates = _ascending("lrs", lrs)
    factors = None if scales is None else _ascending("scales", scales)
    numbers = distinct_seeds(seeds)
    true_or_false("sharpness", sharpness)
    options = checked(
        executor,
        on_run,
        model=model,
        xs=xs,
        ys=ys,
        steps=steps,
        target_loss=target_loss,
        loss=loss,
        reduction=reduction,
        engine=engine,
    )
    result = PhaseDiagram(rates, factors, numbers, options["steps"], options["target_loss"])
    make = functools.partial(_make_start, lrs=rates, sharpness=sharpness, options=options)
    perform(result, make, functools.partial(tried, make, result.plan[0]), executor, on_run)
    return result


def _ascending(name: str, numbers: Any) -> list[float]:
    """Return different numbers above 0, ascending."""
    listed = enumerate(as_list(name, numbers, "a list of numbers above 0"))
    found = sorted(learning_rate(f"{name}[{i}]", x) for i, x in listed)
    if not found:
        raise ValueError(f"{name} expects at least one number, got none")
    if len(set(found)) < len(found):
        raise ValueError(f"{name} expects different numbers, got one of them twice")
    return found


def _make_start(
    planned: Planned, lrs: Sequence[float], sharpness: bool, options: dict[str, Any]
) -> Start:
    """Make the runs from a start: one model and one engine, put back to the start for each rate."""
    scale, seed = planned
    plan = new_plan(options, seed, lrs[0])
    objective = plan.objective
    for p in objective.parameters:
        p.data *= scale
    start = state_of(objective.parameters)
    curvature = None
    if sharpness:
        with contextlib.suppress(ArithmeticError, CompileError):
            curvature = Curvature(objective).sharpness(start[0])
    chosen = engine_for(plan, len(lrs))
    outcomes = []
    for lr in lrs:
        plan.lr = lr
        set_state(objective.parameters, start)
        history = finished(run(plan, chosen))
        outcomes.append(Outcome(seed, history.verdict, history.steps, history.final_loss))
    return Start(scale, seed, curvature, outcomes)
