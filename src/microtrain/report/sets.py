"""The data sets of the page, each with a network that learns it and how."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from ..nn import datasets
from ..nn.losses import hinge, squared_error


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
