"""`microtrain report`: a page on which to watch the network learn."""

import os
from typing import Any

from ..files.records import writable
from ..nn.mlp import MLP
from ..report.page import page_of
from ..report.sets import JOBS, Job
from ..tables.fit import HIDDEN
from ..training.train import train
from .fit import OF_TABLE, task_of
from .options import INTERRUPTED, OK, Arguments, Command, Unset, fill, refuse, usual
from .terminal import about, printable
from .train import watched

TARGET = 0.01  # where nothing else is said, of no table
MARK = b'<meta name="generator" content="microtrain">'  # in each page


def run(arguments: Arguments) -> int:
    path = arguments.file
    names: Any = ()
    _check_free(path)
    if arguments.csv is None:
        refuse(arguments, OF_TABLE, f"expects a table: {COMMAND.prog} FILE --csv TABLE")
        job, n_out, goal = JOBS[arguments.data], 1, TARGET
    else:
        refuse(arguments, ["data"], "and --csv can't both be learned")
        task = task_of(arguments, arguments.csv)
        network = [*HIDDEN], ("tanh", "linear")
        job = Job(lambda: (task.xs, task.ys), *network, task.loss, "mean", task.lr)
        n_out, goal = task.n_out, 0
        names = [name for column in task.columns for name in column.names], task.target.texts
    fill(arguments, target_loss=goal, hidden=job.hidden, lr=job.lr)
    xs, ys = job.data()
    model = MLP(len(xs[0]), [*arguments.hidden, n_out], *job.activations, arguments.seed)
    how = {"loss": job.loss, "reduction": job.reduction, "record": True}
    history = watched(arguments, train, model, xs, ys, **how)
    if history.status == "interrupted":
        return INTERRUPTED
    with about(path):
        page = page_of(history, arguments.title, *names).encode("utf-8", "replace")
        with open(path, "wb") as file:
            file.write(page)
    if not arguments.quiet and os.path.isfile(path):  # a device may be standard output
        print(f"{printable(path)}: {len(page) / 1000:.0f} kB. Open it in a browser.")
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
