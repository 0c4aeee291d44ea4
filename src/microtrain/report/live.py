"""What the page holds: data sets, the recorded runs, neurons, and the JavaScript that trains."""

import contextlib
import math
import re
from collections.abc import Iterable, Sequence
from typing import Any

from ..errors import CompileError
from ..nn.checkpoint import architecture_of
from ..nn.losses import takes
from ..nn.mlp import ACTIVATIONS, MLP
from ..nn.module import parameter_names
from ..training.compiled import CompiledEngine
from ..training.eager import set_state, state_of
from ..training.history import History, Recording
from ..training.plan import Objective
from ..training.tracing import as_floats, parts_of
from .listing import cell_of, listing_of
from .neuron import HEADINGS, MANY_INPUTS, drawings
from .program import MOST, program_of
from .sets import JOBS, MOST_NEURONS, sets_of

STARTS = 20  # that the page tries
ROWS_OF_MANY = 10  # that are drawn of a neuron with more than MANY_INPUTS
CONSTANTS = (
    f"const {STARTS = }, {MOST_NEURONS = }, {MANY_INPUTS = }, {ROWS_OF_MANY = }, {HEADINGS = };"
)
MOST_NUMBERS = 280_000  # of steps on a page that replays, about
MOST_EXACT = 2**53 - 1  # of the whole numbers of JavaScript
FEWEST = 12  # steps that it keeps of a run, or all that there are


def contents(
    runs: Sequence[tuple[History, Recording]], columns: Sequence[str], labels: Sequence[str]
) -> tuple[dict[str, Any], str]:
    """Return what the page holds, ready for JSON, and its program.

    runs: each with its recording; the page opens with the first. columns and labels: names of the
    inputs and of the classes, if they have any.
    """
    first, recording = runs[0]
    model = first.model
    made = architecture_of(model)
    own = made is None
    pairs = list(zip(recording.xs, recording.ys))
    objective = Objective(model, pairs, recording.loss, recording.reduction)
    name, sets = sets_of(objective, columns, own)
    sets[name]["labels"] = labels
    *hidden, (_, out) = zip(made["sizes"], made["activations"]) if made else [(1, None)]
    net = [{"n": n, "activation": activation} for n, activation in hidden]
    initial = list(recording.parameters[0])
    likely = [] if own else [recording.seed, *range(STARTS)]
    seed = next((seed for seed in likely if _drawn(model, seed) == initial), None)
    inputs = {len(one["xs"][0]) for one in sets.values()} | {n for n, _ in hidden}
    sizes = [] if own else sorted(inputs | {*range(1, MOST_NEURONS + 1)})  # of neurons, by inputs
    program, reason = _program(objective, own, sizes, name, sets[name]["outputs"])
    data: dict[str, Any] = {
        "live": not reason,
        "reason": reason,
        "own": own,
        "names": parameter_names(model, model.parameters()),
        "spec": {"data": name, "net": net, "out": out},
        "sets": sets,
        "run": {
            "lr": _pieces(first.lrs),
            "seed": seed if seed is None else _exact(seed),
            "shuffle": None if recording.seed == seed else _exact(recording.seed),
            "zeroGrad": recording.zero_grad,
            "steps": recording.steps,
            "target": first.target_loss,
            "batch": None if recording.batch_size == len(pairs) else recording.batch_size,
            "accumulate": recording.accumulate,
        },
    }
    if reason:
        data["recorded"] = [_replayed(*run, len(runs)) for run in runs]
    else:
        data["recorded"] = [{"losses": short(first.losses, 17), "initial": initial}]
        data["listing"] = listing_of(objective, own)
        rows = sorted({n if n <= MANY_INPUTS else ROWS_OF_MANY for n in sizes})
        data["drawings"] = None if own else drawings(rows, range(1, MOST_NEURONS + 1))
        data["cells"] = {f"{n}:{a}": cell_of(n, a) for n in sizes for a in ACTIVATIONS}
    return data, f"{CONSTANTS}\n{program}"


def _replayed(history: History, recording: Recording, runs: int) -> dict[str, Any]:
    """Return a run, one of so many, as it was recorded; of a long one not all steps' numbers."""
    model, parameters = history.model, history.model.parameters()
    size = 2 * len(parameters) + 2 * len(recording.xs)
    n = len(history.losses)
    apart = 1 + n // max(FEWEST, MOST_NUMBERS // (size * runs))
    pairs = list(zip(recording.xs, recording.ys))
    frames, final = [], state_of(parameters)
    try:
        for k in sorted({*range(0, n, apart), n - 1}):
            state = recording.parameters[k], recording.gradients[k]
            set_state(parameters, state)
            samples = [_measured(model, recording.loss, *pair) for pair in pairs]
            numbers = {"parameters": short(state[0]), "gradients": short(state[1])}
            frames.append({"step": k, **numbers, "samples": samples})
    finally:
        set_state(parameters, final)
    return {
        "lr": _pieces(history.lrs),
        "zeroGrad": recording.zero_grad,
        "losses": short(history.losses, 17),
        "gradNorms": short(history.grad_norms, 17),
        "status": history.status,
        "word": history.verdict,
        "frames": frames,
    }


def _measured(model: Any, loss: Any, x: Any, y: Any) -> list[float | None]:
    """Return what the model, as it is now, makes of a sample: its outputs, and last the loss."""
    outputs, losses = [math.nan], [math.nan]
    with contextlib.suppress(ArithmeticError):
        prediction = model(x)
        losses = [loss(prediction, y).data]
        outputs = [getattr(value, "data", value) for value in parts_of(prediction)]
    return short(outputs, 9) + short(losses)


def short(numbers: Iterable[Any], digits: int = 6) -> list[float | None]:
    """Return numbers with so many digits; None for one that JSON can't hold."""
    return [float(f"{x:.{digits}g}") if math.isfinite(x) else None for x in numbers]


def _pieces(lrs: Sequence[float]) -> list[list[float]]:
    """Return the learning rates, each with the step from which on it holds."""
    return [[k, lr] for k, lr in enumerate(lrs) if k == 0 or lr != lrs[k - 1]]


def _drawn(model: MLP, seed: int) -> list[float]:
    """Return the parameters that a model like this one begins with."""
    return [p.data for p in MLP(model.n_in, model.sizes, seed=seed).parameters()]


def _exact(seed: int) -> int | str:
    """Return a seed that draws the same numbers, as JavaScript has it: a large one as text."""
    return seed if abs(seed) <= MOST_EXACT else str(seed)


def _program(
    objective: Objective, own: bool, sizes: Sequence[int], name: str, outputs: int
) -> tuple[str, str]:
    """Return the JavaScript of the model and of neurons, and why there is none of the model."""
    loss, n = objective.loss, len(objective.parameters)
    losses: dict[str, Any] = {data: (job.loss, 1, None) for data, job in JOBS.items()}
    try:
        if own and n > MOST:
            raise CompileError(f"the page trains models of up to {MOST:,} parameters, not {n:,}")
        if own or not takes(loss):
            engine = CompiledEngine(objective, True, 1)
            if not engine.agrees(len(objective.samples)):
                raise CompileError("it is not the same computation each time")
        y = as_floats(objective.samples[0][1], loss, outputs)
        recorded = (objective.loss_of, outputs, len(y) if isinstance(y, list) else None)
        return program_of(objective, sizes, {**losses, name: recorded}), ""
    except Exception as error:  # of any kind: what the model's code may raise
        reason = str(error) or type(error).__name__
        told = re.sub(r'[,;] (or train with|use) engine="eager"$', "", reason)
        return program_of(None, sizes, losses), told
