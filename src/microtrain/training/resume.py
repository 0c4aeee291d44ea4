"""Runs to and from files: one that was stopped, anywhere, goes on as if it had not been."""

from __future__ import annotations

import errno
import math
import os
import time
from collections.abc import Sequence
from typing import Any

from ..errors import describe
from ..files.records import CheckpointError, read, write
from .eager import State
from .history import History

# How many steps there were, the state they led to, and the state before the last of them.
Whole = tuple[int, State, State]

FORMAT, VERSION = "microtrain run", 1
PARTS = ("parameters", "gradients", "before")
RECORDS = ("losses", "lrs", "grad_norms")
SECONDS = 1.0  # from one time that a run is saved to the next, if nothing else was said


class RunFile:
    """The file of a run: `restore` reads what is there of it, `save` writes it anew.

    `every` is after how many steps it is to be saved, None for about every second. `options` are
    what decides the bits of the run, apart from the names of its parameters and its samples: a file
    of a run with others is refused.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        every: int | None,
        history: History,
        names: Sequence[str],
        samples: Sequence[Any],
        **options: Any,
    ) -> None:
        import hashlib

        self.path = os.fspath(path)
        folder = os.path.dirname(os.path.abspath(self.path))
        if not os.path.isdir(folder):  # to be told now, not when there is something to lose
            raise FileNotFoundError(errno.ENOENT, "there is no such folder", folder)
        self.every = every
        self.next = time.perf_counter() + SECONDS  # when it is to be saved again
        self.history = history
        self.settings = {name: _described(option) for name, option in options.items()}
        self.settings["parameters"] = list(names)
        self.settings["data"] = hashlib.sha256(repr(samples).encode()).hexdigest()

    def is_due(self, steps: int) -> bool:
        """Return whether the run is to be saved after so many steps."""
        if self.every is not None:
            return steps % self.every == 0
        return time.perf_counter() >= self.next

    def save(self, whole: Whole, seconds: float) -> None:
        """Write down the run as it is after the last whole step."""
        begun = time.perf_counter()
        steps, (parameters, gradients), (before, _) = whole
        history = self.history
        record = {
            "format": FORMAT,
            "version": VERSION,
            "settings": self.settings,
            "steps": steps,
            "seconds": seconds,
            "parameters": _packed(parameters),
            "gradients": _packed(gradients),
            "before": _packed(before),
            "sharpness": [[k, *_packed([x])] for k, x in history.sharpness.items() if k < steps],
            **{name: _packed(getattr(history, name)[:steps]) for name in RECORDS},
        }
        write(self.path, record)
        done = time.perf_counter()
        self.next = done + max(SECONDS, 10 * (done - begun))  # a long record takes longer

    def restore(self, most: int) -> tuple[Whole, float] | None:
        """Put the record into the history; return the last whole step, and the seconds it took.

        Returns None where there is no file. Raises `CheckpointError` where it is no such record, or
        one of another run; `ValueError` where it is of more steps than are to be made.
        """
        if not os.path.exists(self.path):
            return None
        keys = ("settings", "steps", "seconds", "sharpness", *PARTS, *RECORDS)
        record = read(self.path, FORMAT, VERSION, keys)
        try:
            self._compare(record["settings"])
            steps, seconds = record["steps"], record["seconds"]
            if type(steps) is not int or steps < 0:
                raise ValueError(f"steps expects an int of at least 0, got {describe(steps)}")
            if type(seconds) is not float or seconds < 0:
                raise ValueError(f"seconds expects a float of at least 0, got {describe(seconds)}")
            n = len(self.settings["parameters"])
            data, gradients, before = (tuple(_unpacked(x, record[x], n)) for x in PARTS)
            records = [_unpacked(name, record[name], steps) for name in RECORDS]
            sharpness = {}
            for entry in _list("sharpness", record["sharpness"]):
                k, x = _list("sharpness", entry, 2)
                if type(k) is not int or not 0 <= k < steps:
                    raise ValueError(f"sharpness expects steps that were made, got {describe(k)}")
                (sharpness[k],) = _unpacked("sharpness", [x], 1)
        except ValueError as error:
            raise CheckpointError(f"{self.path}: {error}") from None
        if steps > most:
            raise ValueError(f"steps expects at least the {steps} that are made, got {most}")
        for name, numbers in zip(RECORDS, records):
            getattr(self.history, name)[:] = numbers
        self.history.sharpness.update(sharpness)
        return (steps, (data, gradients), (before, gradients)), seconds

    def _compare(self, found: Any) -> None:
        if not isinstance(found, dict) or set(found) != set(self.settings):
            raise ValueError("settings are not those of a run")
        for name, value in self.settings.items():
            if found[name] != value:
                told = f": {str(found[name])[:60]}, not {str(value)[:60]}"
                long = name in ("data", "parameters", "model")
                raise ValueError(f"it is of a run with other {name}{'' if long else told}")


def _described(option: Any) -> Any:
    """Return an option as JSON can hold it; a function without a name as nothing to compare."""
    if not callable(option):
        return repr(option) if isinstance(option, float) else option
    name = getattr(option, "__name__", repr(option))
    return "" if "<" in name else name


def _packed(numbers: Sequence[float]) -> list[float | str]:
    """Return numbers for JSON, which has none that are not finite: those as texts."""
    return [x if math.isfinite(x) else repr(x) for x in numbers]


def _unpacked(name: str, entry: Any, n: int) -> list[float]:
    """Return the `n` numbers that `_packed` packed."""
    numbers = []
    for x in _list(name, entry, n):
        if type(x) is not float and x not in ("inf", "-inf", "nan"):
            raise ValueError(f"{name} expects floats, got {describe(x)}")
        numbers.append(float(x))
    return numbers


def _list(name: str, entry: Any, n: int | None = None) -> list[Any]:
    if not isinstance(entry, list) or (n is not None and len(entry) != n):
        raise ValueError(f"{name} expects a list of {'entries' if n is None else n}")
    return entry
