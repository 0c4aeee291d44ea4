"""`microtrain report`: a page on which to watch the network learn."""

from __future__ import annotations

import argparse
import errno
import os
from collections.abc import Mapping, Sequence

from ..errors import file_path
from ..nn.mlp import MLP
from ..report.page import page_of
from ..report.sets import JOBS, Job
from ..report.shown import Shown
from ..tables.fit import HIDDEN, RATES
from ..training.train import train
from . import tables
from .options import INTERRUPTED, OK, Command, Unset, listed
from .terminal import Progress, about, printable


def run(arguments: argparse.Namespace) -> int:
    path = file_path("FILE", arguments.file)
    folder = os.path.dirname(os.path.abspath(path))
    if not os.path.isdir(folder):
        raise FileNotFoundError(errno.ENOENT, "there is no such folder", folder)
    if os.path.isdir(path):
        raise IsADirectoryError(errno.EISDIR, "a folder can't be replaced by a file", path)
    job, n_out, *names = _table(arguments) if arguments.csv else (JOBS[arguments.data], 1)
    for name in ("target", "drop"):
        if getattr(arguments, name) and not arguments.csv:
            raise ValueError(f"--{name} names columns: say in which table, by --csv")
    xs, ys = job.data()
    hidden = job.hidden if arguments.hidden is None else arguments.hidden
    with Progress("steps", quiet=arguments.quiet) as progress:
        history = train(
            MLP(len(xs[0]), [*hidden, n_out], *job.activations, arguments.seed),
            xs,
            ys,
            loss=job.loss,
            reduction=job.reduction,
            lr=job.lr if arguments.lr is None else arguments.lr,
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


def _table(arguments: argparse.Namespace) -> tuple[Job, int, list[str], list[str]]:
    """Return what to learn from a table, how many outputs, and the names of inputs and classes."""
    task = tables.task_of(arguments, arguments.csv)
    columns = [
        f"{column.name} = {text}" if text else column.name
        for column in task.columns
        for text in column.texts or [""]
    ]
    how = [*HIDDEN], ("tanh", "linear"), task.loss, "mean", RATES[task.kind]
    return Job(lambda: (task.xs, task.ys), *how), task.sizes([])[0], columns, task.target.texts


def _told(defaults: Mapping[str, Sequence[float]]) -> str:
    """Return the default for each kind of data, in words."""
    return "; ".join(f"{name}: {listed(numbers)}" for name, numbers in defaults.items())


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
        "lr": Unset(
            _told(
                {name: [job.lr] for name, job in JOBS.items()}
                | {f"a table of {kind}": [rate] for kind, rate in RATES.items()}
            )
        ),
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
