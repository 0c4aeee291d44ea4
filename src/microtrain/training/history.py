"""What a training run leaves behind."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, Literal, TextIO

from ..draw import chart, plot
from ..errors import counted
from ..files.csv import write_csv
from .plan import Plan
from .verdict import verdict

Status = Literal["running", "finished", "converged", "diverged", "interrupted"]

# What shows a recorded run in a notebook: a room above has it.
inline: Callable[[History], str] | None = None


class Recording:
    """Everything that a run went through, kept by ``train(record=True)``.

    Attributes:
        xs, ys: the samples and their targets.
        loss, reduction, zero_grad, steps, batch_size, accumulate, seed: as `train` took them.
        parameters: parameters[k] are those that gave losses[k], as a tuple in the order of
            ``model.parameters()``.
        gradients: gradients[k] is the gradient there, in the same order. (As it was used: with
            `zero_grad` forgotten, the sum of all so far; NaN where there was none.)
    """

    def __init__(self, plan: Plan) -> None:
        objective = plan.objective
        self.xs, self.ys = ([*column] for column in zip(*objective.samples))
        self.loss, self.reduction = objective.loss, objective.reduction
        self.zero_grad, self.steps, self.seed = plan.zero_grad, plan.steps, plan.seed
        self.batch_size, self.accumulate = plan.batch_size, plan.accumulate
        self.parameters: list[tuple[float, ...]] = []
        self.gradients: list[tuple[float, ...]] = []


class History:
    """The record of a training run, kept by `train`.

    Attributes:
        model: the model that was trained.
        losses: losses[k] is the loss *before* update k, as the loop sees it.
        lrs: lrs[k] is the learning rate at that point.
        grad_norms: grad_norms[k] is the length of the gradient there (NaN if there was none).
        sharpness: sharpness[k] is the largest eigenvalue of the loss's Hessian there, for the steps
            k at which `train` was asked to track it (NaN if there was none).
        status: "finished" (every step was made), "converged" (the last loss is below `target_loss`;
            its update was not made: the parameters are those that gave it), "diverged" (the last
            loss is not finite, NaN where an `ArithmeticError` left none; the parameters are the
            last that gave a finite one), "interrupted" (by Ctrl-C; whole steps only), or, until the
            end, "running".
        steps: how many updates the parameters have had.
        seconds: how long it took.
        engine: "eager", "compiled" or "native".
        fallback: why "auto" did not compile, where it tried; else "".
        source: the generated Python of a compiled run's step, the C of a native one's, or "".
        error: why a run diverged: the text of an `ArithmeticError`, or which loss is not finite, at
            which step (counted from 0), and whether the gradient before it was NaN; else "".
        unsaved: why the checkpoint could not be written when it was last tried; else "".
        target_loss: the loss to get below, or None.
        per_pass: how many steps a pass over the samples takes; 1 where each loss is that of all.
        recording: a `Recording` of all parameters and gradients, or None if none was asked for.

    >>> import microtrain as mt
    >>> mt.train(steps=5)
    History(finished, 5 steps, loss 7.73 -> 1.495)
    """

    def __init__(self, model: Any, engine: str, source: str = "", fallback: str = "") -> None:
        self.model, self.engine, self.source, self.fallback = model, engine, source, fallback
        self.losses: list[float] = []
        self.lrs: list[float] = []
        self.grad_norms: list[float] = []
        self.sharpness: dict[int, float] = {}
        self.status: Status = "running"
        self.steps, self.seconds = 0, 0.0
        self.error = self.unsaved = ""
        self.target_loss: float | None = None
        self.per_pass = 1
        self.recording: Recording | None = None

    @property
    def verdict(self) -> str:
        """What became of the run, or is becoming, in a word that `training.verdict` defines."""
        return verdict(self, self.target_loss)[0]

    @property
    def reason(self) -> str:
        """The verdict in a sentence, with the numbers that it rests on."""
        return verdict(self, self.target_loss)[1]

    @property
    def final_loss(self) -> float:
        """The last loss recorded. Raises `ValueError` if there is none yet."""
        if not self.losses:
            raise ValueError("the history has no loss yet")
        return self.losses[-1]

    def chart(
        self,
        width: int | None = None,
        height: int = 12,
        *,
        log: bool | None = None,
        ascii: bool | None = None,
    ) -> str:
        """Return the descent curve as text: the loss at each step.

        At most `width` characters wide (None: as the terminal, and 80 at most) and with `height`
        rows for the curve; on a logarithmic scale if ``log`` (None: where it helps); in plain ASCII
        if `ascii` (None: where the standard output can't do better).
        """
        scale: Any = {"width": width, "height": height, "log": log, "ascii": ascii}
        return chart.line_chart(self.losses, title="loss", x_label="step", **scale)

    def plot(self, ax: Any = None) -> Any:
        """Draw the loss at each step, on `ax` or on new axes, and return matplotlib's axes.

        The scale is logarithmic where all losses are positive. Needs matplotlib (`pip install
        matplotlib`), else `ImportError`.
        """
        return plot.descent({"loss": [self.losses]}, ax)

    def _repr_html_(self) -> str:
        lrs = sorted(self.lrs)
        shown = {
            "status": self.status,
            "verdict": f"{self.verdict}: {self.reason}",
            "steps": str(self.steps),
            "loss": " -> ".join(f"{loss:.4g}" for loss in self.losses[:1] + self.losses[-1:]),
            "learning rate": " to ".join(dict.fromkeys(f"{lr:.4g}" for lr in lrs[:1] + lrs[-1:])),
            "error": self.error,
        }
        rows = [(name, text) for name, text in shown.items() if text]
        if inline is not None and self.recording is not None and self.losses:
            return plot.html_table("History", rows, below=inline(self))
        return plot.html_table("History", rows, below=plot.inline(self.plot, self.chart))

    def to_dict(self) -> dict[str, Any]:
        """Return what happened as plain numbers, texts, lists and dicts.

        Left out are the model, the recording and the generated source.
        """
        plain = ("status", "verdict", "reason", "steps", "error", "unsaved", "target_loss")
        return {
            **{name: getattr(self, name) for name in (*plain, "engine", "fallback", "seconds")},
            "final_loss": self.losses[-1] if self.losses else None,
            **{name: [*getattr(self, name)] for name in ("losses", "lrs", "grad_norms")},
            "sharpness": dict(self.sharpness),
        }

    def to_csv(self, target: str | os.PathLike[str] | TextIO) -> None:
        """Write a line for each loss: step, loss, lr, grad_norm and, if it was tracked, sharpness.

        target: a path, or a file that is open for text. Every digit is written; where there is no
        sharpness, the cell is empty.
        """
        steps = range(len(self.losses))
        columns: dict[str, Any] = {"step": steps, "loss": self.losses}
        columns |= {"lr": self.lrs, "grad_norm": self.grad_norms}
        if self.sharpness:
            columns["sharpness"] = [self.sharpness.get(k) for k in steps]
        write_csv(target, [columns, *zip(*columns.values())])

    def __str__(self) -> str:
        notes = {self.verdict: self.reason, "eager, not compiled": self.fallback}
        notes["not saved"] = self.unsaved
        return "\n".join([repr(self), *(f"{word}: {text}" for word, text in notes.items() if text)])

    def __repr__(self) -> str:
        losses = f", loss {self.losses[0]:.4g} -> {self.losses[-1]:.4g}" if self.losses else ""
        error = f": {self.error}" if self.error else ""
        return f"History({self.status}, {counted(self.steps, 'step')}{losses}{error})"
