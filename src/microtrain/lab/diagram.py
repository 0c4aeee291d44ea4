"""What is left of the runs over learning rates and scales: the phase diagram of learning."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, TextIO

from ..draw import plot
from ..draw.html import html_table
from ..errors import counted
from ..files.csv import write_csv
from .executors import Job
from .runs import Group, median

if TYPE_CHECKING:
    from ..draw import phases

Planned = tuple[float, int]  # the scale and the seed of a start


class Outcome:
    """What became of a run: its seed, verdict, steps and last loss."""

    def __init__(self, seed: int, verdict: str, steps: int, loss: float) -> None:
        self.seed, self.verdict, self.steps, self.loss = seed, verdict, steps, loss


class Start:
    """The runs from one start, an outcome for each learning rate.

    `sharpness` is that of the start, or None where there is none.
    """

    def __init__(
        self, scale: float, seed: int, sharpness: float | None, outcomes: list[Outcome]
    ) -> None:
        self.scale, self.seed, self.sharpness, self.outcomes = scale, seed, sharpness, outcomes


class Cell(Group[Outcome]):
    """The runs at one learning rate from starts of one scale.

    Beside what a `Group` has:

    Attributes:
        lr, scale: the learning rate and the scale.
        verdict: the most frequent one.
    """

    def __init__(self, lr: float, scale: float, runs: Iterable[Outcome]) -> None:
        super().__init__(runs)
        self.lr, self.scale = lr, scale
        self.verdict = next(iter(self.verdicts))

    def __repr__(self) -> str:
        told = ", ".join(f"{n} {verdict}" for verdict, n in self.verdicts.items())
        return f"Cell({self.lr:g} x {self.scale:g}: {told})"


class PhaseDiagram(Job[Planned, Start]):
    """What became of every learning rate from every start, made by `phase_diagram`.

    Attributes:
        lrs: the learning rates, ascending.
        rows: the scales, ascending, or the seeds.
        by: what the rows are: "scale" or "seed".
        steps: how many updates each run makes at most.
        target_loss: the loss below which a run has converged, or None.
        plan: the scale and the seed of each start; `planned` is how many there are.
        made: the `Start` of each that is finished, by its place in the plan.
        status: "finished", "interrupted" (by Ctrl-C), "failed" or, until the end, "running".

    >>> import microtrain as mt
    >>> found = mt.phase_diagram([0.1, 1.0], [1.0], seeds=range(5))
    >>> found.cells
    [[Cell(0.1 x 1: 5 converged), Cell(1 x 1: 5 saturated)]]
    >>> [round(lr, 2) for lr in found.stable_lrs]
    [0.2]
    """

    def __init__(
        self,
        lrs: Sequence[float],
        scales: Sequence[float] | None,
        seeds: Sequence[int],
        steps: int,
        target_loss: float | None,
    ) -> None:
        # Seed by seed, so that what is there after Ctrl-C is the whole plane with fewer seeds.
        super().__init__([(scale, seed) for seed in seeds for scale in scales or (1.0,)])
        self.lrs, self.steps, self.target_loss = list(lrs), steps, target_loss
        self.by = "seed" if scales is None else "scale"
        self.rows: list[float] = list(seeds if scales is None else scales)

    def missing(self) -> str:
        return (
            f"Missing are {counted(len(self.lost), 'start')} of {self.planned:,}, "
            f"the first of seed {self.lost[0][1]}; the others are kept, in .sweep"
        )

    @property
    def cells(self) -> list[list[Cell | None]]:
        """A `Cell` for each row and learning rate; None where no run has been made."""
        return [
            [
                Cell(lr, starts[0].scale, [start.outcomes[k] for start in starts])
                for k, lr in enumerate(self.lrs)
            ]
            if starts
            else [None] * len(self.lrs)
            for starts in self._starts()
        ]

    @property
    def stable_lrs(self) -> list[float | None]:
        """For each row the rate below which gradient descent would be stable on a quadratic.

        It is 2 / sharpness, with the median of the sharpness of the starts; None where that is not
        above 0, or unknown.
        """
        found = [median(start.sharpness for start in starts) for starts in self._starts()]
        return [2 / sharpness if sharpness and sharpness > 0 else None for sharpness in found]

    def _starts(self) -> list[list[Start]]:
        """Return the starts of each row."""
        groups: dict[float, list[Start]] = {row: [] for row in self.rows}
        for start in self.results:
            groups[getattr(start, self.by)].append(start)
        return list(groups.values())

    def _picture(self) -> phases.Phases:
        from ..draw import phases

        def shown(cell: Cell | None) -> phases.Cell:
            return None if cell is None else (cell.verdict, cell.steps[1] if cell.steps else 0.0)

        cells = [[shown(cell) for cell in row] for row in self.cells]
        seeds = len({seed for _, seed in self.plan})
        return phases.Phases(
            self.lrs,
            self.rows,
            y_label="seed" if self.by == "seed" else "scale of the initial parameters",
            log=self.by == "scale",
            title="" if self.by == "seed" or seeds == 1 else f"most frequent of {seeds} seeds",
            cells=cells,
            line=self.stable_lrs,
            steps=self.steps,
        )

    def chart(
        self,
        width: int | None = None,
        height: int = 24,
        *,
        colour: bool = False,
    ) -> str:
        """Return the diagram as text: a sign for each cell or, with `colour`, an ANSI colour.

        A cell shows its most frequent verdict. At most `width` characters wide (None: as the
        terminal, and 80 at most), with at most `height` lines for the cells. Where there are more
        rows or columns than that, some are left out.
        """
        from ..draw.phases import chart

        return chart(self._picture(), width, height, colour=colour)

    def plot(self, ax: Any = None) -> Any:
        """Draw the diagram on the axes given or on new ones, and return matplotlib's axes.

        A cell has the colour of its most frequent verdict; of runs that converged, the darker, the
        fewer steps they took (the median). The line is `stable_lrs`. Needs matplotlib (`pip install
        matplotlib`), else `ImportError`.
        """
        from ..draw.phases import plot

        return plot(self._picture(), ax)

    def records(self) -> Iterator[dict[str, Any]]:
        """Yield a dict for each run: lr, scale, seed, verdict, steps, loss and first sharpness."""
        for start in self.results:
            for lr, outcome in zip(self.lrs, start.outcomes):
                yield {
                    "lr": lr,
                    "scale": start.scale,
                    **vars(outcome),
                    "sharpness": start.sharpness,
                }

    def to_csv(self, target: str | os.PathLike[str] | TextIO) -> None:
        """Write a line for each run, of what `records` yields, to a path or an open file."""
        records = list(self.records())
        write_csv(target, [*records[:1], *(record.values() for record in records)])

    def to_dict(self) -> dict[str, Any]:
        """Return what was found as plain numbers, texts, lists and dicts.

        A run is in `runs` as in `records`; `verdicts` holds for each row and learning rate how many
        runs there are of each.
        """
        return {
            "status": self.status,
            "lrs": self.lrs,
            "by": self.by,
            "rows": self.rows,
            "steps": self.steps,
            "target_loss": self.target_loss,
            "stable_lrs": self.stable_lrs,
            "verdicts": [[cell and cell.verdicts for cell in row] for row in self.cells],
            "runs": list(self.records()),
        }

    def _repr_html_(self) -> str:
        return html_table(repr(self), [], (), plot.inline(self.plot, self.chart))

    def __repr__(self) -> str:
        done = "" if self.status == "finished" else f", {self.status}"
        runs = counted(len(self.made) * len(self.lrs), "run")
        rates, rows = counted(len(self.lrs), "rate"), counted(len(self.rows), self.by)
        return f"PhaseDiagram({runs} of {rates} and {rows}{done})"
