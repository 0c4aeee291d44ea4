"""The runs of a sweep, one by one and those of one rate together."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ..nn.optim import Schedule
from ..training.history import History
from ..training.verdict import verdict


class Run:
    """One run of a sweep.

    Attributes:
        label: the name of its learning rate or schedule.
        lr: the learning rate or schedule itself.
        seed: what decided its initial parameters.
        history: its `History`.
        verdict: what became of it, in a word (see `History.verdict`).
        reason: the same in a sentence.
    """

    def __init__(
        self, label: str, lr: float | Schedule, seed: int, history: History, target: float | None
    ) -> None:
        self.label = label
        self.lr = lr
        self.seed = seed
        self.history = history
        self.verdict, self.reason = verdict(history, target)

    def __repr__(self) -> str:
        return f"Run({self.label}, seed {self.seed}, {self.verdict}: {self.reason})"


class Rate:
    """All the runs of one learning rate, and what they have in common.

    Attributes:
        label: the name of the learning rate or schedule.
        lr: the learning rate or schedule itself.
        runs: a list of them, seed by seed.
        verdicts: how many runs there are of each verdict, most frequent first.
        converged: the share of the runs that did, from 0 to 1.
        steps: the lower quartile, median and upper quartile of the steps that those needed that
            converged, or None.
        loss: the median of all runs' last losses (infinite where half are not finite).
        sharpness: the median of the runs' first measured, or None if it was not tracked or is not
            finite.
        peak: the median of the runs' highest sharpness measured, or None.
    """

    def __init__(self, label: str, lr: float | Schedule, runs: Sequence[Run]) -> None:
        self.label = label
        self.lr = lr
        self.runs = list(runs)
        counts: dict[str, int] = {}
        for run in self.runs:
            counts[run.verdict] = counts.get(run.verdict, 0) + 1
        self.verdicts = dict(sorted(counts.items(), key=lambda item: -item[1]))
        self.converged = counts.get("converged", 0) / len(self.runs)
        steps = [run.history.steps for run in self.runs if run.verdict == "converged"]
        self.steps = quartiles(steps) if steps else None
        self.loss = quartiles([comparable(run.history.final_loss) for run in self.runs])[1]
        tracked = [run.history.sharpness for run in self.runs if run.history.sharpness]
        first = [comparable(next(iter(values.values()))) for values in tracked]
        highest = [max(map(comparable, values.values())) for values in tracked]
        self.sharpness = _median_if_finite(first)
        self.peak = _median_if_finite(highest)

    def __repr__(self) -> str:
        return f"Rate({self.label}, {self.converged:.0%} of {len(self.runs)} runs converged)"


def comparable(x: float) -> float:
    """Return `x`, or infinity where it is NaN, so that it can be compared."""
    return math.inf if math.isnan(x) else x


def _median_if_finite(numbers: Sequence[float]) -> float | None:
    median = quartiles(numbers)[1] if numbers else math.inf
    return median if math.isfinite(median) else None


def quartiles(numbers: Sequence[float]) -> tuple[float, float, float]:
    """Return the lower quartile, the median and the upper quartile, interpolated."""
    ordered = sorted(numbers)

    def at(share: float) -> float:
        below, part = divmod(share * (len(ordered) - 1), 1)
        low = ordered[int(below)]
        return low if part == 0 else low + part * (ordered[int(below) + 1] - low)

    return at(0.25), at(0.5), at(0.75)
