"""The columns of a sweep's tables, each declared once: for print, HTML, CSV and JSON."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

from .runs import Rate, Run, counts, finite, median


def number(x: float) -> str:
    """Return a number in few digits."""
    if not math.isfinite(x):
        return "-"
    return f"{x:.0f}" if 1000 <= abs(x) < 1e6 else f"{x:.3g}"


def _spread(quartiles: Sequence[float]) -> str:
    low, median, high = (f"{x:.0f}" for x in quartiles)
    return f"{median} ({low}-{high})" if low != high else median


def _median(value: Callable[[Run], Any], rate: Rate) -> float | None:
    return median(map(value, rate.runs))


class Column:
    """A column of the table of runs, of that of rates, or of both.

    name: what it is called in CSV and JSON; title: in print, or "" where it is not printed. run
    returns a run's value, and rate a rate's: in print, unless it is given, the median of the runs'.
    None: that table lacks the column. shown returns a rate's value as text; align: "<" or ">".
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
        self.name, self.title, self.run, self.shown, self.align = name, title, run, shown, align
        self.rate = rate or (functools.partial(_median, run) if run and title else None)


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
