"""What a sweep leaves behind: its runs, and which rate is best."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..draw import chart, plot
from ..errors import counted
from .runs import Job, Rate, Run
from .words import explain, printed, record


class Sweep(Job):
    """What became of every learning rate with every seed, made by `sweep`.

    It has what a `Job` has; its plan is the label, rate and seed of each run.

    >>> import microtrain as mt
    >>> found = mt.sweep([0.01, 0.1], seeds=range(20), steps=200)
    >>> print(found.table())
    rate  verdicts                    steps          loss
    0.01  19 descending, 1 converged  145          0.0175
     0.1  20 converged                30 (25-33)  0.00986
    >>> found.best
    Rate(0.1: 20 converged)
    """

    _rates: Sequence[Rate] = ()

    @property
    def rates(self) -> list[Rate]:
        """A `Rate` for each learning rate."""
        if sum(len(rate.runs) for rate in self._rates) != len(self.made):
            groups: dict[str, list[Run]] = {}
            for run in self.runs:
                groups.setdefault(run.label, []).append(run)
            self._rates = [*map(Rate, groups.values())]
        return [*self._rates]

    @property
    def best(self) -> Rate:
        """The rate to take: the one with the most runs converged.

        Among equals, it is the one whose median run needs the fewest steps; if no run converged
        anywhere, the one with the lowest median of last losses. Of what is still equal, the first.
        Raises `ValueError` if there are no runs.
        """
        if not self.rates:
            raise ValueError("the sweep has no runs yet")
        return min(self.rates, key=lambda r: (-r.converged, r.steps[1] if r.steps else 0.0, r.loss))

    def table(self) -> str:
        """Return a line of text for each rate.

        It shows how many runs there are of each verdict; the median and the quartiles of the steps
        that those needed that converged; the median of the last losses; and, if it was tracked,
        the median of the first sharpness measured, that of its peaks, and the rate that such a peak
        would allow on a quadratic, 2/peak. A column without a value is left out.
        """
        return "\n".join("  ".join(line).rstrip() for line in zip(*printed(self.rates)))

    def explain(self) -> str:
        """Return in at most five sentences which rate to take, and what else was seen."""
        return explain(self, self.rates, self.best)

    def chart(
        self,
        width: int | None = None,
        height: int = 16,
        *,
        log: bool | None = None,
        ascii: bool | None = None,
        colour: bool = False,
    ) -> str:
        """Return the descent curves of all rates as text: the median loss at each step.

        A run that has converged counts with its last loss, one that has diverged as infinite. A
        curve ends where the median run does. The rest is as for `History.chart`; `colour` adds
        ANSI colours.
        """
        title = "loss (median of the seeds)" if len(self.runs) > len(self.rates) else "loss"
        medians = {rate.label: rate.curves()[1] for rate in self.rates}
        look: Any = {"width": width, "height": height, "log": log, "ascii": ascii, "colour": colour}
        return chart.line_chart(medians, title=title, x_label="step", **look)

    def plot(self, ax: Any = None) -> Any:
        """Draw the median loss at each step and, shaded, the quartiles, for each rate.

        It draws on the axes given or on new ones, and returns matplotlib's axes. Needs matplotlib
        (`pip install matplotlib`), else `ImportError`.
        """
        several = len(self.runs) > len(self.rates)
        return plot.descent(
            {rate.label: rate.curves() for rate in self.rates},
            ax,
            title="median and quartiles of the seeds" if several else "",
            target=self.target_loss,
        )

    def _repr_html_(self) -> str:
        if not self.runs:
            return plot.html_table(repr(self), [])
        header, *rows = zip(*[[text.strip() for text in texts] for texts in printed(self.rates)])
        return plot.html_table(repr(self), rows, header, plot.inline(self.plot, self.chart))

    def to_dict(self) -> dict[str, Any]:
        """Return what was found as plain numbers, texts, lists and dicts.

        The rates are there by their labels. A run has what `records` returns and, above it, what
        `History.to_dict` does.
        """
        names = "status", "planned", "steps", "target_loss"
        return {
            **{name: getattr(self, name) for name in names},
            "best": self.best.label if self.runs else None,
            "rates": [record(rate) for rate in self.rates],
            "runs": [record(run) | run.history.to_dict() for run in self.runs],
        }

    def records(self) -> list[dict[str, Any]]:
        """Return a dict for each run: lr, seed, verdict, steps, loss, sharpness, its peak, reason.

        `lr` is the rate's label, a text; `loss` is the last loss; `sharpness` is the first that was
        measured. Without tracking, it and its peak are None.
        """
        return [record(run) for run in self.runs]

    def __repr__(self) -> str:
        done = "" if self.status == "finished" else f", {self.status}"
        found = f", best {self.best.label}" if self.runs else ""
        runs, rates = counted(len(self.runs), "run"), counted(len(self.rates), "rate")
        return f"Sweep({runs} of {rates}{found}{done})"
