"""Runs to and from files: a run that was stopped anywhere ends as if it had not been."""

from __future__ import annotations

import math
import os
import sys
import time
import warnings
from collections.abc import Sequence
from typing import Any

from ..engine.number import as_number
from ..files.records import COUNT, FLOAT, NUMBER, OBJECT, Format, Kind, digest, writable
from ..nn.checkpoint import architecture_of
from ..nn.description import PLAIN, Description
from ..nn.module import parameter_names
from .eager import Whole
from .history import History
from .plan import Plan

PARTS = ("parameters", "gradients", "before")
RECORDS = ("losses", "lrs", "grad_norms")
OPTIONS = ("batch_size", "accumulate", "zero_grad", "seed")
NEW = {"code of model", "code of loss", "code of lr", "python"}  # files of version 1 have none

FORMAT = Format(
    "microtrain run",
    {
        "settings": OBJECT,
        "steps": COUNT,
        "seconds": Kind("a number of at least 0", lambda x: NUMBER.accepts(x) and x >= 0, float),
        "sharpness": [[FLOAT, 2]],
        **{name: [FLOAT] for name in PARTS},
        **{name: [FLOAT, "steps"] for name in RECORDS},
    },
)
SECONDS = 1.0  # between two times that a run is saved, by default
PYTHON = "{}.{}".format(*sys.version_info)
CHANGED = "changed"


class RunFile:
    """The file of a run: `restore` reads it, `save` replaces it.

    A file of a run whose plan gives other bits is refused. Raises `TypeError` if targets,
    model, loss or schedule can't be compared with those of another run, `OSError` if the file
    can't be written.
    """

    def __init__(self, path: str, plan: Plan, history: History) -> None:
        writable(path)  # to be told now, not when there is something to lose
        self.path, self.plan, self.history = path, plan, history
        self.next = time.perf_counter() + SECONDS  # when it is to be saved again
        self.saved = 0  # how many steps there were when it was saved
        objective, model = plan.objective, plan.objective.model
        self.parameters, samples = objective.parameters, objective.samples
        self.functions = {"model": model, "loss": objective.loss, "lr": plan.lr}
        self.settings = {
            "model": architecture_of(model) or type(model).__name__,
            "loss": _named(objective.loss),
            "lr": _named(plan.lr),
            **{name: getattr(plan, name) for name in OPTIONS},
            "reduction": objective.reduction,
            "parameters": parameter_names(model, self.parameters),
            "data": digest(repr(samples) if _is_shown(samples) else self._text("ys", samples)),
            "python": PYTHON,
            **{f"code of {x}": digest(self._text(x, f)) for x, f in self.functions.items()},
        }

    def _text(self, name: str, item: Any) -> str:
        """Return the description of an argument. Raises `TypeError` if it can't be compared."""
        found = Description(item, self.parameters)
        if found.text is None:
            raise TypeError(
                f"{name} can't be used with a checkpoint, as nobody could tell whether a run "
                f"goes on with the same: {found.refusal}; leave that out, or the checkpoint"
            )
        return found.text

    def save(self, whole: Whole, start: float, at_the_end: bool = False) -> None:
        """Write down the run, which began at `start`, as it is after so many steps, if that is due.

        Where that fails, on a full disk, a warning says so, and training goes on.
        """
        now = time.perf_counter()
        steps, (parameters, gradients), (before, _) = whole
        every = self.plan.every
        is_due = now >= self.next if every is None else steps % every == 0
        if not (at_the_end or (is_due and steps != self.saved)):
            return
        self.saved = steps
        history, settings = self.history, dict(self.settings)
        for name, function in self.functions.items():
            text = Description(function, self.parameters).text
            if digest(str(text)) != settings[f"code of {name}"]:
                settings[f"code of {name}"] = CHANGED
        try:
            FORMAT.write(
                self.path,
                settings=settings,
                steps=steps,
                seconds=now - start,
                **dict(zip(PARTS, map(_packed, (parameters, gradients, before)))),
                sharpness=[[k, *_packed([x])] for k, x in history.sharpness.items() if k < steps],
                **{name: _packed(getattr(history, name)[:steps]) for name in RECORDS},
            )
            history.unsaved = ""
        except OSError as error:
            history.unsaved = str(error)
            then = "the end of the run is not saved"
            then = then if at_the_end else "training goes on without it"
            warnings.warn(f"the checkpoint can't be written, {then}: {error}", stacklevel=4)
        finally:  # also where it failed, so as not to try again at each step
            done = time.perf_counter()
            self.next = done + max(SECONDS, 10 * (done - now))

    def restore(self) -> tuple[Whole, float] | None:
        """Put the record into the history; return the last whole step, and the seconds it took.

        Without a file, returns None. Raises `CheckpointError` if the file is of no run or another,
        `ValueError` if it is of more steps than are to be made.
        """
        if not os.path.exists(self.path):
            return None
        record = FORMAT.read(self.path, self._checked)
        self.saved = steps = record["steps"]
        if steps > (most := self.plan.steps):
            raise ValueError(f"steps expects at least the {steps} that are made, got {most}")
        for name in RECORDS:
            getattr(self.history, name)[:] = record[name]
        self.history.sharpness.update((int(k), x) for k, x in record["sharpness"])
        data, gradients, before = (tuple(record[name]) for name in PARTS)
        return (steps, (data, gradients), (before, gradients)), record["seconds"]

    def _checked(self, **record: Any) -> dict[str, Any]:
        """Return a record if it is of this run. Raises `ValueError` if it is of another."""
        found = record["settings"]
        if set(found) ^ set(self.settings) not in (set(), NEW):
            raise ValueError("settings are not those of a run")
        for name, value in self.settings.items():
            then, reason = found.get(name, value), ""
            if then == value or name == "python":
                continue
            if name not in ("data", "parameters", "model") and name not in NEW:
                reason = f": {then!s:.60}, not {value!s:.60}"
            elif then == CHANGED:
                reason = ", which changed while it ran in a way that the file does not hold"
            elif name in NEW and found["python"] != PYTHON:
                reason = f"; it ran under Python {found['python']!s:.60}, this is {PYTHON}"
            raise ValueError(f"it is of a run with other {name}{reason}")
        if any(len(record[name]) != len(self.parameters) for name in PARTS):
            raise ValueError(f"it does not hold {len(self.parameters)} parameters")
        if any(k not in range(record["steps"]) for k, _ in record["sharpness"]):
            raise ValueError("it holds the sharpness of steps that were not made")
        return record


def _is_shown(x: Any) -> bool:
    """Return whether `repr` shows all that there is: of an array it does not."""
    if type(x) in (list, tuple):
        return all(map(_is_shown, x))
    return type(x) in PLAIN or as_number(x) is not NotImplemented


def _named(function: Any) -> str:
    """Return the name of a function, or nothing if it has none to compare."""
    name = str(getattr(function, "__name__", repr(function)))
    return "" if "<" in name else name


def _packed(numbers: Sequence[float]) -> list[float | str]:
    """Return numbers for JSON, which has none that are not finite: those as texts."""
    return [x if math.isfinite(x) else repr(x) for x in numbers]
