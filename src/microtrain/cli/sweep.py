"""`microtrain sweep` and `microtrain map`: many runs, and what became of each."""

import collections
import math
from collections.abc import Callable
from typing import Any

from ..draw.plot import axes
from ..engine.number import positive
from ..errors import positive_int
from ..files.records import writable
from ..lab.diagram import PhaseDiagram
from ..lab.results import Sweep
from ..lab.runs import counts
from ..lab.sweep import labelled, phase_diagram, sweep
from ..nn.optim import warmup_cosine
from ..training.curvature import DENSE
from . import pool
from .fit import OF_TABLE, task_of
from .options import Arguments, Command, Unset, fill, filled, listed, passed, refuse, usual
from .terminal import Progress, about, colourful, shown, styled

# The sharpness is measured at the first so many steps, then at one in so many; of a table, seldom.
EVERY, SELDOM = 10, 50

# What is taken where nothing else is said, of the toy and of a table.
TOY: dict[str, Any] = {"lrs": [0.001, 0.01, 0.1, 1.0], "seeds": 20, "target_loss": 0.01}
TABLE: dict[str, Any] = {"lrs": [0.01, 0.1, 1.0, 10.0], "seeds": 5, "target_loss": 0}

CELLS, SEEDS = 33, 3  # of a map

# The options of both, and those of learning from a table.
SHARED = {**usual("engine no-sharpness json csv quiet"), "jobs": pool.processors()}
LEARNING = {**OF_TABLE, **usual("hidden activation batch-size")}


def explored(explore: Any, arguments: Arguments, lrs: Any, *scales: Any, **options: Any) -> Any:
    """Return what `sweep` finds for rates, or `phase_diagram` for rates and scales.

    Raises `ValueError` for no seeds or no processes, and where two formats are asked for.
    """
    # What a process is given is one run, or the runs at all rates from one start.
    runs = len(lrs) if scales else 1
    of_a_seed = (scales[0] or [1]) if scales else lrs
    seeds = positive_int("--seeds", arguments.seeds)
    jobs = min(positive_int("--jobs", arguments.jobs), seeds * len(of_a_seed))
    if arguments.json and arguments.csv:
        raise ValueError("--json and --csv can't both be the only thing printed")

    def on_run(job: Any) -> None:
        progress.show(len(job.made) * runs, job.planned * runs)
        if pool.stopped:
            raise KeyboardInterrupt

    with Progress("runs", arguments.quiet) as progress, pool.executor(jobs) as executor:
        options |= {"seeds": range(seeds), "executor": executor, "on_run": on_run}
        return explore(lrs, *scales, **passed(arguments), **options)


def printed(found: Any, arguments: Arguments, text: Callable[[Any], str]) -> int:
    """Print what was found, some of it if it was interrupted, and return the exit status."""

    def show() -> None:
        if found.status == "interrupted":
            made = f"{len(found.made):,} of {found.planned:,}"
            print(f"Interrupted: {made} {found.what} are finished.")
        if found.made:
            print(text(found))

    return shown(found, arguments, show)


def run_sweep(arguments: Arguments) -> int:
    task = None if arguments.file is None else task_of(arguments, arguments.file)
    if task is None:
        refuse(arguments, LEARNING, f"expects a table: {SWEEP.prog} FILE --target COLUMN")
    fill(arguments, **(TABLE if task else TOY))
    rates: Any = arguments.lrs
    steps = arguments.steps
    if arguments.warmup is not None:  # each by its label, then with its schedule
        rates = labelled(rates)
        for label, lr in list(rates.items()):
            rates[f"{label} warm"] = warmup_cosine(lr, steps, arguments.warmup)
    options: dict[str, Any] = {}
    measured: Any = {*range(min(EVERY, steps)), *range(0, steps, EVERY)}
    if task:
        model = task.model(arguments.hidden, arguments.activation)
        options = {**task.data, "model": model}
        measured = range(0, steps, SELDOM) if len(model(0).parameters()) <= DENSE else None
    options["track_sharpness"] = None if arguments.no_sharpness else measured
    found = explored(sweep, arguments, rates, **options)
    return printed(found, arguments, _text_of_sweep)


def _text_of_sweep(found: Sweep) -> str:
    """Return the table, the chart and the paragraph."""
    title, rest = found.table().split("\n", 1)
    chart = found.chart(colour=colourful())
    return f"{styled(title)}\n{rest}\n\n{chart}\n\n{filled(found.explain())}"


SWEEP = Command(
    name="sweep",
    run=run_sweep,
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
        **LEARNING,
        **usual("warmup"),
        "lrs": Unset(f"{listed(TOY['lrs'])}; of a table: {listed(TABLE['lrs'])}"),
        "seeds": Unset(f"{TOY['seeds']}; of a table: {TABLE['seeds']}"),
        "steps": 200,
        "target-loss": Unset(f"{TOY['target_loss']}; of a table: never"),
        **SHARED,
    },
)


def run_map(arguments: Arguments) -> int:
    if not (scaled := arguments.rows == "scales"):
        refuse(arguments, ["scales"], "expects --rows scales")
    fill(arguments, seeds=SEEDS if scaled else CELLS)
    if not 3 <= arguments.cells <= 1000:
        raise ValueError(f"--cells expects an int from 3 to 1000, got {arguments.cells}")
    lrs = between("lrs", arguments.lrs, arguments.cells)
    scales = between("scales", arguments.scales, (arguments.cells + 1) // 2) if scaled else None
    if (path := arguments.plot) is not None:
        if not path.lower().endswith((".png", ".svg", ".pdf")):
            raise ValueError(f"--plot expects a file that ends in .png, .svg or .pdf, got {path!r}")
        writable(path)
        axes()  # is matplotlib there?
    sharpness = not arguments.no_sharpness
    found = explored(phase_diagram, arguments, lrs, scales, sharpness=sharpness)
    if path is not None:
        with about(path):
            found.plot().figure.savefig(path, dpi=150)
    return printed(found, arguments, _text_of_map)


def between(name: str, ends: list[float], n: int) -> list[float]:
    """Return n numbers from one end to the other, each the same number of times the one before."""
    low, high = (math.log10(positive(f"--{name}", end)) for end in ends)
    if low >= high:
        raise ValueError(f"--{name} expects the lowest first, got {ends[0]:g} and {ends[1]:g}")
    return [10 ** (low + (high - low) * k / (n - 1)) for k in range(n)]


def _text_of_map(found: PhaseDiagram) -> str:
    """Return the diagram, and how many runs there are of each verdict."""
    verdicts = collections.Counter(run.verdict for run in found.runs)
    told = f"Of {verdicts.total():,} runs: {counts(dict(verdicts.most_common()))}."
    return f"{found.chart(colour=colourful())}\n\n{filled(told)}"


MAP = Command(
    name="map",
    run=run_map,
    purpose="draw where learning works, and where it does not",
    description="Train the network of 41 parameters on the classic four samples with each of many "
    "learning rates, from initial parameters of each of many scales, and draw what became of it: "
    "the phase diagram of learning. A cell shows the most frequent verdict of its seeds.",
    examples=(
        "microtrain map",
        "microtrain map --cells 64 --seeds 5 --plot phase.png",
        "microtrain map --rows seeds",
    ),
    ok="every run was made",
    options={
        **usual("rows scales steps target-loss plot"),
        **SHARED,
        "lrs": [0.001, 10],
        "cells": CELLS,
        "seeds": Unset(f"{SEEDS}; {CELLS} if they are the rows"),
    },
    extra="; map takes no table (sweep does), and of --lrs only the lowest and the highest",
)
