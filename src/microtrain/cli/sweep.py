"""`microtrain sweep`: many learning rates, many seeds, and what became of each."""

from __future__ import annotations

import argparse
from typing import Any

from ..lab.results import Sweep
from ..lab.sweep import labelled, sweep
from ..nn.optim import warmup_cosine
from ..training.curvature import DENSE
from . import tables
from .options import Command, Unset, filled, listed, usual
from .pool import SHARED, explored, printed
from .terminal import colourful, styled

# The sharpness is measured at the first so many steps, then at one in so many; of a table, seldom.
EVERY, SELDOM = 10, 50


# What is taken where nothing else is said, of the toy and of a table.
TOY: dict[str, Any] = {"lrs": [0.001, 0.01, 0.1, 1.0], "seeds": 20, "target_loss": 0.01}
TABLE: dict[str, Any] = {"lrs": [0.01, 0.1, 1.0, 10.0], "seeds": 5, "target_loss": 0}

# The options that only a table has.
OF_TABLE = {**tables.OPTIONS, **usual("hidden activation batch-size")}


def run(arguments: argparse.Namespace) -> int:
    for name, default in (TOY if arguments.file is None else TABLE).items():
        if getattr(arguments, name) is None:
            setattr(arguments, name, default)
    options, steps = _options(arguments), arguments.steps
    rates: Any = arguments.lrs
    if arguments.warmup is not None:  # each by its label, then with its schedule
        rates = labelled(arguments.lrs)
        for label, lr in list(rates.items()):
            rates[f"{label} warm"] = warmup_cosine(lr, steps, arguments.warmup)
    measured: Any = {*range(min(EVERY, steps)), *range(0, steps, EVERY)}
    if options:
        measured = range(0, steps, SELDOM)
    if arguments.no_sharpness or (options and len(options["model"](0).parameters()) > DENSE):
        measured = None
    options |= {"seeds": arguments.seeds, "track_sharpness": measured}
    found = explored(sweep, arguments, rates, **options)
    return printed(found, arguments, _text)


def _options(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return what `sweep` is to learn from a table, or nothing for the toy."""
    how = f"{COMMAND.prog} FILE --target COLUMN"
    task = tables.task_or_none(arguments, arguments.file, how, OF_TABLE)
    if task is None:
        return {}
    return {
        "model": task.model(arguments.hidden, arguments.activation),
        "xs": task.xs,
        "ys": task.ys,
        "loss": task.loss,
        "reduction": "mean",
        "batch_size": arguments.batch_size,
    }


def _text(found: Sweep) -> str:
    """Return the table, the chart and the paragraph."""
    title, rest = found.table().split("\n", 1)
    chart = found.chart(colour=colourful())
    return f"{styled(title)}\n{rest}\n\n{chart}\n\n{filled(found.explain())}"


COMMAND = Command(
    name="sweep",
    run=run,
    purpose="explore learning rates",
    description="Train the network of 41 parameters on the classic four samples with each "
    "learning rate, from each of several seeds, and say what became of it and why: a table, the "
    "descent curves, and which rate to take. Or train on a table, as microtrain fit reads it, but "
    "with all rows in each step and constant rates, so that the best may be another for fit. The "
    "sharpness is left out for networks of more than 100 parameters.",
    examples=(
        "microtrain sweep",
        "microtrain sweep --lrs 0.05 0.1 0.2 0.5 --seeds 100",
        "microtrain sweep --lrs 0.5 1 --warmup 20",
        "microtrain sweep flowers.csv --target species",
    ),
    ok="every run was made",
    files={"[FILE]": "a table to learn from instead: CSV, column names first"},
    options={
        **OF_TABLE,
        **usual("warmup"),
        "lrs": Unset(f"{listed(TOY['lrs'])}; of a table: {listed(TABLE['lrs'])}"),
        "seeds": Unset(f"{TOY['seeds']}; of a table: {TABLE['seeds']}"),
        "steps": 200,
        "target-loss": Unset(f"{TOY['target_loss']}; of a table: never"),
        **SHARED,
    },
)
