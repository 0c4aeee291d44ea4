"""What a training run leaves behind."""

from __future__ import annotations

from ..draw import chart

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from typing import Any, Literal

    Status = Literal["running", "finished", "converged", "diverged", "interrupted"]


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
        engine: "eager" or "compiled".
        source: the generated Python of a compiled run's step, or "".
        error: the text of the `ArithmeticError` that a run diverged by, or "".

    >>> import microtrain as mt
    >>> mt.train(steps=5)
    History(finished, 5 steps, loss 7.73 -> 1.495)
    """

    def __init__(self, model: Any, engine: str) -> None:
        self.model = model
        self.losses: list[float] = []
        self.lrs: list[float] = []
        self.grad_norms: list[float] = []
        self.sharpness: dict[int, float] = {}
        self.status: Status = "running"
        self.steps = 0
        self.seconds = 0.0
        self.engine = engine
        self.source = ""
        self.error = ""

    @property
    def final_loss(self) -> float:
        """The last loss recorded. Raises `ValueError` if there is none yet."""
        if not self.losses:
            raise ValueError("the history has no loss yet")
        return self.losses[-1]

    def chart(
        self,
        width: int = 72,
        height: int = 12,
        *,
        log: bool | None = None,
        ascii: bool = False,
    ) -> str:
        """Return the descent curve as text: the loss at each step.

        At most `width` characters wide and with `height` rows for the curve; `log` as a logarithmic
        scale (None: where it helps); in plain ASCII if `ascii`.
        """
        return chart.line_chart(
            self.losses,
            title="loss",
            x_label="step",
            width=width,
            height=height,
            log=log,
            ascii=ascii,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return all of the record but the model, as plain numbers, texts and lists."""
        return {
            "status": self.status,
            "steps": self.steps,
            "error": self.error,
            "engine": self.engine,
            "seconds": self.seconds,
            "final_loss": self.losses[-1] if self.losses else None,
            "losses": list(self.losses),
            "lrs": list(self.lrs),
            "grad_norms": list(self.grad_norms),
            "sharpness": dict(self.sharpness),
        }

    def to_csv(self, path: str | os.PathLike[str]) -> None:
        """Write a line for each loss: step, loss, lr, grad_norm and, if it was tracked, sharpness.

        Every digit is written; where there is no sharpness, the cell is empty.
        """
        import csv

        steps = range(len(self.losses))
        columns: dict[str, Any] = {
            "step": steps,
            "loss": self.losses,
            "lr": self.lrs,
            "grad_norm": self.grad_norms,
        }
        if self.sharpness:
            columns["sharpness"] = [self.sharpness.get(k, "") for k in steps]
        with open(path, "w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(columns)
            writer.writerows(zip(*columns.values()))

    def __repr__(self) -> str:
        steps = f"{self.steps} step" + ("" if self.steps == 1 else "s")
        losses = f", loss {self.losses[0]:.4g} -> {self.losses[-1]:.4g}" if self.losses else ""
        error = f": {self.error}" if self.error else ""
        return f"History({self.status}, {steps}{losses}{error})"
