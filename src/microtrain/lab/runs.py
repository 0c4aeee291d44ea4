"""The runs of a sweep or of a phase diagram: one by one, those of one rate, and all of them."""

from __future__ import annotations

import abc
import collections
import math
import os
from collections.abc import Iterable, Sequence
from typing import Any, Literal, TextIO

from ..files.csv import write_csv
from ..nn.optim import Schedule
from ..training.history import History


class Run:
    """One run of a sweep or of a phase diagram.

    Attributes:
        label: the name of its learning rate or schedule.
        lr: the learning rate or schedule itself.
        scale: what its initial parameters were multiplied by; 1 in a sweep.
        seed: what decided them.
        history: its `History`; None in a phase diagram, which would have too many.
        verdict: what became of it, in a word (see `History.verdict`).
        reason: the same in a sentence.
        steps: how many updates it made.
        loss: its last loss.
        sharpness: the first that was measured, or None. (NaN counts as infinite.)
        peak: the highest that was measured, or None.
    """

    def __init__(
        self, label: str, lr: float | Schedule, seed: int, history: History, scale: float = 1.0
    ) -> None:
        self.label, self.lr, self.scale, self.seed = label, lr, scale, seed
        self.history: Any = history
        self.verdict, self.reason = history.verdict, history.reason
        self.steps, self.loss = history.steps, history.final_loss
        measured = [comparable(x) for x in history.sharpness.values()]
        self.sharpness = measured[0] if measured else None
        self.peak = max(measured, default=None)

    def __repr__(self) -> str:
        return f"Run({self.label}, seed {self.seed}, {self.verdict}: {self.reason})"


class Rate:
    """All the runs of one learning rate (and one scale), and what they have in common.

    Attributes:
        runs: a list of them, seed by seed.
        label, lr, scale: those of each run.
        verdict: the most frequent one.
        verdicts: how many runs there are of each verdict, most frequent first.
        converged: the share of the runs that did, from 0 to 1.
        steps: the lower quartile, median and upper quartile of the steps that those needed that
            converged, or None.
        loss: the median of all runs' last losses (infinite where half are not finite).
        sharpness: the median of the runs' first measured, or None if it was not tracked or is not
            finite.
        peak: the median of the runs' highest sharpness measured, or None.
    """

    def __init__(self, runs: Iterable[Run]) -> None:
        self.runs = list(runs)
        first = self.runs[0]
        self.label, self.lr, self.scale = first.label, first.lr, first.scale
        verdicts = collections.Counter(run.verdict for run in self.runs)
        self.verdicts = dict(verdicts.most_common())
        self.verdict = next(iter(self.verdicts))
        self.converged = verdicts["converged"] / len(self.runs)
        steps = [run.steps for run in self.runs if run.verdict == "converged"]
        self.steps = quartiles(steps) if steps else None
        self.loss = quartiles([run.loss for run in self.runs])[1]
        self.sharpness = median(run.sharpness for run in self.runs)
        self.peak = median(run.peak for run in self.runs)

    def curves(self) -> tuple[list[float], list[float], list[float]]:
        """Return the quartiles of the runs' losses at each step: lower, median, upper.

        A run that has ended counts with its last loss; the curves end where the median run does.
        """
        all_losses = [run.history.losses for run in self.runs]
        length = round(quartiles([*map(len, all_losses)])[1])
        at = [quartiles([ys[min(k, len(ys) - 1)] for ys in all_losses]) for k in range(length)]
        low, middle, high = map(list, zip(*at))
        return low, middle, high

    def __repr__(self) -> str:
        scaled = "" if self.scale == 1 else f" at scale {self.scale:g}"
        return f"Rate({self.label}{scaled}: {counts(self.verdicts)})"


class Job(abc.ABC):
    """What is to be made, and what has been.

    Attributes:
        plan: what there is to make, in order; `planned` is how many.
        steps: how many updates each run makes at most.
        target_loss: the loss below which a run has converged, or None.
        made: lists of the runs that have been made, by their place in the plan.
        status: "finished", "interrupted" (by Ctrl-C), "failed" or, until the end, "running".
    """

    what, one = "runs", "the run of learning rate {0} with seed {2}"  # that are planned

    def __init__(self, plan: Sequence[Any], steps: int, target_loss: float | None) -> None:
        self.plan, self.planned = plan, len(plan)
        self.steps, self.target_loss = steps, target_loss
        self.made: dict[int, list[Run]] = {}
        self.status: Literal["running", "finished", "interrupted", "failed"] = "running"

    @property
    def runs(self) -> list[Run]:
        """The finished runs, in the order of the plan."""
        return [run for place in sorted(self.made) for run in self.made[place]]

    @property
    def lost(self) -> list[Any]:
        """What has not been made."""
        return [planned for place, planned in enumerate(self.plan) if place not in self.made]

    @abc.abstractmethod
    def records(self) -> list[dict[str, Any]]:
        """Return a dict for each run."""

    def to_csv(self, target: str | os.PathLike[str] | TextIO) -> None:
        """Write a line for each run, of what `records` returns, to a path or an open file."""
        records = self.records()
        write_csv(target, [*records[:1], *(record.values() for record in records)])


def counts(verdicts: dict[str, int]) -> str:
    return ", ".join(f"{n:,} {verdict}" for verdict, n in verdicts.items())


def median(numbers: Iterable[float | None]) -> float | None:
    """Return the median of those that are there, or None if none is or it is not finite."""
    found = [x for x in numbers if x is not None]
    return finite(quartiles(found)[1]) if found else None


def comparable(x: float) -> float:
    """Return `x`, or infinity where it is NaN, so that it can be compared."""
    return math.inf if math.isnan(x) else x


def finite(x: float | None) -> float | None:
    """Return `x`, or None where it is not finite."""
    return x if x is not None and math.isfinite(x) else None


def quartiles(numbers: Sequence[float]) -> tuple[float, float, float]:
    """Return lower quartile, median and upper quartile, interpolated; NaN counts as infinite."""
    ordered = sorted(map(comparable, numbers))

    def at(share: float) -> float:
        below, part = divmod(share * (len(ordered) - 1), 1)
        low = ordered[int(below)]
        return low if part == 0 else low + part * (ordered[int(below) + 1] - low)

    return at(0.25), at(0.5), at(0.75)
