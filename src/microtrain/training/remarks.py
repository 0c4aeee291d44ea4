"""What is likely to go wrong in a run, seen from its samples before it begins."""

from __future__ import annotations

import math
from collections.abc import Iterator

from ..nn.losses import squared_error
from ..nn.mlp import MLP
from .objective import Objective

REACH = {"tanh": (-1.0, 1.0), "sigmoid": (0.0, 1.0), "relu": (0.0, math.inf)}
FAR = 100  # times as large: inputs that differ by that differ by orders of magnitude


def remarks(objective: Objective) -> Iterator[str]:
    """Yield what to say of the samples, if anything: where they don't suit an MLP."""
    model = objective.model
    if type(model) is not MLP:
        return
    name = model.layers[-1].neurons[0].activation
    if name in REACH and objective.loss is squared_error:
        low, high = REACH[name]
        targets = [y for _, ys in objective.samples for y in (ys if isinstance(ys, list) else [ys])]
        if odd := [y for y in targets if not low <= y <= high]:
            within = f"of at least {low:g}" if high == math.inf else f"from {low:g} to {high:g}"
            yield (
                f"a target of {max(odd, key=abs):g} is out of reach of a {name} output, which is "
                f'{within}: take output_activation="linear", or datasets.standardize the targets'
            )
    columns = enumerate(zip(*(x for x, _ in objective.samples)))
    sizes = {k: size for k, column in columns if (size := _size(column))}
    if sizes:
        least, most = min(sizes, key=sizes.__getitem__), max(sizes, key=sizes.__getitem__)
        if sizes[most] >= FAR * sizes[least]:
            yield (
                f"inputs differ by orders of magnitude, from {sizes[least]:.2g} in column {least} "
                f"to {sizes[most]:.2g} in column {most}: datasets.standardize them"
            )


def _size(column: tuple[float, ...]) -> float:
    """Return how large the numbers are that are not 0: the root of their mean square, or 0.0."""
    found = [abs(x) for x in column if x]
    most = max(found, default=0.0)
    return most and most * math.sqrt(math.fsum((x / most) ** 2 for x in found) / len(found))
