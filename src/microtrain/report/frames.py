"""What was recorded of a run, for a page that can't compute it: some of its steps, as numbers."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

from ..training.history import History, Recording

MOST = 280_000  # numbers on the page, about: so many steps are kept of each run as that allows
FEWEST = 12  # of a run, or all that it has


def frames_of(history: History, recording: Recording, runs: int) -> dict[str, Any]:
    """Return the parameters, gradients, predictions and samples' losses at some steps of a run.

    runs: how many there are on the page.
    """
    parameters = history.model.parameters()
    size = 2 * len(parameters) + 2 * len(recording.xs)
    n = len(history.losses)
    apart = 1 + n // max(FEWEST, MOST // (size * runs))
    steps = sorted({*range(0, n, apart), n - 1})
    final = [p.data for p in parameters]
    measured = []
    try:
        for k in steps:
            for p, x in zip(parameters, recording.parameters[k]):
                p.data = x
            measured.append(_measured(history.model, recording))
    finally:
        for p, x in zip(parameters, final):
            p.data = x
    return {
        "steps": steps,
        "parameters": [short(recording.parameters[k]) for k in steps],
        "gradients": [short(recording.gradients[k]) for k in steps],
        "predictions": [predictions for predictions, _ in measured],
        "sampleLosses": [losses for _, losses in measured],
    }


def _measured(model: Any, recording: Recording) -> tuple[list[Any], Sequence[Any]]:
    """Return what the model, as it is now, makes of each sample: its outputs, and the loss."""
    predictions: list[Any] = []
    losses: list[float] = []
    for x, y in zip(recording.xs, recording.ys):
        try:
            prediction = model(x)
            losses.append(recording.loss(prediction, y).data)
        except ArithmeticError:
            predictions.append([None])
            losses.append(math.nan)
            continue
        outputs: Sequence[Any] = (
            prediction if isinstance(prediction, list | tuple) else [prediction]
        )
        predictions.append(short((getattr(value, "data", value) for value in outputs), 9))
    return predictions, short(losses)


def short(numbers: Iterable[Any], digits: int = 6) -> Sequence[float | None]:
    """Return numbers with so many digits; None for one that JSON can't hold."""
    return [float(f"{x:.{digits}g}") if math.isfinite(x) else None for x in numbers]
