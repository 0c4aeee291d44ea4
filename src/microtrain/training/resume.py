"""Runs to and from files: one that was stopped, anywhere, goes on as if it had not been."""

from __future__ import annotations

import math
import os

from ..checkpoint import CheckpointError, read, write
from ..errors import describe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from .eager import State
    from .history import History

FORMAT, VERSION = "microtrain run", 1
PARTS = ("parameters", "gradients", "before")
RECORDS = ("losses", "lrs", "grad_norms")


def settings_of(names: Sequence[str], samples: Sequence[Any], **options: Any) -> dict[str, Any]:
    """Return what a run is recognized by: what decides its bits, as texts and numbers."""
    import hashlib

    data = hashlib.sha256(repr(samples).encode()).hexdigest()
    loss, lr = options.pop("loss"), options.pop("lr")
    return {
        "parameters": list(names),
        "data": data,
        "loss": getattr(loss, "__name__", ""),
        # of a function that is no schedule of the library's, nothing is known to compare
        "lr": repr(lr) if not callable(lr) or "<" not in repr(lr) else "",
        **options,
    }


def save_run(
    path: str | os.PathLike[str],
    settings: dict[str, Any],
    history: History,
    steps: int,
    state: State,
    before: Sequence[float],
    seconds: float,
) -> None:
    """Write down a run after so many steps: its state, the parameters before, and its record."""
    record: dict[str, Any] = {
        "format": FORMAT,
        "version": VERSION,
        "settings": settings,
        "steps": steps,
        "seconds": seconds,
        "sharpness": [[k, *_packed([x])] for k, x in history.sharpness.items() if k < steps],
    }
    for name, numbers in zip(PARTS, (*state, before)):
        record[name] = _packed(numbers)
    for name in RECORDS:
        record[name] = _packed(getattr(history, name)[:steps])
    write(path, record)


def load_run(
    path: str | os.PathLike[str], settings: dict[str, Any], history: History
) -> tuple[int, State, tuple[float, ...], float]:
    """Put a run's record into the history; return its steps, state, parameters before, seconds.

    Raises `CheckpointError` where the file is no such record, or one of another run.
    """
    keys = ("settings", "steps", "seconds", "sharpness", *PARTS, *RECORDS)
    record = read(path, FORMAT, VERSION, keys)
    try:
        found, steps, seconds = record["settings"], record["steps"], record["seconds"]
        if not isinstance(found, dict) or set(found) != set(settings):
            raise ValueError("settings are not those of a run")
        for name, value in settings.items():
            if found[name] != value:
                was = "" if name in ("data", "parameters") else f": {describe(found[name])}"
                raise ValueError(f"it is of a run with other {name}{was}")
        if type(steps) is not int or steps < 0:
            raise ValueError(f"steps expects an int of at least 0, got {describe(steps)}")
        if type(seconds) is not float or seconds < 0:
            raise ValueError(f"seconds expects a float of at least 0, got {describe(seconds)}")
        n = len(settings["parameters"])
        data, gradients, before = (_unpacked(name, record[name], n) for name in PARTS)
        records = [_unpacked(name, record[name], steps) for name in RECORDS]
        sharpness = {}
        for entry in _list("sharpness", record["sharpness"]):
            k, x = _list("sharpness", entry, 2)
            if type(k) is not int or not 0 <= k < steps:
                raise ValueError(f"sharpness expects steps that were made, got {describe(k)}")
            (sharpness[k],) = _unpacked("sharpness", [x], 1)
    except ValueError as error:
        raise CheckpointError(f"{os.fspath(path)}: {error}") from None
    history.losses[:], history.lrs[:], history.grad_norms[:] = records
    history.sharpness.update(sharpness)
    return steps, (tuple(data), tuple(gradients)), tuple(before), seconds


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
