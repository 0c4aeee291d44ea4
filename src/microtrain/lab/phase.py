"""`phase_diagram`: every learning rate from every start, and what is left of the runs."""

from __future__ import annotations

import contextlib
import functools
import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from ..draw import plot
from ..engine.value import Value
from ..errors import CompileError, counted, true_or_false
from ..nn.losses import squared_error
from ..nn.module import Module
from ..nn.optim import learning_rate
from ..training.curvature import Curvature
from ..training.eager import set_state, state_of
from ..training.train import engine_for, run
from .executors import Job
from .runs import Rate, Run
from .sweep import checked, distinct, distinct_seeds, finished, new_plan, perform

if TYPE_CHECKING:
    from concurrent.futures import Executor

# Eight to a decade.
RATES = tuple(10 ** (k / 8) for k in range(-24, 9))
SCALES = tuple(10 ** (k / 8) for k in range(-8, 9))

Planned = tuple[float, int]  # the scale and the seed of a start


class PhaseDiagram(Job[Planned, list[Run]]):
    """What became of every learning rate from every start, made by `phase_diagram`.

    Beside what a `Job` has, whose plan is the scale and the seed of each start, and in `made` its
    runs:

    Attributes:
        lrs: the learning rates, ascending.
        rows: the scales, ascending, or the seeds.
        by: what the rows are: "scale" or "seed".

    >>> import microtrain as mt
    >>> found = mt.phase_diagram([0.1, 1.0], [1.0], seeds=range(5))
    >>> found.cells
    [[Rate(0.1: 5 converged), Rate(1: 5 saturated)]]
    >>> [round(lr, 2) for lr in found.stable_lrs]
    [0.2]
    """

    what = "starts"

    def __init__(
        self,
        lrs: Sequence[float],
        scales: Sequence[float] | None,
        seeds: Sequence[int],
        steps: int,
        target_loss: float | None,
    ) -> None:
        # Seed by seed, so that what is there after Ctrl-C is the whole plane with fewer seeds.
        plan = [(scale, seed) for seed in seeds for scale in scales or (1.0,)]
        super().__init__(plan, steps, target_loss)
        self.lrs = list(lrs)
        self.by = "seed" if scales is None else "scale"
        self.rows: list[float] = list(seeds if scales is None else scales)

    def _named(self, planned: Planned) -> str:
        return f"the start of scale {planned[0]:g} with seed {planned[1]}"

    @property
    def cells(self) -> list[list[Rate | None]]:
        """A `Rate` for each row and learning rate; None where no run has been made."""
        groups: dict[float, list[list[Run]]] = {row: [] for row in self.rows}
        for runs in self.results:
            groups[getattr(runs[0], self.by)].append(runs)
        nothing: list[Rate | None] = [None] * len(self.lrs)
        return [[*map(Rate, zip(*starts))] if starts else nothing for starts in groups.values()]

    @property
    def stable_lrs(self) -> list[float | None]:
        """For each row the rate below which gradient descent would be stable on a quadratic.

        It is 2 / sharpness, with the median of the sharpness of the starts; None where that is not
        above 0, or unknown.
        """
        found = [first.sharpness if first else None for first, *_ in self.cells]
        return [2 / sharpness if sharpness and sharpness > 0 else None for sharpness in found]

    def chart(self, width: int | None = None, height: int = 24, *, colour: bool = False) -> str:
        """Return the diagram as text: a sign for each cell or, with `colour`, an ANSI colour.

        A cell shows its most frequent verdict. At most `width` characters wide (None: as the
        terminal, and 80 at most), with at most `height` lines for the cells. Where there are more
        rows or columns than that, some are left out.
        """
        from . import picture

        return picture.chart(self, width, height, colour)

    def plot(self, ax: Any = None) -> Any:
        """Draw the diagram on the axes given or on new ones, and return matplotlib's axes.

        A cell has the colour of its most frequent verdict; of runs that converged, the darker, the
        fewer steps they took (the median). The line is `stable_lrs`. Needs matplotlib (`pip install
        matplotlib`), else `ImportError`.
        """
        from . import picture

        return picture.plot(self, ax)

    def records(self) -> Iterator[dict[str, Any]]:
        """Yield a dict for each run: lr, scale, seed, verdict, steps, loss and first sharpness."""
        names = "lr", "scale", "seed", "verdict", "steps", "loss", "sharpness"
        for each in itertools.chain(*self.results):
            yield {name: getattr(each, name) for name in names}

    def to_dict(self) -> dict[str, Any]:
        """Return what was found as plain numbers, texts, lists and dicts.

        A run is in `runs` as in `records`; `verdicts` holds for each row and learning rate how many
        runs there are of each.
        """
        names = "status", "lrs", "by", "rows", "steps", "target_loss", "stable_lrs"
        return {
            **{name: getattr(self, name) for name in names},
            "verdicts": [[cell and cell.verdicts for cell in row] for row in self.cells],
            "runs": list(self.records()),
        }

    def _repr_html_(self) -> str:
        return plot.html_table(repr(self), [], (), plot.inline(self.plot, self.chart))

    def __repr__(self) -> str:
        done = "" if self.status == "finished" else f", {self.status}"
        runs = counted(len(self.made) * len(self.lrs), "run")
        rates, rows = counted(len(self.lrs), "rate"), counted(len(self.rows), self.by)
        return f"PhaseDiagram({runs} of {rates} and {rows}{done})"


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
    Rate(0.1: 5 converged)
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
    rates = _ascending("lrs", lrs)
    factors = None if scales is None else _ascending("scales", scales)
    numbers = distinct_seeds(seeds)
    true_or_false("sharpness", sharpness)
    options = checked(**given)
    result = PhaseDiagram(rates, factors, numbers, options["steps"], options["target_loss"])
    make = functools.partial(_make_runs, lrs=rates, sharpness=sharpness, options=options)
    perform(result, make, executor, on_run)
    return result


def _ascending(name: str, numbers: Any) -> list[float]:
    return sorted(distinct(name, numbers, learning_rate, "number", "numbers above 0"))


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
