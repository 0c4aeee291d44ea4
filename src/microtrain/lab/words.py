"""What a sweep has found, as a table and in words."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from ..errors import counted
from ..nn.mlp import MLP
from ..nn.optim import warmup_options
from ..training.verdict import rises
from .runs import Rate, Run

HEADER = ("rate", "verdicts", "steps", "loss", "sharpness", "peak", "2/peak")

# How each verdict is told of one run, and of several.
VERBS = {
    "converged": ("converges", "converge"),
    "diverged": ("diverges", "diverge"),
    "saturated": ("saturates", "saturate"),
    "oscillating": ("oscillates", "oscillate"),
    "crawling": ("crawls", "crawl"),
    "descending": ("is still descending", "are still descending"),
}


def table(rates: Sequence[Rate]) -> str:
    """Return a line of text for each rate, under a line of titles."""
    lines = rows(rates)
    widths = [max(map(len, column)) for column in zip(*lines)]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if i in (1, 2) else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths))
        ).rstrip()
        for row in lines
    )


def rows(rates: Sequence[Rate]) -> list[tuple[str, ...]]:
    """Return the titles of the table, and the cells of its lines."""
    tracked = any(rate.peak is not None for rate in rates)
    lines = [HEADER, *(_cells(rate) for rate in rates)]
    return [line if tracked else line[:4] for line in lines]


def _cells(rate: Rate) -> tuple[str, ...]:
    """Return a rate's row of the table."""
    steps = "-"
    if rate.steps:
        low, median, high = (f"{x:.0f}" for x in rate.steps)
        steps = f"{median} ({low}-{high})" if low != high else median
    return (
        rate.label,
        ", ".join(f"{n} {name}" for name, n in rate.verdicts.items()),
        steps,
        _number(rate.loss),
        _number(rate.sharpness),
        _number(rate.peak),
        _number(2 / rate.peak if rate.peak is not None and rate.peak > 0 else None),
    )


def _number(x: float | None) -> str:
    if x is None or not math.isfinite(x):
        return "-"
    return f"{x:.0f}" if 1000 <= abs(x) < 1e6 else f"{x:.3g}"


def explain(rates: Sequence[Rate], best: Rate, steps: int, target_loss: float | None) -> str:
    """Return in words what each rate does, which one to take, and what the sharpness says."""
    sentences = [_seen(rate) for rate in rates] if len(rates) <= 8 else []
    saturated = [run for rate in rates for run in rate.runs if run.verdict == "saturated"]
    if any(_ends_flat(run) for run in saturated):
        sentences.append(
            "(Saturated: the gradient is gone while the loss is high, so there is nothing left to "
            "follow. One step that is too long does that to tanh and sigmoid units: it throws them "
            "to where the curve is flat.)"
        )
    elif saturated:
        sentences.append(
            "(Saturated: the gradient is gone above the target. That is a plateau, or simply a "
            "minimum: the target may be lower than the loss can get.)"
        )
    sentences += _warmups(rates)
    sentences.append(_advice(rates, best, steps, target_loss))
    sentences += _edge(rates)
    return " ".join(sentences)


def _ends_flat(run: Run) -> bool:
    """Return whether the model ends in units that have flat ends."""
    model = run.history.model
    return type(model) is MLP and model.layers[-1].neurons[0].activation in ("tanh", "sigmoid")


def _seen(rate: Rate) -> str:
    """Return what becomes of the runs of a rate."""
    n = len(rate.runs)
    if n == 1:
        return f"{rate.label} {VERBS[rate.runs[0].verdict][0]}: {rate.runs[0].reason}."
    told = [f"{count} {VERBS[name][count > 1]}" for name, count in rate.verdicts.items()]
    text = f"At {rate.label}, {_and(told)}" if len(told) > 1 else f"At {rate.label} all {told[0]}"
    if rate.steps and rate.converged > 0.5:
        return f"{text}; half of those that converge need at most {rate.steps[1]:.0f} steps."
    if math.isfinite(rate.loss):
        return f"{text}; the median of the last losses is {_number(rate.loss)}."
    return f"{text}."


def _advice(rates: Sequence[Rate], best: Rate, steps: int, target_loss: float | None) -> str:
    """Return which rate to take, by the rule of `Sweep.best`, and how good that is."""
    n = len(best.runs)
    numbers = [rate.lr for rate in rates if not callable(rate.lr)]
    if not math.isfinite(best.loss):
        return "At none of these does the loss stay finite: try smaller rates."
    if not best.steps:
        lowest = f"{_number(best.loss)}{' (median)' if n > 1 else ''}"
        if target_loss is None:
            return f"Take {best.label}: its loss ends lowest, at {lowest}."
        advice = "smaller rates" if "diverged" in best.verdicts else "more steps or other rates"
        return (
            f"None got below {target_loss:g} in {steps} steps; the loss ends lowest at "
            f"{best.label}, {lowest}. Try {advice}."
        )
    count = best.verdicts["converged"]
    share = "it converges" if n == 1 else f"{count} of {n} converge{'s' * (count == 1)}"
    advice = f"Take {best.label}: {'only ' if best.converged < 0.5 else ''}{share}"
    rivals = [r for r in rates if r is not best and r.converged == best.converged and r.steps]
    if rivals:
        soonest = all(r.steps[1] > best.steps[1] for r in rivals if r.steps)
        advice += ", as many as anywhere" * (n > 1) + (", and soonest" if soonest else "")
    elif len(rates) > 1:
        advice += ", as only this one does" if n == 1 else ", the most of all"
    if len(numbers) > 1 and best.lr in (min(numbers), max(numbers)):
        side = "largest" if best.lr == max(numbers) else "smallest"
        advice += f". It is the {side} of the rates tried: try some beyond it"
    return f"{advice}." + (" (One seed is one story: try more.)" if n == 1 else "")


def _edge(rates: Sequence[Rate]) -> list[str]:
    """Return how the runs went that kept to the rule of the quadratic, and those that did not."""
    below: list[Run] = []
    beyond: list[Run] = []
    for rate in rates:
        for run in rate.runs:
            history = run.history
            products = [history.lrs[k] * sharpness for k, sharpness in history.sharpness.items()]
            if products and all(map(math.isfinite, products)):
                (below if max(products) < 2 else beyond).append(run)
    if not below and not beyond:
        return []

    def rose(runs: Sequence[Run]) -> str:
        n = sum(rises(run.history.losses) > 0 for run in runs)
        return f"the loss rose on the way in {n if n else 'none'} of them"

    sentences = [
        "On a quadratic, gradient descent is stable while the learning rate is below 2/sharpness: "
        "while lr x sharpness stays below 2."
    ]
    if below:
        sentences.append(
            f"Here it did, wherever it was measured, in {counted(len(below), 'run')}: "
            f"{rose(below)}."
        )
    if beyond:
        converged = sum(run.verdict == "converged" for run in beyond)
        sentences.append(
            f"It was 2 or more in {counted(len(beyond), 'run')}: {rose(beyond)}, and {converged} "
            "converged all the same."
        )
    return sentences


def _warmups(rates: Sequence[Rate]) -> list[str]:
    """Return, for each schedule that warms up to a rate that was tried cold, what that changed."""
    sentences = []
    for rate in rates:
        options = warmup_options(rate.lr)
        cold = next((other for other in rates if other.lr == options.get("peak")), None)
        if cold is None or not options["warmup_steps"]:
            continue
        n, before = (x.verdicts.get("converged", 0) for x in (rate, cold))
        steps = options["warmup_steps"]
        warm = f"a warmup of {steps} step{'s' * (steps > 1)}"
        text = f"With {warm}, {n} of {len(rate.runs)} converge at {cold.label}, {before} without"
        if n > before:
            early = [r.history.steps < steps for r in rate.runs if r.verdict == "converged"]
            text += f"; {early.count(True)} of those got there on the way up to it"
        elif n == before:
            text += ": as many"
        else:
            text += ": it does not help"
        sentences.append(f"{text}.")
    return sentences


def listed(runs: Sequence[tuple[str, int]]) -> str:
    """Return runs, given as (label, seed), in words: ``0.1 with seeds 0 to 3 and 7``."""
    seeds_of: dict[str, list[int]] = {}
    for label, seed in runs:
        seeds_of.setdefault(label, []).append(seed)
    parts = []
    for label, seeds in seeds_of.items():
        stretches: list[list[int]] = []
        for seed in seeds:
            if stretches and seed == stretches[-1][-1] + 1:
                stretches[-1].append(seed)
            else:
                stretches.append([seed])
        told = [f"{s[0]} to {s[-1]}" if len(s) > 2 else _and(map(str, s)) for s in stretches]
        parts.append(f"{label} with seed{'s' if len(seeds) > 1 else ''} {_and(told)}")
    return ", ".join(parts)


def _and(texts: Iterable[str]) -> str:
    *others, last = texts
    return f"{', '.join(others)} and {last}" if others else last
