"""What a sweep leaves behind: its runs, its tables, and a few sentences on which rate to take."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ..draw import chart, plot
from ..errors import counted
from ..nn.mlp import MLP
from ..nn.optim import warmup_cosine
from ..training.verdict import rises
from .runs import Job, Rate, Run, counts, finite


def brief(x: float) -> str:
    """Return a number in few digits."""
    if not math.isfinite(x):
        return "-"
    return f"{x:.0f}" if 1000 <= abs(x) < 1e6 else f"{x:.3g}"


def _spread(quartiles: Sequence[float]) -> str:
    low, median, high = (f"{x:.0f}" for x in quartiles)
    return f"{median} ({low}-{high})" if low != high else median


# The columns of the tables of runs and of rates. To add one, add a line: its name in CSV and JSON;
# the value of a run, and of a rate (None: its table lacks the column); in print the title (none: it
# is not printed), the value of a rate as text, and how that is aligned.
Read = Callable[[Any], Any] | None
Column = tuple[Read, Read, str, Callable[[Any], str], str]
COLUMNS: dict[str, Column] = {
    "lr": (lambda r: r.label, lambda r: r.label, "rate", str, ">"),
    "seed": (lambda r: r.seed, None, "", str, ">"),
    "runs": (None, lambda r: len(r.runs), "", str, ">"),
    "verdict": (lambda r: r.verdict, None, "", str, ">"),
    "verdicts": (None, lambda r: r.verdicts, "verdicts", counts, "<"),
    "converged": (None, lambda r: r.converged, "", brief, ">"),
    "steps": (lambda r: r.steps, lambda r: r.steps, "steps", _spread, "<"),
    "loss": (lambda r: r.loss, lambda r: r.loss, "loss", brief, ">"),
    "sharpness": (lambda r: finite(r.sharpness), lambda r: r.sharpness, "sharpness", brief, ">"),
    "peak_sharpness": (lambda r: finite(r.peak), lambda r: r.peak, "peak", brief, ">"),
    "stable_lr": (None, lambda r: 2 / r.peak if r.peak else None, "2/peak", brief, ">"),
    "reason": (lambda r: r.reason, None, "", str, ">"),
}


def record(thing: Run | Rate) -> dict[str, Any]:
    """Return the values of a run or a rate by the names of its columns."""
    is_run = isinstance(thing, Run)
    found = {name: run if is_run else rate for name, (run, rate, *_) in COLUMNS.items()}
    return {name: read(thing) for name, read in found.items() if read}


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
            groups = itertools.groupby(self.runs, lambda run: run.label)
            self._rates = [Rate(runs) for _, runs in groups]
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
        return "\n".join("  ".join(line).rstrip() for line in zip(*self._printed()))

    def _printed(self) -> Iterator[list[str]]:
        """Yield the columns of the table, each a title and a text for each rate, aligned."""
        for _, read, title, shown, align in COLUMNS.values():
            values = [*map(read, self.rates)] if title and read else []
            if any(value is not None for value in values):
                texts = [title, *("-" if value is None else shown(value) for value in values)]
                width = max(map(len, texts))
                yield [f"{text:{align}{width}}" for text in texts]

    def explain(self) -> str:
        """Return in at most five sentences which rate to take, and what else was seen."""
        told = _advice(self), _saturation(self), _warmup(self), _edge(self)
        return " ".join(filter(None, told))

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
        title = "median and quartiles of the seeds" if len(self.runs) > len(self.rates) else ""
        curves = {rate.label: rate.curves() for rate in self.rates}
        return plot.descent(curves, ax, title=title, target=self.target_loss)

    def _repr_html_(self) -> str:
        if not self.runs:
            return plot.html_table(repr(self), [])
        header, *rows = zip(*[[text.strip() for text in texts] for texts in self._printed()])
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


def _advice(sweep: Sweep) -> str:
    """Return which rate to take, by the rule of `Sweep.best`, and why; and what to try next."""
    rates, best, goal = sweep.rates, sweep.best, sweep.target_loss
    planned, n = len({label for label, *_ in sweep.plan}), len(best.runs)
    if len(rates) < planned:
        return f"Runs at {len(rates)} of the {planned} rates are too few to say which to take."
    if not math.isfinite(best.loss):
        return "At none of these rates does the loss stay finite: try smaller ones."
    lowest = f"{brief(best.loss)}{' (median)' if n > 1 else ''}"
    if best.steps is None and goal is not None:
        advice = "smaller rates" if "diverged" in best.verdicts else "more steps or other rates"
        return (
            f"No run got below {goal:g} in {sweep.steps} steps, and the loss ends lowest at "
            f"{best.label}, {lowest}: try {advice}."
        )
    numbers = {rate.lr for rate in rates if not callable(rate.lr)}
    further = "One seed is one story: try more." if n == 1 else ""
    if len(numbers) > 1 and best.lr in (min(numbers), max(numbers)):
        size = "larg" if best.lr == max(numbers) else "small"
        further = f"It is the {size}est rate tried: try {size}er ones."
    return f"Take {best.label}: {_why(best, rates, lowest)}. {further}".rstrip()


def _why(best: Rate, rates: Sequence[Rate], lowest: str) -> str:
    """Return in what the best rate is ahead of the others."""
    if best.steps is None:
        return f"its loss ends lowest, at {lowest}"
    n = len(best.runs)
    share = "it converges" if n == 1 else f"{best.verdicts['converged']} of {n} runs converge"
    rivals = [r.steps for r in rates if r is not best and r.converged == best.converged and r.steps]
    if rivals:
        soonest = all(rival[1] > best.steps[1] for rival in rivals)
        share += ", in the fewest steps" if soonest else ", as many as anywhere" * (n > 1)
    elif len(rates) > 1:
        share += ", as at no other rate" if n == 1 else ", the most of all"
    return f"{'only ' if best.converged < 0.5 else ''}{share}"


def _saturation(sweep: Sweep) -> str:
    """Return what saturation means, if some runs saturated."""
    models = [run.history.model for run in sweep.runs if run.verdict == "saturated"]
    last = [model.layers[-1].neurons[0].activation for model in models if type(model) is MLP]
    if "tanh" in last or "sigmoid" in last:
        return (
            "Saturated: no gradient is left to follow, mostly because too long a step threw the "
            "output to where tanh (or the sigmoid) is flat."
        )
    if not models:
        return ""
    if sweep.target_loss is None:
        return "Saturated: the gradient vanished, on a plateau or at a minimum."
    vanished = "Saturated: the gradient vanished above the target, on a plateau or at a minimum; "
    return f"{vanished}the target may be lower than the loss can get."


def _warmup(sweep: Sweep) -> str:
    """Return what warming up changed, where a rate was tried with and without."""
    plain = {(run.lr, run.seed): run for run in sweep.runs if not callable(run.lr)}
    pairs: list[tuple[Run, Run, float]] = []  # with, without, and how many steps it takes
    for run in sweep.runs:
        lr = run.lr
        if isinstance(lr, warmup_cosine) and lr.warmup_steps and (lr.peak, run.seed) in plain:
            pairs.append((run, plain[lr.peak, run.seed], lr.warmup_steps))
    if not pairs:
        return ""
    if sweep.target_loss is None:
        lower = sum(_end(warm) < _end(cold) for warm, cold, _ in pairs)
        return f"With warmup, {lower} of {len(pairs)} runs end lower than without."
    won = [warm.steps < steps for warm, _, steps in pairs if warm.verdict == "converged"]
    return (
        f"With warmup, {len(won)} of {len(pairs)} runs converge, {sum(won)} of them before it "
        f"ends; without, {_converged([cold for _, cold, _ in pairs])} of {len(pairs)}."
    )


def _end(run: Run) -> float:
    return math.inf if run.verdict == "diverged" else run.loss


def _edge(sweep: Sweep) -> str:
    """Return how often the loss rose where lr x sharpness stayed below 2, and where it did not."""
    groups: dict[str, list[Run]] = {"kept to it": [], "went beyond": []}
    for run in sweep.runs:
        lrs = run.history.lrs
        products = [lrs[k] * sharpness for k, sharpness in run.history.sharpness.items()]
        if products and all(map(math.isfinite, products)):
            groups["kept to it" if max(products) < 2 else "went beyond"].append(run)
    told = []
    for how, runs in groups.items():
        rose = sum(rises(run.history.losses) > 0 for run in runs)
        if runs:
            told.append(f"in {rose} of {counted(len(runs), 'run')} that {how}")
    passed = groups["went beyond"]
    if passed and sweep.target_loss is not None:
        told[-1] += f" ({_converged(passed)} of {len(passed)} converged)"
    rule = "On a quadratic, lr x sharpness has to stay below 2: the loss rose"
    return f"{rule} {', and '.join(told)}." if told else ""


def _converged(runs: Sequence[Run]) -> int:
    return sum(run.verdict == "converged" for run in runs)
