"""`microtrain train`: one run on the classic four samples, step by step; and what fit shares."""

import os
from typing import Any

from ..errors import counted
from ..nn import datasets
from ..nn.mlp import MLP
from ..training.history import History
from ..training.plan import Watcher
from ..training.train import train
from .options import Arguments, Command, filled, passed, refuse, usual
from .terminal import Progress, shown, styled

# The options of train and fit, the commands that make one run.
SHARED = usual(
    "activation batch-size accumulate seed engine checkpoint checkpoint-every no-zero-grad resume "
    "json quiet"
)

SMALLER = " A smaller --lr may help."
ADVICE = {
    "diverged": " Try a smaller --lr.",
    "saturated": SMALLER,
    "oscillating": SMALLER,
    "descending": " More --steps may bring it lower.",
}

SHOWN = 20  # the loss is printed at this many steps; the rest of a run is in the chart

FORGOTTEN = """
(The gradients were never reset, so each step followed the sum of all of them so far, like a ball
without friction. It may be down sooner, by accident, where a tanh output goes flat and catches it;
with a linear output it swings, or flies off.)"""

FOUR_STEPS = """\
Each step is the same four:
  1. forward pass    ypred = [model(x) for x in {xs}]
  2. loss            loss = sum((yout - yt)**2 for yout, yt in zip(ypred, ys)){mean}
  3. backward pass   {reset}loss.backward()
  4. update          p.data -= lr * p.grad, for each parameter p
"""


def check_checkpoint(arguments: Arguments) -> None:
    """Raise `ValueError` where the options of checkpoints do not fit together, or a file."""
    path = arguments.checkpoint
    if path is None:
        refuse(arguments, ("resume", "checkpoint-every"), "expects --checkpoint FILE, too")
    elif not arguments.resume and os.path.exists(path):
        raise ValueError(f"{path} exists: go on from it with --resume, or remove it")


def watched(arguments: Arguments, train: Any, *what: Any, **options: Any) -> Any:
    """Return what `train` makes of these, with the options given, and say how far it has come."""
    with Progress("steps", arguments.quiet) as progress:
        on_step = Watcher(lambda history: progress.show(history.steps, arguments.steps))
        return train(*what, **passed(arguments), **options, on_step=on_step)


def ended(history: History) -> str:
    """Return how a run ended, and why."""
    word, reason = history.verdict, history.reason
    if word == "begun":
        word, reason = history.status, ""
    if history.status == "interrupted":
        word = "interrupted"
    after = f" after {counted(history.steps, 'step')}"
    told = word.capitalize() + ("" if word in ("converged", "diverged") else after)
    flat = history.model.layers[-1].neurons[0].activation in ("sigmoid", "relu")
    advice = "" if flat and word == "saturated" else ADVICE.get(word, "")  # it can't reach -1
    told += f": {reason}.{advice}" if reason else "."
    return told + (f" It was not compiled: {history.fallback}." if history.fallback else "")


def run(arguments: Arguments) -> int:
    check_checkpoint(arguments)
    xs, ys = datasets.toy()
    activations = arguments.activation, arguments.output_activation
    model = MLP(len(xs[0]), [*arguments.hidden, 1], *activations, arguments.seed)
    history = watched(arguments, train, model, xs, ys, zero_grad=not arguments.no_zero_grad)
    more: Any = {"predictions": model.predict(xs), "targets": ys, "parameters": model.state_dict()}
    pairs = list(zip(more["predictions"], ys))
    fine = all(prediction * y > 0 for prediction, y in pairs)
    return shown(history, arguments, lambda: _print(history, arguments, pairs), fine, **more)


def _print_steps(history: History, arguments: Arguments) -> None:
    """Print what was trained, how, and the loss at the first steps and the last."""
    size, last = arguments.batch_size, len(history.losses) - 1
    print(f"{history.model}, seed {arguments.seed}, learning rate {arguments.lr:g}\n")
    print(
        FOUR_STEPS.format(
            xs="xs" if size is None else f"the {size} of a mini-batch",
            mean=" / len(ys)" if arguments.reduction == "mean" else "",
            reset="" if arguments.no_zero_grad else "model.zero_grad(); ",
        )
    )
    print(styled("  step   loss" + ("" if size is None else " of a mini-batch")))
    for step, loss in enumerate(history.losses):
        if step < SHOWN or step == last:
            print(f"{step:>6}   {loss:.6g}")
        elif step == SHOWN:
            print(f"{'...':>6}")
    print()


def _print(history: History, arguments: Arguments, pairs: list[tuple[Any, Any]]) -> None:
    """Print the steps, how the run ended, each prediction with its target, and the curve."""
    if not arguments.quiet:
        _print_steps(history, arguments)
    print(filled(ended(history)))
    if history.status == "diverged":
        print("The parameters are those that gave the last finite loss.")
    if arguments.no_zero_grad and not arguments.quiet:
        print(FORGOTTEN)
        if arguments.output_activation != "linear":
            print("See it with no tanh to stop it, too: --output-activation linear --lr 0.01")
    print(styled("\nprediction   target   match"))
    for prediction, target in pairs:
        mark = styled("yes", 32) if prediction * target > 0 else styled("NO", 31)
        print(f"{prediction:>10.4g}   {target:>6g}   {mark}")
    if len(history.losses) > 1 and not arguments.quiet:
        print(f"\n{history.chart()}")


COMMAND = Command(
    name="train",
    run=run,
    purpose="train on the classic four samples",
    description="Train a network on the classic four samples of three numbers, until its loss is "
    f"below a target; print the loss at the first {SHOWN} steps, then the predictions and the "
    "curve.",
    examples=("microtrain train --lr 0.2", "microtrain train --lr 1.0 --steps 100"),
    ok="every prediction has the sign of its target",
    options={
        **SHARED,
        **usual("lr target-loss output-activation reduction"),
        "steps": 1000,
        "hidden": [4, 4],
    },
    extra="; if it is a table: microtrain fit {} --target COLUMN",
)
