"""A run as the page shows it."""

from __future__ import annotations

import math

from ..nn.module import parameter_names
from ..training.history import History


class Shown:
    """A recorded run, with a label. Raises `ValueError` for one that has no recording."""

    def __init__(self, label: str, history: History) -> None:
        if history.recording is None or not history.losses:
            raise ValueError(f"the run {label} has no recording: train (or sweep) with record=True")
        self.label, self.history, self.recording = label, history, history.recording

    def check(self, first: Shown) -> None:
        """Raise `ValueError` unless this run belongs on a page with another."""
        names = [
            parameter_names(run.history.model, run.history.model.parameters())
            for run in (self, first)
        ]
        if names[0] != names[1]:
            raise ValueError(f"the run {self.label} is of another architecture than the first")
        same = ("xs", "ys", "reduction")
        if any(getattr(self.recording, x) != getattr(first.recording, x) for x in same):
            raise ValueError(
                f"the run {self.label} is on other data, or another reduction, than the first"
            )

    def rank(self) -> tuple[bool, bool, float]:
        """Return what is smallest for a run that was reset, converged, and ended lowest."""
        last = self.history.losses[-1]
        converged = self.history.verdict == "converged"
        return not self.recording.zero_grad, not converged, last if last == last else math.inf
