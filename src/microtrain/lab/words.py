"""What a sweep has found: the columns of its tables, and at most five sentences."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from ..errors import counted
from ..nn.mlp import MLP
from ..nn.optim import warmup_options
from ..training.verdict import rises
from .executors import Job
from .runs import Rate, Run, counts, finite


def number(x: float) -> str:
    """Return a number in few digits."""
    if not math.isfinite(x):
        return "-"
    return f"{x:.0f}" if 1000 <= abs(x) < 1e6 else f"{x:.3g}"


def _spread(quartiles: Sequence[float]) -> str:
    low, median, high = (f"{x:.0f}" for x in quartiles)
    return f"{median} ({low}-{high})" if low != high else median


class Column:
    """A column of the table of runs, of that of rates, or of both.

    name: what it is called in CSV and JSON; title: in print, or "" where it is not printed. run
    returns a run's value, and rate a rate's; None: that table lacks the column. shown returns a
    rate's value as text; align: "<" or ">".
    """

    def __init__(
        self,
        name: str,
        title: str = "",
        run: Callable[[Run], Any] | None = None,
        rate: Callable[[Rate], Any] | None = None,
        shown: Callable[[Any], str] = number,
        align: str = ">",
    ) -> None:
        self.name, self.title, self.run, self.rate = name, title, run, rate
        self.shown, self.align = shown, align


# To add a column, add a line.
COLUMNS = (
    Column("lr", "rate", lambda run: run.label, lambda rate: rate.label, str),
    Column("seed", run=lambda run: run.seed),
    Column("runs", rate=lambda rate: len(rate.runs)),
    Column("verdict", run=lambda run: run.verdict),
    Column("verdicts", "verdicts", None, lambda rate: rate.verdicts, counts, "<"),
    Column("converged", rate=lambda rate: rate.converged),
    Column("steps", "steps", lambda run: run.steps, lambda rate: rate.steps, _spread, "<"),
    Column("loss", "loss", lambda run: run.loss, lambda rate: rate.loss),
    Column("sharpness", "sharpness", lambda run: finite(run.sharpness), lambda r: r.sharpness),
    Column("peak_sharpness", "peak", lambda run: finite(run.peak), lambda rate: rate.peak),
    Column("stable_lr", "2/peak", None, lambda rate: 2 / rate.peak if rate.peak else None),
    Column("reason", run=lambda run: run.reason),
)


def record(thing: Run | Rate) -> dict[str, Any]:
    """Return the values of a run or a rate by the names of its columns."""
    kind = "run" if isinstance(thing, Run) else "rate"
    found = {column.name: getattr(column, kind) for column in COLUMNS}
    return {name: value(thing) for name, value in found.items() if value}


def printed(rates: Sequence[Rate]) -> list[list[str]]:
    """Return the columns of the printed table, each a title and a text for each rate, aligned.

    A column in which no rate has a value is left out.
    """
    columns = []
    for column in COLUMNS:
        values = [column.rate(rate) for rate in rates] if column.title and column.rate else []
        if any(value is not None for value in values):
            texts = ["-" if value is None else column.shown(value) for value in values]
            width = max(map(len, [column.title, *texts]))
            columns.append([f"{text:{column.align}{width}}" for text in [column.title, *texts]])
    return columns


def explain(sweep: Job[Any, Run], rates: Sequence[Rate], best: Rate) -> str:
    """Return which rate to take, if all that were planned have runs, and what else these show."""
    planned, goal = len({label for label, *_ in sweep.plan}), sweep.target_loss
    advice = [f"Runs at {len(rates)} of the {planned} rates are too few to say which to take."]
    if len(rates) == planned:
        advice = [_advice(rates, best, sweep.steps, goal), _next(rates, best, goal is None)]
    noticed = [_saturation(rates), _warmup(rates), _edge(sweep.results, goal)]
    return " ".join(filter(None, [*advice, *noticed]))


def _advice(rates: Sequence[Rate], best: Rate, steps: int, target_loss: float | None) -> str:
    """Return which rate to take, by the rule of `Sweep.best`, and why."""
    if not math.isfinite(best.loss):
        return "At none of these rates does the loss stay finite: try smaller ones."
    n = len(best.runs)
    if best.steps is None:
        lowest = f"{number(best.loss)}{' (median)' if n > 1 else ''}"
        if target_loss is None:
            return f"Take {best.label}: its loss ends lowest, at {lowest}."
        advice = "smaller rates" if "diverged" in best.verdicts else "more steps or other rates"
        return (
            f"No run got below {target_loss:g} in {steps} steps, and the loss ends lowest at "
            f"{best.label}, {lowest}: try {advice}."
        )
    count = best.verdicts["converged"]
    share = "it converges" if n == 1 else f"{count} of {n} runs converge"
    rivals = [r.steps for r in rates if r is not best and r.converged == best.converged and r.steps]
    if rivals:
        soonest = all(rival[1] > best.steps[1] for rival in rivals)
        share += ", in the fewest steps" if soonest else ", as many as anywhere" * (n > 1)
    elif len(rates) > 1:
        share += ", as at no other rate" if n == 1 else ", the most of all"
    return f"Take {best.label}: {'only ' if best.converged < 0.5 else ''}{share}."


def _next(rates: Sequence[Rate], best: Rate, endless: bool) -> str:
    """Return what to try next, where some runs converge, or all go on to the end."""
    if not best.steps and not (endless and math.isfinite(best.loss)):
        return ""
    numbers = [rate.lr for rate in rates if not callable(rate.lr)]
    if len(numbers) > 1 and best.lr in (min(numbers), max(numbers)):
        size = "larg" if best.lr == max(numbers) else "small"
        return f"It is the {size}est rate tried: try {size}er ones."
    return "One seed is one story: try more." if len(best.runs) == 1 else ""


def _saturation(rates: Sequence[Rate]) -> str:
    """Return what it means that runs saturated, if some did."""
    runs = [run for rate in rates for run in rate.runs if run.verdict == "saturated"]
    models = [run.history.model for run in runs]
    last = [model.layers[-1].neurons[0] for model in models if type(model) is MLP]
    if any(neuron.activation in ("tanh", "sigmoid") for neuron in last):
        return (
            "Saturated: too long a step threw the output to where tanh (or the sigmoid) is flat, "
            "and left no gradient to follow."
        )
    vanished = "Saturated: the gradient vanished above the target, on a plateau or at a minimum; "
    return f"{vanished}the target may be lower than the loss can get." if runs else ""


def _warmup(rates: Sequence[Rate]) -> str:
    """Return what warming up changed, where a rate was tried with and without."""
    found = [
        (rate, other, options["warmup_steps"])
        for rate in rates
        if (options := warmup_options(rate.lr)) and options["warmup_steps"]
        for other in rates
        if other.lr == options["peak"]
    ]
    if not found:
        return ""
    warm = [(run, steps) for rate, _, steps in found for run in rate.runs]
    cold = [run for _, rate, _ in found for run in rate.runs]
    won = [run.steps < steps for run, steps in warm if run.verdict == "converged"]
    return (
        f"With warmup, {len(won)} of {len(warm)} runs converge, {sum(won)} of them before its "
        f"end; without, {_converged(cold)} of {len(cold)}."
    )


def _edge(runs: Sequence[Run], target_loss: float | None) -> str:
    """Return how the runs went that kept to the rule of the quadratic, and those that did not."""
    kept: list[Run] = []
    passed: list[Run] = []
    for run in runs:
        lrs = run.history.lrs
        products = [lrs[k] * sharpness for k, sharpness in run.history.sharpness.items()]
        if products and all(map(math.isfinite, products)):
            (kept if max(products) < 2 else passed).append(run)
    told = []
    if kept:
        told.append(f"in {_rose(kept)} where it did")
    if passed:
        n = len(passed)
        won = f" ({_converged(passed)} of {n} converged)" if target_loss is not None else ""
        told.append(f"in {_rose(passed)} where it did not{won}")
    rule = "On a quadratic, lr x sharpness has to stay below 2: the loss rose"
    return f"{rule} {', and '.join(told)}." if told else ""


def _rose(runs: Sequence[Run]) -> str:
    return f"{sum(rises(run.history.losses) > 0 for run in runs)} of {counted(len(runs), 'run')}"


def _converged(runs: Sequence[Run]) -> int:
    return sum(run.verdict == "converged" for run in runs)
