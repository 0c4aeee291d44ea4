"""`microtrain map`: the phase diagram of learning."""

from __future__ import annotations

import argparse
import collections
import math

from ..draw.plot import axes
from ..files.records import target
from ..lab.diagram import PhaseDiagram
from ..lab.runs import counts
from ..lab.sweep import phase_diagram
from ..nn.optim import learning_rate
from .options import Command, Unset, filled, refuse, usual
from .pool import SHARED, explored, printed
from .terminal import about, colourful

CELLS, SEEDS = 33, 3


def run(arguments: argparse.Namespace) -> int:
    if not (scaled := arguments.rows == "scales"):
        refuse(arguments, ["scales"], "expects --rows scales")
    seeds = (SEEDS if scaled else CELLS) if arguments.seeds is None else arguments.seeds
    if arguments.cells < 3:
        raise ValueError(f"--cells expects an int of at least 3, got {arguments.cells}")
    lrs = between("lrs", arguments.lrs, arguments.cells)
    scales = between("scales", arguments.scales, (arguments.cells + 1) // 2) if scaled else None
    if arguments.plot is not None:
        target(arguments.plot)
        axes()  # is matplotlib there?
    sharpness = not arguments.no_sharpness
    found = explored(phase_diagram, arguments, lrs, scales, seeds=seeds, sharpness=sharpness)
    if arguments.plot is not None:
        with about(arguments.plot):
            found.plot().figure.savefig(arguments.plot, dpi=150)
    return printed(found, arguments, _text)


def between(name: str, ends: list[float], n: int) -> list[float]:
    """Return n numbers from one end to the other, each the same number of times the one before."""
    low, high = (math.log10(learning_rate(f"--{name}", end)) for end in ends)
    if low >= high:
        raise ValueError(f"--{name} expects the lowest first, got {ends[0]:g} and {ends[1]:g}")
    return [10 ** (low + (high - low) * k / (n - 1)) for k in range(n)]


def _text(found: PhaseDiagram) -> str:
    """Return the diagram as text, and how many runs there are of each verdict."""
    verdicts = collections.Counter(run["verdict"] for run in found.records())
    told = f"Of {verdicts.total():,} runs: {counts(dict(verdicts.most_common()))}."
    return f"{found.chart(colour=colourful())}\n\n{filled(told)}"


COMMAND = Command(
    name="map",
    run=run,
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
    files={},
    options={
        **usual("rows scales steps target-loss plot"),
        **SHARED,
        "lrs": [0.001, 10],
        "cells": CELLS,
        "seeds": Unset(f"{SEEDS}; {CELLS} if they are the rows"),
    },
)
