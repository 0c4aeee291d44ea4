"""What a sweep has found: the columns of its tables, and at most five sentences."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from ..errors import counted
from ..nn.mlp import MLP
from ..nn.optim import warmup_options
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


def printed(rates: Sequence[Rate]) -> list[list[str]]:
    """Return the columns of the printed table, each a title and a text for each rate, aligned.

    A column in which no rate has a value is left out.
    """
    columns = []
    for _, read, title, shown, align in COLUMNS.values():
        values = [*map(read, rates)] if title and read else []
        if any(value is not None for value in values):
            texts = [title, *("-" if value is None else shown(value) for value in values)]
            width = max(map(len, texts))
            columns.append([f"{text:{align}{width}}" for text in texts])
    return columns


def explain(sweep: Job, rates: Sequence[Rate], best: Rate) -> str:
    """Return which rate to take, if every rate planned has runs, and what else the runs show."""
    planned, goal = len({label for label, *_ in sweep.plan}), sweep.target_loss
    advice = [f"Runs at {len(rates)} of the {planned} rates are too few to say which to take."]
    if len(rates) == planned:
        advice = [_advice(rates, best, sweep.steps, goal), _next(rates, best, goal is None)]
    noticed = [_saturation(rates), _warmup(rates), _edge(sweep.runs, goal)]
    return " ".join(filter(None, [*advice, *noticed]))


def _advice(rates: Sequence[Rate], best: Rate, steps: int, target_loss: float | None) -> str:
    """Return which rate to take, by the rule of `Sweep.best`, and why."""
    if not math.isfinite(best.loss):
        return "At none of these rates does the loss stay finite: try smaller ones."
    n = len(best.runs)
    if best.steps is None:
        lowest = f"{brief(best.loss)}{' (median)' if n > 1 else ''}"
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
    """Return what saturation means, if some runs saturated."""
    runs = [run for rate in rates for run in rate.runs if run.verdict == "saturated"]
    models = [run.history.model for run in runs]
    last = [model.layers[-1].neurons[0] for model in models if type(model) is MLP]
    if any(neuron.activation in ("tanh", "sigmoid") for neuron in last):
        return (
            "Saturated: no gradient is left to follow, mostly because too long a step threw the "
            "output to where tanh (or the sigmoid) is flat."
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
        f"With warmup, {len(won)} of {len(warm)} runs converge, {sum(won)} of them before it "
        f"ends; without, {_converged(cold)} of {len(cold)}."
    )


def _edge(runs: Sequence[Run], target_loss: float | None) -> str:
    """Return how often the loss rose where lr x sharpness stayed below 2, and where it did not."""
    kept: list[Run] = []
    passed: list[Run] = []
    for run in runs:
        lrs = run.history.lrs
        products = [lrs[k] * sharpness for k, sharpness in run.history.sharpness.items()]
        if products and all(map(math.isfinite, products)):
            (kept if max(products) < 2 else passed).append(run)
    told = []
    if kept:
        told.append(f"in {_rose(kept)} that kept to it")
    if passed:
        n = len(passed)
        won = f" ({_converged(passed)} of {n} converged)" if target_loss is not None else ""
        told.append(f"in {_rose(passed)} that went beyond{won}")
    rule = "On a quadratic, lr x sharpness has to stay below 2: the loss rose"
    return f"{rule} {', and '.join(told)}." if told else ""


def _rose(runs: Sequence[Run]) -> str:
    return f"{sum(rises(run.history.losses) > 0 for run in runs)} of {counted(len(runs), 'run')}"


def _converged(runs: Sequence[Run]) -> int:
    return sum(run.verdict == "converged" for run in runs)
