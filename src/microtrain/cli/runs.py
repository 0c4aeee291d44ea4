"""What train and fit, the commands that make one run, have in common."""

from __future__ import annotations

import argparse
import os
from typing import Any

from ..errors import counted
from ..training.history import History
from .options import Unset

# The options of both.
OPTIONS: dict[str, Any] = {
    "activation": "tanh",
    "accumulate": 1,
    "seed": 0,
    "engine": "auto",
    "no-zero-grad": False,
    "checkpoint": Unset(),
    "checkpoint-every": Unset("about every second"),
    "resume": False,
    "json": False,
    "quiet": False,
}

ADVICE = {"diverged": " Try a smaller --lr.", "saturated": " A smaller --lr may help."}


def training(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return the options of `train` that the arguments hold. Raises `ValueError` for conflicts."""
    path = arguments.checkpoint
    for name in ("resume", "checkpoint_every"):
        if getattr(arguments, name) and path is None:
            raise ValueError(f"{name} expects --checkpoint FILE, too")
    if path and not arguments.resume and os.path.exists(path):
        raise ValueError(f"{path} exists: go on from it with --resume, or remove it")
    names = ("steps", "lr", "batch_size", "accumulate", "seed", "engine")
    kept = ("checkpoint", "checkpoint_every")
    return {
        **{name: getattr(arguments, name) for name in (*names, *kept)},
        "zero_grad": not arguments.no_zero_grad,
        "target_loss": arguments.target_loss or None,
    }


def ended(history: History) -> str:
    """Return how a run ended, and why."""
    word, reason = history.verdict, history.reason
    if word == "begun":
        word, reason = history.status, ""
    if history.status == "interrupted":
        word = "interrupted"
    after = f" after {counted(history.steps, 'step')}"
    told = word.capitalize() + ("" if word in ("converged", "diverged") else after)
    told += f": {reason}.{ADVICE.get(word, '')}" if reason else "."
    return told + (f" It was not compiled: {history.fallback}." if history.fallback else "")
