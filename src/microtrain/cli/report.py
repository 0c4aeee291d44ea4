"""`microtrain report`: a page on which to watch the network learn."""

import os
from collections.abc import Sequence

from ..files.records import writable
from ..nn.mlp import MLP
from ..report.page import page_of
from ..report.sets import JOBS, Job
from ..tables.fit import HIDDEN, RATES, Task
from ..training.train import train
from .fit import OF_TABLE, task_of
from .options import INTERRUPTED, OK, Arguments, Command, Unset, refuse, usual
from .terminal import Progress, about, printable

TARGET = 0.01  # where nothing else is said, of no table
MARK = b'<meta name="generator" content="microtrain">'  # in each page


def run(arguments: Arguments) -> int:
    path, goal = arguments.file, arguments.target_loss
    _check_free(path)
    if arguments.csv is not None:
        refuse(arguments, ["data"], "and --csv can't both be learned")
        job, n_out, names = _of_table(task_of(arguments, arguments.csv))
    else:
        refuse(arguments, OF_TABLE, f"expects a table: {COMMAND.prog} FILE --csv TABLE")
        job, n_out, names = JOBS[arguments.data], 1, ([], [])
        goal = TARGET if goal is None else goal
    xs, ys = job.data()
    hidden = job.hidden if arguments.hidden is None else arguments.hidden
    with Progress("steps", arguments.quiet) as progress:
        history = train(
            MLP(len(xs[0]), [*hidden, n_out], *job.activations, arguments.seed),
            xs,
            ys,
            loss=job.loss,
            reduction=job.reduction,
            lr=job.lr if arguments.lr is None else arguments.lr,
            steps=arguments.steps,
            target_loss=goal or None,
            seed=arguments.seed,
            record=True,
            on_step=lambda history: progress.show(history.steps, arguments.steps),
        )
    if history.status == "interrupted":
        return INTERRUPTED
    with about(path):
        page = page_of(history, arguments.title, *names)
        with open(path, "wb") as file:
            file.write(page.encode("utf-8", "replace"))
        size = os.path.getsize(path) / 1000
    if size and not arguments.quiet:  # a device has no size, and may be standard output
        print(f"{printable(path)}: {size:.0f} kB. Open it in a browser.")
    return OK


def _check_free(name: str) -> None:
    """Raise `ValueError` if the name is of no page, or if another file would be replaced."""
    path, head = writable(name, devices=True), b""
    if os.path.isfile(path):
        with open(path, "rb") as file:
            head = file.read(200)
    elif os.path.exists(path):
        return  # a device
    if not name.lower().endswith((".html", ".htm")) or (head and MARK not in head):
        told = "FILE expects a page to write, such as page.html, and replaces no other file"
        raise ValueError(f"{told}, got {name!r}; a table goes to --csv")


def _of_table(task: Task) -> tuple[Job, int, tuple[list[str], Sequence[str]]]:
    """Return what to learn from a table, how many outputs, and the names of inputs and classes."""
    columns = [
        f"{column.name} = {text}" if text else column.name
        for column in task.columns
        for text in column.texts or [""]
    ]
    how = [*HIDDEN], ("tanh", "linear"), task.loss, "mean", RATES[task.kind]
    return Job(lambda: (task.xs, task.ys), *how), task.n_out, (columns, task.target.texts)


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
    files={"FILE": "where to write the page, such as page.html"},
    options={
        **OF_TABLE,
        **usual("data seed steps title quiet"),
        "target-loss": Unset(f"{TARGET}; of a table: never"),
        "csv": Unset("none: --data"),
        "lr": Unset("as suits the data"),
        "hidden": Unset("as suits the data"),
    },
)
