"""`microtrain report`: a page on which to watch the network learn."""

from __future__ import annotations

import argparse
import errno
import os
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from ..errors import file_path
from ..nn import datasets
from ..nn.losses import hinge, squared_error
from ..nn.mlp import MLP
from ..report.page import report
from ..training.curvature import DENSE
from ..training.history import History
from ..training.train import train
from .options import INTERRUPTED, OK, Command, Unset
from .terminal import Progress, about, printable


class Job(NamedTuple):
    """What to learn from a data set, and how: rates that are worth comparing are the last."""

    data: Callable[[], Any]
    hidden: list[int]
    activations: tuple[str, str]
    loss: Callable[[Any, Any], Any]
    reduction: str
    lrs: list[float]


JOBS = {
    "toy": Job(
        datasets.toy, [4, 4], ("tanh", "tanh"), squared_error, "sum", [0.001, 0.01, 0.1, 1.0]
    ),
    "xor": Job(datasets.xor, [4], ("tanh", "tanh"), squared_error, "sum", [0.01, 0.1, 0.5]),
    "moons": Job(datasets.moons, [16, 16], ("relu", "linear"), hinge, "mean", [0.05, 0.2]),
}


def _listed(numbers: Sequence[float]) -> str:
    return " ".join(f"{x:g}" for x in numbers)


def run(arguments: argparse.Namespace) -> int:
    path = file_path("FILE", arguments.file)
    folder = os.path.dirname(os.path.abspath(path))
    if not os.path.isdir(folder):
        raise FileNotFoundError(errno.ENOENT, "there is no such folder", folder)
    if os.path.isdir(path):
        raise IsADirectoryError(errno.EISDIR, "a folder can't be replaced by a file", path)
    job = JOBS[arguments.data]
    lrs = list(dict.fromkeys(arguments.lrs or job.lrs))
    planned = [(lr, zero_grad) for lr in lrs for zero_grad in (True, False)]
    made: list[History] = []
    with Progress("steps", quiet=arguments.quiet) as progress:
        for lr, zero_grad in planned:

            def show(history: History) -> None:
                before = len(made) * arguments.steps
                progress.show(before + history.steps, len(planned) * arguments.steps)

            history = _train(arguments, job, lr, zero_grad, show)
            if history.status == "interrupted":
                return INTERRUPTED
            made.append(history)
    with about(path):
        report(made, path, arguments.title)
        size = os.path.getsize(path) / 1000
    if size and not arguments.quiet:  # a device has no size, and may be standard output
        print(f"{printable(path)}: {len(made)} runs, {size:.0f} kB. Open it in a browser.")
    return OK


def _train(
    arguments: argparse.Namespace, job: Job, lr: float, zero_grad: bool, on_step: Any
) -> History:
    """Make one of the runs that the page shows."""
    xs, ys = job.data()
    hidden = job.hidden if arguments.hidden is None else arguments.hidden
    model = MLP(len(xs[0]), [*hidden, 1], *job.activations, arguments.seed)
    steps = arguments.steps
    most = 50 if len(model.parameters()) <= DENSE else 10  # times that the sharpness is measured
    return train(
        *(model, xs, ys),
        lr=lr,
        steps=steps,
        loss=job.loss,
        reduction=job.reduction,
        zero_grad=zero_grad,
        target_loss=arguments.target_loss or None,
        track_sharpness=max(1, steps // most) if steps > 0 else None,
        record=True,
        on_step=on_step,
    )


COMMAND = Command(
    name="report",
    run=run,
    purpose="write a page on which to watch it learn",
    description="Train a network with each learning rate, with and without resetting the "
    "gradients, and write one HTML file on which to watch it: the weights and gradients, the "
    "predictions, the four steps worked out, the descent curves, the decision boundary. It needs "
    "no network and no server: open it in a browser.",
    examples=(
        "microtrain report page.html",
        "microtrain report page.html --data moons",
        "microtrain report page.html --lrs 0.05 0.5 --seed 7",
    ),
    ok="the page was written",
    failed="it could not be",
    files={"FILE": "where to write the page, such as page.html"},
    options={
        "data": "toy",
        "lrs": Unset("; ".join(f"{name}: {_listed(job.lrs)}" for name, job in JOBS.items())),
        "steps": 100,
        "target-loss": 0.01,
        "hidden": Unset("; ".join(f"{name}: {_listed(job.hidden)}" for name, job in JOBS.items())),
        "seed": 0,
        "title": "Watch it learn",
        "quiet": False,
    },
)
