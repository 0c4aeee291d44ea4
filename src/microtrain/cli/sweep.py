"""`microtrain sweep`: many learning rates, many seeds, and what became of each."""

from __future__ import annotations

import argparse

from ..lab.results import Sweep
from ..lab.sweep import labelled, sweep
from ..nn.optim import Schedule, warmup_cosine
from .options import Command, Unset, filled
from .pool import checked, executor, printed, processors, shown
from .terminal import Progress, bold, colourful

EVERY = 10  # the sharpness is measured at the first so many steps, and then once in so many


def run(arguments: argparse.Namespace) -> int:
    checked(arguments, seeds=arguments.seeds, jobs=arguments.jobs)
    steps = arguments.steps
    measured = {*range(min(EVERY, steps)), *range(0, steps, EVERY)}
    rates = _rates(arguments)
    jobs = min(arguments.jobs, arguments.seeds * len(rates))
    with Progress("runs", quiet=arguments.quiet) as progress, executor(jobs) as pool:
        found = sweep(
            rates,
            seeds=range(arguments.seeds),
            steps=steps,
            target_loss=arguments.target_loss or None,
            engine=arguments.engine,
            track_sharpness=None if arguments.no_sharpness else measured,
            executor=pool,
            on_run=shown(progress),
        )
    return printed(found, arguments, _print)


def _rates(arguments: argparse.Namespace) -> list[float] | dict[str, float | Schedule]:
    """Return the rates; with `--warmup` by their labels, each with its schedule."""
    if arguments.warmup is None:
        return list(arguments.lrs)
    rates: dict[str, float | Schedule] = labelled(arguments.lrs)
    for label, lr in zip(list(rates), arguments.lrs):
        rates[f"{label} warm"] = warmup_cosine(lr, arguments.steps, arguments.warmup)
    return rates


def _print(found: Sweep) -> None:
    """Print the table, the chart and the paragraph."""
    if found.status == "interrupted":
        print(f"Interrupted: {len(found.runs)} of {found.planned} runs are finished.\n")
    if not found.runs:
        return
    title, *rows = found.table().split("\n")
    print(bold(title))
    print(*rows, sep="\n")
    print(f"\n{found.chart(colour=colourful())}\n")
    print(filled(found.explain()))


COMMAND = Command(
    name="sweep",
    run=run,
    purpose="explore learning rates",
    description="Train the network of 41 parameters on the classic four samples with each "
    "learning rate, from each of several seeds, and say what became of it and why: a table, the "
    "descent curves, and which rate to take.",
    examples=(
        "microtrain sweep",
        "microtrain sweep --lrs 0.05 0.1 0.2 0.5 --seeds 100",
        "microtrain sweep --lrs 0.5 1 --warmup 20",
    ),
    ok="every run was made",
    failed="one could not be",
    files={},
    options={
        "lrs": [0.001, 0.01, 0.1, 1.0],
        "warmup": Unset(),
        "seeds": 20,
        "steps": 200,
        "target-loss": 0.01,
        "engine": "auto",
        "jobs": processors(),
        "no-sharpness": False,
        "json": False,
        "csv": False,
        "quiet": False,
    },
)
