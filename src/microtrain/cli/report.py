"""`microtrain report`: a page on which to watch the network learn."""

from __future__ import annotations

import argparse
import errno
import os
from collections.abc import Mapping, Sequence
from typing import Any

from ..errors import file_path
from ..nn.mlp import MLP
from ..report.page import page_of
from ..report.sets import JOBS
from ..report.shown import Shown
from ..tables.fit import RATES
from ..tables.task import HIDDEN
from ..training.train import train
from . import tables
from .options import INTERRUPTED, OK, Command, Unset
from .terminal import Progress, about, printable


def run(arguments: argparse.Namespace) -> int:
    path = file_path("FILE", arguments.file)
    folder = os.path.dirname(os.path.abspath(path))
    if not os.path.isdir(folder):
        raise FileNotFoundError(errno.ENOENT, "there is no such folder", folder)
    if os.path.isdir(path):
        raise IsADirectoryError(errno.EISDIR, "a folder can't be replaced by a file", path)
    data, *names = _table(arguments) if arguments.csv else (_job(arguments),)
    with Progress("steps", quiet=arguments.quiet) as progress:
        history = train(
            **data,
            steps=arguments.steps,
            target_loss=arguments.target_loss or None,
            seed=arguments.seed,
            record=True,
            on_step=lambda history: progress.show(history.steps, arguments.steps),
        )
    if history.status == "interrupted":
        return INTERRUPTED
    with about(path):
        page = page_of([Shown(f"{history.lrs[0]:g}", history)], arguments.title, *names)
        with open(path, "wb") as file:
            file.write(page.encode("utf-8", "replace"))
        size = os.path.getsize(path) / 1000
    if size and not arguments.quiet:  # a device has no size, and may be standard output
        print(f"{printable(path)}: {size:.0f} kB. Open it in a browser.")
    return OK


def _job(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return what to train, and how, on one of the library's data sets."""
    for name in ("target", "drop"):
        if getattr(arguments, name):
            raise ValueError(f"--{name} names columns: say in which table, by --csv")
    job = JOBS[arguments.data]
    xs, ys = job.data()
    hidden = job.hidden if arguments.hidden is None else arguments.hidden
    return {
        "model": MLP(len(xs[0]), [*hidden, 1], *job.activations, arguments.seed),
        "xs": xs,
        "ys": ys,
        "loss": job.loss,
        "reduction": job.reduction,
        "lr": job.lr if arguments.lr is None else arguments.lr,
    }


def _table(arguments: argparse.Namespace) -> tuple[dict[str, Any], list[str], list[str]]:
    """Return the same for a table that `fit` reads, and the names of its inputs and classes."""
    task = tables.task_of(arguments, arguments.csv)
    hidden = list(HIDDEN) if arguments.hidden is None else arguments.hidden
    columns = [
        f"{column.name} = {text}" if text else column.name
        for column in task.columns
        for text in column.texts or [""]
    ]
    data = {
        "model": MLP(len(task.xs[0]), task.sizes(hidden), "tanh", "linear", arguments.seed),
        "xs": task.xs,
        "ys": task.ys,
        "loss": task.loss,
        "reduction": "mean",
        "lr": RATES[task.kind] if arguments.lr is None else arguments.lr,
    }
    return data, columns, task.target.texts


def _told(numbers: Mapping[str, Sequence[float]]) -> str:
    """Return the numbers for each kind of data, in words."""
    return "; ".join(f"{name}: {' '.join(f'{x:g}' for x in xs)}" for name, xs in numbers.items())


RATES_OF_TABLES = {f"a table of {kind}": [rate] for kind, rate in RATES.items()}

COMMAND = Command(
    name="report",
    run=run,
    purpose="write a page that trains before your eyes",
    description="Train a network, and write one HTML file on which it trains again, in the "
    "browser: at any learning rate, from other starts, with other layers. It shows the descent "
    "curve, the predictions and the network, and takes a step apart: forward, loss, backward, "
    "update. It needs no network and no server: open it in a browser.",
    examples=(
        "microtrain report page.html",
        "microtrain report page.html --data moons",
        "microtrain report page.html --csv flowers.csv --target kind",
    ),
    ok="the page was written",
    failed="it could not be",
    files={"FILE": "where to write the page, such as page.html"},
    options={
        "data": "toy",
        "csv": Unset("none: --data"),
        "target": Unset("of --csv"),
        "drop": [],
        "lr": Unset(_told({name: [job.lr] for name, job in JOBS.items()} | RATES_OF_TABLES)),
        "steps": 100,
        "target-loss": 0.01,
        "hidden": Unset(
            _told({name: job.hidden for name, job in JOBS.items()} | {"a table": HIDDEN})
        ),
        "seed": 0,
        "title": "Watch it learn",
        **dict.fromkeys(("classes", "numbers", "quiet"), False),
    },
)
