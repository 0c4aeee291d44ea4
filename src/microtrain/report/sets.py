"""The data sets of the page, each with a network that learns it and how."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from ..errors import CompileError
from ..nn import datasets
from ..nn.losses import hinge, squared_error, takes
from ..training.plan import Objective
from ..training.tracing import as_floats, parts_of

MOST_NEURONS = 8  # in a layer that is put together in the page, at most
FRESH = 1  # the seed of new points of the moons


class Job(NamedTuple):
    """What to learn, and how."""

    data: Callable[[], Any]
    hidden: list[int]
    activations: tuple[str, str]
    loss: Callable[[Any, Any], Any]
    reduction: str
    lr: float


JOBS = {
    "toy": Job(datasets.toy, [4, 4], ("tanh", "tanh"), squared_error, "sum", 0.05),
    "xor": Job(datasets.xor, [4], ("tanh", "tanh"), squared_error, "sum", 0.1),
    "moons": Job(datasets.moons, [16, 16], ("relu", "linear"), hinge, "mean", 0.1),
}


def sets_of(objective: Objective, columns: Sequence[str], own: bool) -> tuple[str, dict[str, Any]]:
    """Return the name of an objective's data, and all data sets of the page.

    own: whether the model is of one's own: beside its data there are no others.
    """
    samples = objective.samples
    try:
        outputs = len(parts_of(objective.model(samples[0][0])))
    except ArithmeticError:  # as it is, at the end of a run
        outputs = 1
    found = _set(samples, objective.loss, objective.reduction, outputs)
    usual: dict[str, Any] = {}
    for name, job in JOBS.items():
        hidden, out = job.activations
        net = [{"n": min(n, MOST_NEURONS), "activation": hidden} for n in job.hidden]
        usual[name] = _set(zip(*job.data()), job.loss, job.reduction, 1)
        usual[name] |= {"net": net, "out": out, "lr": job.lr}
    xs, ys = datasets.moons(seed=FRESH)
    usual["moons"]["fresh"] = {"xs": xs, "ys": [[y] for y in ys]}
    same = [name for name, one in usual.items() if found.items() <= one.items()]
    name, *_ = [*same, "recorded"]
    recorded = {name: usual.get(name, found | {"columns": columns})}
    return name, recorded if own else recorded | usual


def _set(samples: Iterable[Any], loss: Any, reduction: str, outputs: int) -> dict[str, Any]:
    """Return a data set, of samples with their targets, as the page holds it."""
    xs, ys = zip(*samples)
    name = getattr(loss, "__name__", "<lambda>").replace("_", " ")
    return {
        "xs": [*map(parts_of, xs)],
        "ys": [_target(y, loss, outputs) for y in ys],
        "outputs": outputs,
        "loss": {"name": "loss" if "<" in name else name, "takes": takes(loss)},
        "mean": reduction == "mean",
    }


def _target(y: Any, loss: Any, outputs: int) -> list[Any]:
    """Return a target as a list of numbers, of None alone if it has none."""
    try:
        return [*map(float, parts_of(as_floats(y, loss, outputs)))]
    except CompileError:
        return [None]
