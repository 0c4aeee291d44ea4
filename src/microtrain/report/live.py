"""What the page holds: data sets, the recorded runs, and the JavaScript that trains more."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from ..draw import neuron, plot
from ..engine.value import Value
from ..errors import CompileError
from ..nn import datasets
from ..nn.losses import is_known, known
from ..nn.mlp import ACTIVATIONS, MLP
from ..nn.module import parameter_names
from ..training.compiled import CompiledEngine
from ..training.history import Recording
from ..training.objective import Objective
from ..training.tracing import as_floats, parts_of
from .frames import frames_of
from .listing import cell_of, listing_of
from .program import MOST, program_of
from .sets import JOBS
from .shown import Shown

NEURONS = 8  # in a layer that is put together in the page, at most
SEEDS = 20  # of starts that the page tries
LONGEST = 10  # rows of a drawing, where there are more than 16 inputs
FRESH = 1  # the seed of new points of the moons
RATES = (0.0001, 10.0)  # the ends of the scale of learning rates, for data of one's own


def contents(
    shown: Sequence[Shown], title: str, columns: Sequence[str] = (), labels: Sequence[str] = ()
) -> tuple[dict[str, Any], str]:
    """Return what the page holds, ready for JSON, and its program.

    shown: the runs, of which the page opens with the first; columns and labels: names of the inputs
    and of the classes, if they have any.
    """
    first, recording, model = shown[0].history, shown[0].recording, shown[0].history.model
    own = type(model) is not MLP
    pairs = list(zip(recording.xs, recording.ys))
    objective = Objective(model, pairs, recording.loss, recording.reduction)
    name, sets = _sets(objective, recording, own, columns)
    initial = list(recording.parameters[0])
    lrs = _pieces(first.lrs)
    sets[name]["labels"] = list(labels)
    sets[name] |= {"lr": lrs[0][1], "steps": recording.steps, "target": first.target_loss}
    spec: dict[str, Any] = {"data": name}
    seed = None if own else _seed(model, initial, recording.seed)
    if not own:
        layers = [(len(layer.neurons), layer.neurons[0].activation) for layer in model.layers]
        spec["net"] = [{"n": n, "activation": activation} for n, activation in layers[:-1]]
        spec["out"] = layers[-1][1]
        sets[name] |= {"net": spec["net"], "out": spec["out"]}
    program, reason = _program(objective, own, sets, sets[name]["outputs"])
    data: dict[str, Any] = {
        "title": title,
        "live": not reason,
        "reason": reason,
        "own": own,
        "names": parameter_names(model, model.parameters()),
        "spec": spec,
        "sets": sets,
        "run": {
            "lr": lrs,
            "seed": seed,
            "shuffle": None if recording.seed == seed else recording.seed,
            "zeroGrad": recording.zero_grad,
            "steps": recording.steps,
            "target": first.target_loss,
            "mean": recording.reduction == "mean",
            "batch": None if recording.batch_size == len(pairs) else recording.batch_size,
            "accumulate": recording.accumulate,
        },
        "recorded": [_recorded(run) for run in shown],
    }
    data["recorded"][0]["initial"] = initial
    if reason:
        for run, one in zip(shown, data["recorded"]):
            one |= frames_of(run.history, run.recording, len(shown))
    else:
        data["listing"] = listing_of(objective)
        data["drawings"] = {} if own else _drawings(_sizes(own, sets))
        data["cells"] = {f"{n}:{a}": cell_of(n, a) for n in _sizes(own, sets) for a in ACTIVATIONS}
    return data, program


def _recorded(run: Shown) -> dict[str, Any]:
    """Return a run as it was recorded."""
    history = run.history
    return {
        "label": run.label,
        "lr": _pieces(history.lrs),
        "zeroGrad": run.recording.zero_grad,
        "losses": _finite(history.losses),
        "gradNorms": _finite(history.grad_norms),
        "status": history.status,
        "word": history.verdict,
        "reason": history.reason,
    }


def _finite(numbers: Iterable[float]) -> list[float | None]:
    """Return the numbers, None for one that JSON can't hold."""
    return [x if math.isfinite(x) else None for x in numbers]


def _pieces(lrs: Sequence[float]) -> list[list[float]]:
    """Return the learning rates as steps from which each holds."""
    pieces: list[list[float]] = []
    for k, lr in enumerate(lrs):
        if not pieces or pieces[-1][1] != lr:
            pieces.append([k, lr])
    return pieces


def _seed(model: MLP, initial: Sequence[float], likely: int) -> int | None:
    """Return the seed that draws these initial parameters, if it is one of the first."""
    activations = [layer.neurons[0].activation for layer in model.layers]
    seeds: list[int] = [likely, *range(SEEDS)]
    for seed in seeds:
        twin = MLP(model.n_in, model.sizes, activations[0], activations[-1], seed)
        if [p.data for p in twin.parameters()] == initial:
            return seed
    return None


def _program(
    objective: Objective, own: bool, sets: dict[str, Any], outputs: int
) -> tuple[str, str]:
    """Return the JavaScript of the model and of neurons, and why there is none of the model."""
    losses: list[Any] = [(_name(job.loss), job.loss, 1, None) for job in JOBS.values()]
    sizes = _sizes(own, sets)
    try:
        if own and len(objective.parameters) > MOST:
            n = len(objective.parameters)
            raise CompileError(f"the page trains models of up to {MOST:,} parameters, not {n:,}")
        if own or not is_known(objective.loss):
            engine = CompiledEngine(objective, True, 1)
            if not engine.agrees(len(objective.samples)):
                raise CompileError("it is not the same computation each time")
        y = as_floats(objective.samples[0][1], objective.loss, outputs)
        length = len(y) if isinstance(y, list) else None
        recorded = ("recorded", objective.loss_of, outputs, length)
        return program_of(objective, sizes, [*losses, recorded]), ""
    except Exception as error:  # of any kind: what the model's code may raise
        reason = str(error) or type(error).__name__
        told = re.sub(r'[,;] (or train with|use) engine="eager"$', "", reason)
        return program_of(None, sizes, losses), told


def _sizes(own: bool, sets: dict[str, Any]) -> list[int]:
    """Return the numbers of inputs that the neurons of the page's networks have."""
    if own:
        return []
    found = {n for one in sets.values() for n in (one["inputs"], *(x["n"] for x in one["net"]))}
    return sorted(found | {*range(1, NEURONS + 1)})


def _drawings(sizes: Sequence[int]) -> dict[str, Any]:
    """Return the parts of which the page puts together the drawing of a neuron."""
    few = [n for n in sizes if n <= 16]
    many = [LONGEST] if few != [*sizes] else []
    return {
        name: {
            "head": neuron.HEAD,
            "width": neuron.PHONE_WIDTH if tall else neuron.WIDTH,
            "rows": {n: _quoted(neuron.rows(n, tall)) for n in {*few, *many}},
            "users": {n: _quoted(neuron.users(n, tall)) for n in few},
            "activated": {
                activation: _quoted(neuron.activated(activation, _plain(activation), tall))
                for activation in ACTIVATIONS
            },
        }
        for name, tall in (("wide", False), ("tall", True))
    }


def _quoted(part: neuron.Part) -> dict[str, Any]:
    """Return a part of a drawing, in quotes that JSON leaves as they are."""
    return {
        "svg": part.svg.replace('"', "'"),
        "head": part.head.replace('"', "'"),
        "height": part.height,
    }


def _plain(activation: str) -> Callable[[float], float]:
    """Return an activation as a function of floats."""
    return lambda z: ACTIVATIONS[activation](Value(z)).data


def _outputs(objective: Objective) -> int:
    """Return the number of the model's outputs."""
    try:
        return len(parts_of(objective.model(objective.samples[0][0])))
    except ArithmeticError:  # as it is, at the end of a run
        return 1


def _sets(
    objective: Objective, recording: Recording, own: bool, columns: Sequence[str]
) -> tuple[str, dict[str, Any]]:
    """Return the name of the recorded data, and all data sets of the page."""
    usual: dict[str, Any] = {}
    for name, job in JOBS.items():
        xs, ys = job.data()
        hidden, out = job.activations
        plain = _set(xs, ys, job.loss, job.reduction, 1, ())
        usual[name] = plain | {
            "key": _name(job.loss),
            "net": [{"n": min(n, NEURONS), "activation": hidden} for n in job.hidden],
            "out": out,
            "lr": job.lr,
            "steps": 100,
            "target": 0.01,
            "rates": job.rates,
        }
    xs, ys = datasets.moons(seed=FRESH)
    usual["moons"]["fresh"] = {"xs": xs, "ys": [[y] for y in ys]}
    outputs = _outputs(objective)
    found = _set(recording.xs, recording.ys, recording.loss, recording.reduction, outputs, columns)
    same = ("xs", "ys", "loss", "mean")
    for name, one in usual.items():
        if is_known(recording.loss) and all(found[x] == one[x] for x in same):
            return name, {name: one, **usual}
    found |= {"key": "recorded", "rates": RATES, "net": [], "out": None}
    return "recorded", {"recorded": found} if own else {"recorded": found, **usual}


def _set(
    xs: Sequence[Any],
    ys: Sequence[Any],
    loss: Any,
    reduction: str,
    outputs: int,
    columns: Sequence[str],
) -> dict[str, Any]:
    """Return a data set as the page holds it."""
    rows = [parts_of(x) for x in xs]
    targets = [_target(y, loss, outputs) for y in ys]
    level = plot.boundary_level([y[0] for y in targets]) if outputs == 1 else None
    hot = outputs > 1 and all(sorted(y) == [0.0] * (outputs - 1) + [1.0] for y in targets)
    inputs = len(rows[0])
    return {
        "xs": rows,
        "ys": targets,
        "inputs": inputs,
        "outputs": outputs,
        "columns": list(columns) or [f"x{k}" for k in range(inputs)],
        "loss": _loss(loss),
        "mean": reduction == "mean",
        "level": level,
        "classes": outputs if hot else 0,
        "fresh": None,
        "labels": [],
        "plane": _plane(rows) if inputs <= 2 else None,
    }


def _loss(loss: Any) -> dict[str, Any]:
    """Return what the page knows of a loss: of one that is not the library's, its name alone."""
    one, told = known(loss), ("takes", "formula", "why", "slope", "many", "kinks")
    return {"name": _name(loss), **{x: getattr(one, x, None) for x in told}}


def _name(loss: Any) -> str:
    name = getattr(loss, "__name__", "<lambda>").replace("_", " ")
    return "loss" if "<" in name else name


def _target(y: Any, loss: Any, outputs: int) -> list[Any]:
    """Return a target as a list of numbers, of None alone if it has none."""
    try:
        return [*map(float, parts_of(as_floats(y, loss, outputs)))]
    except CompileError:
        return [None]


def _plane(rows: Sequence[Sequence[float]]) -> list[Any] | None:
    """Return the part of the plane, or of the line, that shows the samples, with a margin."""
    ends = []
    for column in zip(*rows):
        low, high = min(column), max(column)
        margin = plot.MARGIN * ((high - low) or 1.0)
        ends.append([low - margin, high + margin])
    reached = all(abs(x) < 1e100 for x in itertools.chain(*ends))  # no plane reaches further
    return [*ends, None][:2] if reached else None
