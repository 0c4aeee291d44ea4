"""What the page shows of each run, as data for its script."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from ..draw import grid
from ..errors import CompileError
from ..nn.mlp import MLP
from ..nn.module import parameter_names
from ..training.history import History, Recording
from ..training.tracing import predictor

MOST = 280_000  # numbers on the page, about: so many frames are shown of each run as that allows
FEWEST, MANY = 12, 400  # frames of a run, at least and at most
COLUMNS, ROWS = 44, 33  # of the field of a decision boundary


class Shown:
    """A run as it is shown: with a label, what became of it, and why."""

    def __init__(self, label: str, history: History) -> None:
        if history.recording is None or not history.losses:
            raise ValueError(f"the run {label} has no recording: train (or sweep) with record=True")
        self.label, self.history, self.recording = label, history, history.recording
        self.verdict, self.reason = history.verdict, history.reason


def data_of(shown: Sequence[Shown]) -> dict[str, Any]:
    """Return all that the page shows, ready for JSON."""
    model, recording = shown[0].history.model, shown[0].recording
    parameters = model.parameters()
    names = parameter_names(model, parameters)
    for run in shown:
        other, same = run.recording, run.history.model
        if parameter_names(same, same.parameters()) != names:
            raise ValueError(f"the run {run.label} is of another architecture than the first")
        if any(getattr(other, x) != getattr(recording, x) for x in ("xs", "ys", "reduction")):
            raise ValueError(
                f"the run {run.label} is on other data, or another reduction, than the first"
            )
    fields = [_field(run) for run in shown]
    plane = all(fields)
    network = _network(model, parameters)
    size = 4 * len(parameters) + 3 * len(recording.xs) + (COLUMNS * ROWS // 4 if plane else 0)
    frames = max(FEWEST, min(MANY, MOST // (size * len(shown))))
    rates = list(dict.fromkeys(run.label for run in shown))
    # The page opens on a run that was reset, converged, and ended lowest, as far as there is one.
    best = min(shown, key=_rank)
    return {
        "names": names,
        "network": network,
        "xs": [_short(x, 9) if isinstance(x, list) else _short([x], 9)[0] for x in recording.xs],
        "ys": [_target(y) for y in recording.ys],
        "loss": _name(recording.loss),
        "level": grid.boundary_level(recording.ys),
        "digits": _digits(len(parameters)),
        "wholeBatch": all(run.recording.whole_batch for run in shown),
        "reduction": recording.reduction,
        "grid": _grid(recording.xs) if plane else None,
        "first": shown.index(best),
        "runs": [
            _run(run, frames, field if plane else None) | {"colour": rates.index(run.label)}
            for run, field in zip(shown, fields)
        ],
    }


def _rank(run: Shown) -> tuple[bool, bool, float]:
    last = run.history.losses[-1]
    last = last if math.isfinite(last) else math.inf
    return not run.recording.zero_grad, run.verdict != "converged", last


def _name(loss: Callable[..., Any]) -> str:
    name = getattr(loss, "__name__", "<lambda>")
    return "loss" if "<" in name else name.replace("_", " ")


def _digits(n: int) -> int:
    """Return how many digits of each of `n` parameters the page holds."""
    return 6 if n <= 100 else 5


def _target(y: Any) -> Any:
    """Return a target as JSON can hold it."""
    if isinstance(y, list | tuple):
        return [_target(part) for part in y]
    if isinstance(y, int | float):
        return _short([y], 9)[0]
    return str(y)


def _network(model: Any, parameters: Sequence[Any]) -> dict[str, Any] | None:
    """Return which parameter is which weight of the network, or None for one that is no MLP."""
    if type(model) is not MLP:
        return None
    places = {id(p): place for place, p in enumerate(parameters)}
    layers = [
        [
            {"weights": [places[id(w)] for w in neuron.weights], "bias": places[id(neuron.bias)]}
            for neuron in layer.neurons
        ]
        for layer in model.layers
    ]
    activations = [layer.neurons[0].activation for layer in model.layers]
    return {"inputs": model.n_in, "layers": layers, "activations": activations}


def _grid(xs: Sequence[Sequence[float]]) -> dict[str, Any]:
    """Return the part of the plane that the field of a decision boundary covers."""
    across, up, _ = grid.field(lambda points: [0.0] * len(points), xs, COLUMNS, ROWS)
    half = (across[1] - across[0]) / 2, (up[1] - up[0]) / 2  # a number stands for a cell around it
    return {
        "columns": COLUMNS,
        "rows": ROWS,
        "across": [across[0] - half[0], across[-1] + half[0]],
        "up": [up[0] - half[1], up[-1] + half[1]],
    }


def _run(
    shown: Shown, frames: int, field: Callable[[Sequence[float]], str] | None
) -> dict[str, Any]:
    """Return what the page shows of a run."""
    history, recording = shown.history, shown.recording
    steps = _chosen(len(history.losses), frames)
    parameters = history.model.parameters()
    final = [p.data for p in parameters]
    digits = _digits(len(final))
    everything = [*recording.parameters, final]
    run: dict[str, Any] = {
        "label": shown.label,
        "forgot": not recording.zero_grad,
        "status": history.status,
        "verdict": shown.verdict,
        "reason": shown.reason,
        "losses": _short(history.losses, 7),
        "lrs": _short(history.lrs),
        "norms": _short(history.grad_norms),
        "edge": [[k, *_short([history.lrs[k] * s], 4)] for k, s in history.sharpness.items()],
        "steps": steps,
        "parameters": [_short(recording.parameters[k], digits) for k in steps],
        "gradients": [_short(recording.gradients[k], digits) for k in steps],
        "moves": [
            _short([history.lrs[k] * g for g in recording.gradients[k]], digits) for k in steps
        ],
        "after": {  # where the next one shown is not the next step
            i: _short(everything[k + 1], digits)
            for i, (k, following) in enumerate(zip(steps, [*steps[1:], None]))
            if following != k + 1
        },
        "fields": [field(recording.parameters[k]) for k in steps] if field else [],
    }
    measured = []
    try:
        for k in steps:
            for p, x in zip(parameters, recording.parameters[k]):
                p.data = x
            measured.append(_measured(history.model, recording))
    finally:
        for p, x in zip(parameters, final):
            p.data = x
    for i, name in enumerate(("predictions", "sampleLosses", "fits")):
        run[name] = [parts[i] for parts in measured]
    return run


def _measured(model: Any, recording: Recording) -> tuple[list[Any], list[Any], list[Any]]:
    """Return what the model, as it is now, makes of each sample: prediction, loss, and fit."""
    predictions: list[Any] = []
    losses: list[float] = []
    fits: list[bool | None] = []
    level = grid.boundary_level(recording.ys)
    for x, y in zip(recording.xs, recording.ys):
        try:
            prediction = model(x)
            losses.append(recording.loss(prediction, y).data)
        except ArithmeticError:
            predictions.append(None)
            losses.append(math.nan)
            fits.append(None)
            continue
        if isinstance(prediction, list | tuple):
            numbers: Any = [value.data for value in prediction]
            predictions.append(_short(numbers, 9))
        else:
            numbers = prediction.data
            predictions += _short([numbers], 9)
        fits.append(_fits(numbers, y, level))
    return predictions, _short(losses), fits


def _fits(prediction: Any, target: Any, level: float | None) -> bool | None:
    """Return whether the class is right; None where there are no classes."""
    if isinstance(prediction, list):
        if isinstance(target, list) and sorted(target) == [0.0] * (len(target) - 1) + [1.0]:
            return prediction.index(max(prediction)) == target.index(1.0)
        return None
    return None if level is None else (prediction > level) == (target > level)


def _field(shown: Shown) -> Callable[[Sequence[float]], str] | None:
    """Return a function from parameters to the prediction over the plane of the two inputs.

    It gives a byte for each place, 128 and up for a prediction of at least the level between the
    classes, or 0, in base 64. For a model that has no two inputs, has several outputs or can't be
    compiled, it is None.
    """
    import base64

    xs, model = shown.recording.xs, shown.history.model
    if not all(isinstance(x, list) and len(x) == 2 for x in xs):
        return None
    if not all(abs(part) < 1e100 for x in xs for part in x):  # no plane reaches further
        return None
    level = grid.boundary_level(shown.recording.ys) or 0.0
    try:
        predict = predictor(model, model.parameters(), xs[0])
    except CompileError:
        return None

    def squashed(at: Sequence[float]) -> str:
        try:
            _, _, rows = grid.field(lambda points: predict(at, points), xs, COLUMNS, ROWS)
        except (ArithmeticError, ValueError):
            rows = [[0.0] * COLUMNS] * ROWS
        return base64.b64encode(bytes(_byte(x, level) for row in rows for x in row)).decode("ascii")

    return squashed


def _byte(x: float, level: float) -> int:
    """Return a prediction of any size, in the plane's 127 shades of either sign."""
    return 128 + math.floor(127 * grid.shade(x, level)) if x == x else 128


def _chosen(n: int, frames: int) -> list[int]:
    """Return at most so many of n steps: the first and the last, and more of the early ones.

    Half of them follow each other from the start, where the most happens; the rest are spread.
    """
    if n <= frames:
        return list(range(n))
    early = frames // 2
    spread = frames - early
    rest = [early + round((n - 1 - early) * i / (spread - 1)) for i in range(spread)]
    return list(dict.fromkeys([*range(early), *rest]))


def _short(numbers: Iterable[float], digits: int = 6) -> list[float | None]:
    """Return numbers with so many digits; None for one that JSON can't hold."""
    return [float(f"{x:.{digits}g}") if math.isfinite(x) else None for x in numbers]
