"""The data sets of the page, each with a network that learns it and how."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from ..draw import plot
from ..errors import CompileError
from ..nn import datasets
from ..nn.losses import hinge, known, squared_error
from ..training.plan import Objective
from ..training.tracing import as_floats, parts_of

MOST_NEURONS = 8  # in a layer that is put together in the page, at most
FRESH = 1  # the seed of new points of the moons
ALIKE = ("xs", "ys", "loss", "mean")  # what makes it the same data
RATES = (0.0001, 10.0)  # the ends of the scale of learning rates, for data of one's own


class Job(NamedTuple):
    """What to learn, and how."""

    data: Callable[[], Any]
    hidden: list[int]
    activations: tuple[str, str]
    loss: Callable[[Any, Any], Any]
    reduction: str
    lr: float
    rates: tuple[float, float] = (0.001, 10.0)  # the lowest and the highest that are worth a try


JOBS = {
    "toy": Job(datasets.toy, [4, 4], ("tanh", "tanh"), squared_error, "sum", 0.05),
    "xor": Job(datasets.xor, [4], ("tanh", "tanh"), squared_error, "sum", 0.1),
    "moons": Job(datasets.moons, [16, 16], ("relu", "linear"), hinge, "mean", 0.1),
}


def sets_of(objective: Objective, columns: Sequence[str], own: bool) -> tuple[str, dict[str, Any]]:
    """Return the name of an objective's data, and all data sets of the page.

    own: whether the model is of one's own: beside its data there are no others.
    """
    usual: dict[str, Any] = {}
    for name, job in JOBS.items():
        xs, ys = job.data()
        hidden, out = job.activations
        usual[name] = _set(xs, ys, job.loss, job.reduction, 1) | {
            "net": [{"n": min(n, MOST_NEURONS), "activation": hidden} for n in job.hidden],
            "out": out,
            "lr": job.lr,
            "steps": 100,
            "target": 0.01,
            "rates": job.rates,
        }
    xs, ys = datasets.moons(seed=FRESH)
    usual["moons"]["fresh"] = {"xs": xs, "ys": [[y] for y in ys]}
    xs, ys = zip(*objective.samples)
    try:
        outputs = len(parts_of(objective.model(xs[0])))
    except ArithmeticError:  # as it is, at the end of a run
        outputs = 1
    found = _set(xs, ys, objective.loss, objective.reduction, outputs)
    same = [name for name, one in usual.items() if all(found[x] == one[x] for x in ALIKE)]
    if not same:
        found |= {"rates": RATES, "columns": columns or found["columns"]}
    name, *_ = [*same, "recorded"]
    recorded = {name: usual.get(name, found)}
    return name, recorded if own else recorded | usual


def _set(
    xs: Sequence[Any], ys: Sequence[Any], loss: Any, reduction: str, outputs: int
) -> dict[str, Any]:
    """Return a data set as the page holds it."""
    rows = [parts_of(x) for x in xs]
    targets = [_target(y, loss, outputs) for y in ys]
    hot = outputs > 1 and all(sorted(y) == [0.0] * (outputs - 1) + [1.0] for y in targets)
    inputs = len(rows[0])
    name = getattr(loss, "__name__", "<lambda>").replace("_", " ")
    told = ("takes", "formula", "why", "slope", "many", "kinks")  # of the library's losses
    about = {x: getattr(known(loss), x, None) for x in told}
    ends = [plot.ends(column) for column in zip(*rows)]
    reached = all(abs(x) < 1e100 for x in itertools.chain(*ends))  # no plane reaches further
    return {
        "xs": rows,
        "ys": targets,
        "inputs": inputs,
        "outputs": outputs,
        "columns": [f"x{k}" for k in range(inputs)],
        "loss": {"name": "loss" if "<" in name else name, **about},
        "mean": reduction == "mean",
        "level": plot.boundary_level([y[0] for y in targets]) if outputs == 1 else None,
        "classes": outputs if hot else 0,
        "plane": [*ends, None][:2] if inputs <= 2 and reached else None,
    }


def _target(y: Any, loss: Any, outputs: int) -> list[Any]:
    """Return a target as a list of numbers, of None alone if it has none."""
    try:
        return [*map(float, parts_of(as_floats(y, loss, outputs)))]
    except CompileError:
        return [None]
