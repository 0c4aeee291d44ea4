"""`microtrain report`: a page on which to watch the network learn."""

from __future__ import annotations

import argparse
import os
from typing import Any

from ..nn import datasets
from ..nn.losses import hinge, squared_error
from ..nn.mlp import MLP
from ..report.page import report
from ..training.curvature import DENSE
from ..training.history import History
from ..training.train import train
from .arguments import FAILED, INTERRUPTED, OK, Parser, exit_statuses, neurons
from .terminal import Progress, printable

# For each data set: the data, the hidden layers, their activation and that of the output, the loss
# and its reduction, and learning rates worth comparing.
JOBS: dict[str, dict[str, Any]] = {
    "toy": {
        "data": datasets.toy,
        "hidden": [4, 4],
        "activations": ("tanh", "tanh"),
        "loss": (squared_error, "sum"),
        "lrs": (0.001, 0.01, 0.1, 1.0),
    },
    "xor": {
        "data": datasets.xor,
        "hidden": [4],
        "activations": ("tanh", "tanh"),
        "loss": (squared_error, "sum"),
        "lrs": (0.01, 0.1, 0.5),
    },
    "moons": {
        "data": datasets.moons,
        "hidden": [16, 16],
        "activations": ("relu", "linear"),
        "loss": (hinge, "mean"),
        "lrs": (0.05, 0.2),
    },
}


def add_to(commands: Any) -> None:
    """Add the command to the parser's."""
    command = commands.add_parser(
        "report",
        help="write a page on which to watch it learn",
        description="Train a network with each learning rate, with and without resetting the "
        "gradients, and write one HTML file on which to watch it: the weights and gradients, the "
        "predictions, the four steps worked out, the descent curves, the decision boundary. It "
        "needs no network and no server: open it in a browser.",
        epilog="Examples: microtrain report page.html; microtrain report page.html --data moons; "
        "microtrain report page.html --lrs 0.05 0.5 --seed 7. "
        + exit_statuses("the page was written", "it could not be"),
    )
    command.set_defaults(parser=command, run=run)
    add = command.add_argument
    add("path", metavar="FILE", help="where to write the page, such as page.html")
    add(
        "--data",
        choices=JOBS,
        default="toy",
        metavar="NAME",
        help=f"what to learn: {', '.join(JOBS)} (%(default)s)",
    )
    rates = "; ".join(
        f"{name}: {' '.join(f'{lr:g}' for lr in job['lrs'])}" for name, job in JOBS.items()
    )
    add("--lrs", type=float, nargs="+", metavar="RATE", help=f"learning rates ({rates})")
    add("--steps", type=int, default=100, metavar="N", help="make at most N steps (%(default)s)")
    add(
        "--target-loss",
        type=float,
        default=0.01,
        metavar="LOSS",
        help="stop a run once its loss is below this (%(default)s); 0: never",
    )
    add("--seed", type=int, default=0, metavar="N", help="of the parameters (%(default)s)")
    hidden = "; ".join(f"{name}: {' '.join(map(str, job['hidden']))}" for name, job in JOBS.items())
    add(
        "--hidden",
        type=neurons,
        nargs="*",
        metavar="N",
        help=f"neurons in each hidden layer ({hidden})",
    )
    add("--quiet", action="store_true", help="print nothing")
    add("--title", default="Watch it learn", help="of the page (%(default)s)")


def run(arguments: argparse.Namespace) -> int:
    command: Parser = arguments.parser
    folder = os.path.dirname(os.path.abspath(arguments.path))
    if not os.path.isdir(folder):
        command.complain(f"can't write the page: there is no folder {folder}")
        return FAILED
    if os.path.isdir(arguments.path):
        command.complain(f"can't write the page: {arguments.path} is a folder")
        return FAILED
    job = JOBS[arguments.data]
    lrs = list(dict.fromkeys(arguments.lrs or job["lrs"]))
    planned = [(lr, zero_grad) for lr in lrs for zero_grad in (True, False)]
    progress = Progress("steps", quiet=arguments.quiet)
    runs: list[History] = []
    try:
        for lr, zero_grad in planned:
            before = len(runs) * arguments.steps

            def show(history: History, before: int = before) -> None:
                progress.show(before + history.steps, len(planned) * arguments.steps)

            history = _train(arguments, job, lr, zero_grad, show)
            if history.status == "interrupted":
                progress.clear()
                return INTERRUPTED
            runs.append(history)
        progress.clear()
        report(runs, arguments.path, arguments.title)
    except ValueError as error:
        progress.clear()
        command.error(str(error))
    except OSError as error:
        command.complain(f"can't write the page: {error}")
        return FAILED
    size = os.path.getsize(arguments.path) / 1000
    if size and not arguments.quiet:  # a device has none, and may be where this would go
        print(
            f"{printable(arguments.path)}: {len(runs)} runs, {size:.0f} kB. Open it in a browser."
        )
    return OK


def _train(
    arguments: argparse.Namespace, job: dict[str, Any], lr: float, zero_grad: bool, on_step: Any
) -> History:
    """Make one of the runs that the page shows."""
    xs, ys = job["data"]()
    hidden = job["hidden"] if arguments.hidden is None else arguments.hidden
    activation, output_activation = job["activations"]
    model = MLP(len(xs[0]), [*hidden, 1], activation, output_activation, arguments.seed)
    loss, reduction = job["loss"]
    steps = arguments.steps
    small = len(model.parameters()) <= DENSE
    return train(
        model,
        xs,
        ys,
        lr=lr,
        steps=steps,
        loss=loss,
        reduction=reduction,
        zero_grad=zero_grad,
        target_loss=arguments.target_loss or None,
        track_sharpness=max(1, steps // (50 if small else 10)) if steps > 0 else None,
        record=True,
        on_step=on_step,
    )
