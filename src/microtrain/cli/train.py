"""`microtrain train`: one run on the classic four samples, step by step."""

from __future__ import annotations

import argparse
import os
from typing import Any

from ..errors import counted
from ..nn import datasets
from ..nn.losses import REDUCTIONS
from ..nn.mlp import ACTIVATIONS, MLP
from ..tables.fit import BATCH, HIDDEN, PASSES, RATE
from ..training.history import History
from ..training.train import train
from ..training.verdict import why_diverged
from . import table
from .arguments import FAILED, INTERRUPTED, OK, Parser, exit_statuses, neurons
from .terminal import Progress, bold, print_json, styled

# What a table has other defaults for, or none.
DEFAULTS: dict[str, Any] = {
    "lr": 0.05,
    "steps": 1000,
    "target_loss": 0.01,
    "hidden": [4, 4],
    "output_activation": "tanh",
    "reduction": "sum",
}
_HIDDEN = [" ".join(map(str, sizes)) for sizes in (DEFAULTS["hidden"], HIDDEN)]
SHOWN = 20  # the loss is printed at this many steps; the rest of a run is in the chart

FORGOTTEN = """
(The gradients were never reset, so each step followed the sum of all of them so far, like a ball
without friction: it may be down sooner, and then it swings, or flies off.)"""

FOUR_STEPS = """\
Each step is the same four:
  1. forward pass    ypred = [model(x) for x in {xs}]
  2. loss            loss = sum((yout - yt)**2 for yout, yt in zip(ypred, ys)){mean}
  3. backward pass   {reset}loss.backward()
  4. update          p.data -= lr * p.grad, for each parameter p
"""


def add_to(commands: Any) -> None:
    """Add the command to the parser's."""
    command = commands.add_parser(
        "train",
        help="train on the classic four samples, or on a table of your own",
        description="Train a network on the classic four samples of three numbers, until its loss "
        f"is below a target; print the loss at the first {SHOWN} steps, then the predictions and "
        "the curve. With --csv and --target, learn to predict a column of a table instead, and say "
        "how well that goes on rows held out.",
        epilog="Examples: microtrain train --lr 0.2; microtrain train --csv flowers.csv --target "
        "species --save model.json. "
        + exit_statuses(
            "every prediction matches its target in sign",
            "one does not (of a table: if training diverged) or a file can't be read or written",
            "bad arguments, or a table that can't be learned from",
        )
        + " NO_COLOR in the environment turns colour off.",
    )
    command.set_defaults(parser=command, run=run)
    add = command.add_argument
    add(
        "--lr",
        type=float,
        metavar="RATE",
        help=f"learning rate ({DEFAULTS['lr']}; of a table {RATE})",
    )
    add(
        "--steps",
        type=int,
        metavar="N",
        help=f"make at most N steps ({DEFAULTS['steps']}; of a table what makes {PASSES} passes "
        "over it)",
    )
    add(
        "--target-loss",
        type=float,
        metavar="LOSS",
        help=f"stop once the loss is below this ({DEFAULTS['target_loss']}; of a table never); "
        "0: never",
    )
    add(
        "--seed",
        type=int,
        default=0,
        metavar="N",
        help="decides the initial parameters, the shuffling, and the rows held out of a table "
        "(%(default)s)",
    )
    add(
        "--hidden",
        type=neurons,
        nargs="*",
        metavar="N",
        help=f"neurons in each hidden layer ({_HIDDEN[0]}; for a table {_HIDDEN[1]})",
    )
    activations = ", ".join(ACTIVATIONS)
    add(
        "--activation",
        choices=ACTIVATIONS,
        default="tanh",
        metavar="NAME",
        help=f"of the hidden layers: {activations} (%(default)s)",
    )
    add(
        "--output-activation",
        choices=ACTIVATIONS,
        metavar="NAME",
        help=f"of the last layer ({DEFAULTS['output_activation']}; for a table always linear)",
    )
    add(
        "--reduction",
        choices=REDUCTIONS,
        metavar="NAME",
        help="the loss of a batch is the sum or the mean of its samples' "
        f"({DEFAULTS['reduction']}; of a table always mean)",
    )
    add(
        "--batch-size",
        type=int,
        metavar="N",
        help=f"samples in a mini-batch (all; of a table {BATCH})",
    )
    add(
        "--accumulate",
        type=int,
        default=1,
        metavar="N",
        help="add the gradients of N mini-batches for each update (%(default)s)",
    )
    add(
        "--checkpoint",
        metavar="FILE",
        help="write the state of the run to this file, now and then and at the end",
    )
    add(
        "--checkpoint-every",
        type=int,
        metavar="N",
        help="this many steps (by default, about every second)",
    )
    add("--resume", action="store_true", help="go on from the checkpoint, if it is there")
    add("--no-zero-grad", action="store_true", help="forget to reset the gradients: see the bug")
    add("--json", action="store_true", help="print the record of the run as JSON, nothing else")
    add("--quiet", action="store_true", help="print the outcome alone")
    table.add_to_train(command)


def run(arguments: argparse.Namespace) -> int:
    command: Parser = arguments.parser
    if arguments.resume and arguments.checkpoint is None:
        command.error("argument --resume: expects --checkpoint FILE to go on from")
    if arguments.checkpoint_every is not None and arguments.checkpoint is None:
        command.error("argument --checkpoint-every: expects --checkpoint FILE to write to")
    if arguments.checkpoint and not arguments.resume and os.path.exists(arguments.checkpoint):
        command.error(f"{arguments.checkpoint} exists: go on from it with --resume, or remove it")
    if arguments.csv is not None:
        for name in ("output_activation", "reduction"):
            if getattr(arguments, name) is not None:
                command.error(f"argument --{name.replace('_', '-')}: not allowed with --csv")
        return table.train(arguments)
    for name in ("target", "drop", "texts", "test_share", "loss", "save"):
        if getattr(arguments, name) is not None:
            command.error(f"argument --{name.replace('_', '-')}: expects a table, --csv FILE")
    for name, default in DEFAULTS.items():
        if getattr(arguments, name) is None:
            setattr(arguments, name, default)
    xs, ys = datasets.toy()
    shown = 0
    progress = Progress("steps", quiet=arguments.quiet)
    aloud = not (arguments.json or arguments.quiet)

    def show(history: History) -> None:
        """Print the loss of each step that has come since, of the first ones."""
        nonlocal shown
        if shown == 0:
            print(_introduction(arguments, history.model))
        for step in range(shown, min(len(history.losses), SHOWN)):
            print(f"{step:>6}   {history.losses[step]:.6g}", flush=True)
        shown = len(history.losses)

    def on_step(history: History) -> None:
        if aloud:
            show(history)
        progress.show(history.steps, arguments.steps)

    try:
        model = MLP(
            len(xs[0]),
            [*arguments.hidden, 1],
            arguments.activation,
            arguments.output_activation,
            arguments.seed,
        )
        history = train(
            model,
            xs,
            ys,
            steps=arguments.steps,
            lr=arguments.lr,
            reduction=arguments.reduction,
            batch_size=arguments.batch_size,
            accumulate=arguments.accumulate,
            zero_grad=not arguments.no_zero_grad,
            target_loss=arguments.target_loss or None,
            seed=arguments.seed,
            on_step=None if progress.quiet and not aloud else on_step,
            checkpoint=arguments.checkpoint,
            checkpoint_every=arguments.checkpoint_every,
        )
    except ValueError as error:
        progress.clear()
        command.error(str(error))
    except OSError as error:
        progress.clear()
        if arguments.checkpoint is None or error.filename is None:
            raise  # it is about the output
        command.complain(f"can't keep the checkpoint: {error}")
        return FAILED
    progress.clear()
    predictions = model.predict(xs)
    if arguments.json:
        record = {
            **history.to_dict(),
            "predictions": predictions,
            "targets": ys,
            "parameters": model.state_dict(),
        }
        print_json(record)
    else:
        if aloud:
            show(history)
        _summary(history, arguments, predictions, ys)
    if history.status == "interrupted":
        return INTERRUPTED
    return OK if all(map(_match, predictions, ys)) else FAILED


def _introduction(arguments: argparse.Namespace, model: MLP) -> str:
    """Return what stands above the losses: the model, and the four steps as they are made here."""
    four_steps = FOUR_STEPS.format(
        xs="xs" if arguments.batch_size is None else f"the {arguments.batch_size} of a mini-batch",
        mean=" / len(ys)" if arguments.reduction == "mean" else "",
        reset="" if arguments.no_zero_grad else "model.zero_grad(); ",
    )
    head = f"{model}, seed {arguments.seed}, learning rate {arguments.lr:g}"
    return f"{head}\n\n{four_steps}\n" + bold("  step   loss")


def _summary(
    history: History,
    arguments: argparse.Namespace,
    predictions: list[float],
    targets: list[float],
) -> None:
    """Print how the run ended, the predictions and the curve."""
    last = len(history.losses) - 1
    if not arguments.quiet:
        if last > SHOWN:
            print(f"{'...':>6}")
        if last >= SHOWN:
            print(f"{last:>6}   {history.final_loss:.6g}")
        print()
    steps = counted(history.steps, "step")
    loss = "loss" if arguments.batch_size is None else "loss of a mini-batch"
    if history.status == "converged":
        print(f"The {loss} is below {arguments.target_loss:g} at step {last}.")
    elif history.status == "finished" and arguments.target_loss:
        print(f"After {steps} the {loss} is still not below {arguments.target_loss:g}.")
    elif history.status == "finished":
        print(f"Finished after {steps}.")
    elif history.status == "interrupted":
        print(f"Interrupted after {steps}.")
    else:
        print(f"Diverged: {why_diverged(history)}.")
        print("The parameters are those that gave the last finite loss.")

    if arguments.no_zero_grad and not arguments.quiet:
        print(FORGOTTEN)
        if arguments.output_activation != "linear":
            print("See it with no tanh to stop it, too: --output-activation linear --lr 0.01")
    print(bold("\nprediction   target   match"))
    for prediction, target in zip(predictions, targets):
        mark = styled("yes", 32) if _match(prediction, target) else styled("NO", 31)
        print(f"{prediction:>10.4g}   {target:>6g}   {mark}")
    if last > 0 and not arguments.quiet:
        print(f"\n{history.chart()}")


def _match(prediction: float, target: float) -> bool:
    return prediction * target > 0
