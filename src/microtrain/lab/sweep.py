"""`sweep` and `phase_diagram`: every learning rate with every seed, or from every start."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from ..engine.number import positive
from ..engine.value import Value
from ..errors import CompileError, any_int, as_list, expect, positive_int, true_or_false
from ..nn.datasets import pairs_of
from ..nn.losses import squared_error
from ..nn.module import Module
from ..nn.optim import Schedule
from ..training.curvature import sharpness_at
from ..training.eager import set_state, state_of
from ..training.plan import Plan
from ..training.train import engine_for, run, train
from .diagram import PhaseDiagram
from .executors import here, there
from .results import Sweep
from .runs import Job, Run, comparable

if TYPE_CHECKING:
    from concurrent.futures import Executor

# Eight to a decade, of a phase diagram.
RATES = tuple(10 ** (k / 8) for k in range(-24, 9))
SCALES = tuple(10 ** (k / 8) for k in range(-8, 9))

NUMBERS, INTS = "numbers above 0", "ints, such as range(20)"

AnyJob = TypeVar("AnyJob", bound=Job)


def sweep(
    lrs: Iterable[float | Schedule] | Mapping[str, float | Schedule] = (0.001, 0.01, 0.1, 1.0),
    *,
    seeds: Iterable[int] = (0,),
    steps: int = 100,
    target_loss: float | None = 0.01,
    model: Callable[[int], Module] | None = None,
    xs: Any = None,
    ys: Any = None,
    loss: Callable[[Any, Any], Value] = squared_error,
    reduction: str = "sum",
    batch_size: int | None = None,
    track_sharpness: int | Container[int] | None = None,
    engine: str = "auto",
    record: bool = False,
    executor: Executor | None = None,
    on_run: Callable[[Sweep], object] | None = None,
) -> Sweep:
    """Train a new model with each learning rate and each seed, and return the `Sweep` of it.

    Args:
        lrs: learning rates, or schedules, or some of each; or a dict from a label to each.
        seeds: each decides the initial parameters of one run at every rate.
        steps: how many updates each run makes at most; at least 2.
        target_loss: a run ends, converged, as soon as its loss is below this, a number above 0;
            None lets all go on to the end.
        model: a function from a seed to a new model; by default that of `train`. It is called a few
            times more than there are runs. For an `executor` of processes it has to be picklable: a
            function at the top level of a module, or a `functools.partial` of one.
        xs, ys, loss, reduction, batch_size, track_sharpness, engine, record: as for `train`.
        executor: what to run the runs on: any `concurrent.futures.Executor`, such as a
            ``ProcessPoolExecutor``, that of Dask (``client.get_executor()``), or that of mpi4py.
            They are sent in chunks, and the results are the same, to the bit and in the same order,
            whichever executor runs them. Without one they run here, one after the other.
        on_run: called with the sweep as far as it is, whenever runs have finished.

    After Ctrl-C, what has not started is cancelled, and the sweep of the finished runs returned
    ("interrupted"). Where a run fails, a worker process that dies included, it is a `SweepError`,
    which says which runs are missing and keeps those that finished.

    Raises `ValueError` or `TypeError` for arguments that do not fit, before anything is trained.

    >>> found = sweep([0.01, 0.1], seeds=range(3))
    >>> found
    Sweep(6 runs of 2 rates, best 0.1)
    >>> found.runs[0].verdict, found.runs[0].reason
    ('descending', 'the loss fell to 0.0496; at this pace the target is some 150 steps away')
    """
    options = _checked(**locals())
    rates, numbers = labelled(lrs), _distinct("seeds", seeds, any_int, INTS)
    plan = [(label, lr, seed) for label, lr in rates.items() for seed in numbers]
    job = Sweep(plan, options["steps"], options["target_loss"])
    return _performed(job, functools.partial(_make_run, options=options), executor, on_run)


def phase_diagram(
    lrs: Iterable[float] = RATES,
    scales: Iterable[float] | None = SCALES,
    *,
    seeds: Iterable[int] = (0,),
    steps: int = 100,
    target_loss: float | None = 0.01,
    model: Callable[[int], Module] | None = None,
    xs: Any = None,
    ys: Any = None,
    loss: Callable[[Any, Any], Value] = squared_error,
    reduction: str = "sum",
    sharpness: bool = True,
    engine: str = "auto",
    executor: Executor | None = None,
    on_run: Callable[[PhaseDiagram], object] | None = None,
) -> PhaseDiagram:
    """Train from each start with each learning rate, and return the `PhaseDiagram` of it.

    Args:
        lrs: learning rates, in any order; the diagram has them ascending.
        scales: factors of all initial parameters; 1 leaves them as they are. Or None: then a row of
            the diagram is one seed, and the starts are not scaled.
        seeds: each decides the initial parameters of one run at every rate and scale.
        sharpness: whether to take the `sharpness` of each start, for the line in the picture.
        steps, target_loss, model, xs, ys, loss, reduction, engine, executor: as for `sweep`.
        on_run: likewise, called whenever all runs from a start have finished.

    A run is that of `train` from such a start, to the bit; of its history only the outcome is kept.
    A model is made, and compiled, once for all rates. Ctrl-C and failures are as for `sweep`.

    >>> import microtrain as mt
    >>> found = mt.phase_diagram([0.01, 0.1, 1.0, 10.0], [0.1, 1.0, 10.0], seeds=range(5))
    >>> found
    PhaseDiagram(60 runs of 4 rates and 3 scales)
    >>> print(found.chart(width=40, height=6))
    scale of the initial parameters over learning rate
     10 |================
        |================
      1 |----###|========
        |----###|========
    0.1 |....###|========
        |....###|========
           0.01    1   10
         # converged   - descending   . crawling   = saturated
         | 2 / sharpness of the start
    """
    options = _checked(**locals())
    rates = sorted(_distinct("lrs", lrs))
    factors = None if scales is None else sorted(_distinct("scales", scales))
    numbers = _distinct("seeds", seeds, any_int, INTS)
    true_or_false("sharpness", sharpness)
    job = PhaseDiagram(rates, factors, numbers, options["steps"], options["target_loss"])
    make = functools.partial(_make_runs, lrs=rates, sharpness=sharpness, options=options)
    return _performed(job, make, executor, on_run)


def _checked(executor: Any, on_run: Any, model: Any, **given: Any) -> dict[str, Any]:
    """Return the arguments of `train` that all runs share, after the checks that need no run."""
    if positive_int("steps", given["steps"]) < 2:
        raise ValueError("steps expects an int of at least 2, got 1: a verdict takes two losses")
    if given["target_loss"] is not None:
        given["target_loss"] = positive("target_loss", given["target_loss"])
    expect(on_run is None or callable(on_run), "on_run", "a function", on_run)
    fits = executor is None or hasattr(executor, "submit")
    expect(fits, "executor", "a concurrent.futures.Executor", executor)
    pairs, is_class = pairs_of(given["xs"], given["ys"]), isinstance(model, type)
    fits = callable(model) and (is_class or not hasattr(model, "parameters"))
    expect(model is None or fits, "model", "a function from a seed to a new model", model)
    defaults: dict[str, Any] = train.__kwdefaults__ or {}
    options = {name: given.get(name, default) for name, default in defaults.items()}
    return {**options, "model": model, "xs": [x for x, _ in pairs], "ys": [y for _, y in pairs]}


def _performed(job: AnyJob, make: functools.partial[Any], executor: Any, on_run: Any) -> AnyJob:
    """Return the job after all that is planned was made, up to Ctrl-C.

    Before it, one run makes two steps. What does not fit is said there and then, once for all runs.
    A model of one's own is made three times more, to see whether they are different ones.
    """
    options, first = make.keywords["options"], job.plan[0]
    model, seed = options["model"], first[-1]
    tell = on_run or (lambda job: None)
    try:
        _plan(options, seed, 1.0).objective.warn(stacklevel=4)
        models = [] if model is None else [model(seed) for _ in range(3)]
        owned = [place for made in models for place in {*map(id, made.parameters())}]
        if len({*owned}) < len(owned):
            what = "a function to a new model, got two that share parameters"
            raise ValueError(f"model expects {what}")
        make(first, options={**options, "steps": 2})
        making = here(job, make) if executor is None else there(job, make, executor)
        with contextlib.closing(making):  # an error of on_run cancels what has not started
            for _ in making:
                tell(job)
        job.status = "finished"
    except KeyboardInterrupt:
        job.status = "interrupted"
    except BaseException:
        job.status = "failed"
        raise
    return job


def _plan(options: dict[str, Any], seed: int, lr: float | Schedule) -> Plan:
    """Return the plan of a run of a new model."""
    make = options["model"]
    model = None if make is None else make(seed)
    if make is not None and model is None:
        raise TypeError("model expects a function that returns a model, got None from it")
    return Plan(**{**options, "model": model, "seed": seed, "lr": lr})


def _run(label: str, plan: Plan, scale: float = 1.0, chosen: Any = None) -> Run:
    """Make a run. Raises `KeyboardInterrupt` if Ctrl-C ended it."""
    history = run(plan, chosen)
    if history.status == "interrupted":
        raise KeyboardInterrupt
    return Run(label, plan.lr, plan.seed, history, scale)


def _make_run(planned: Any, options: dict[str, Any]) -> list[Run]:
    label, lr, seed = planned
    return [_run(label, _plan(options, seed, lr))]


def _make_runs(
    planned: tuple[float, int], lrs: Sequence[float], sharpness: bool, options: dict[str, Any]
) -> list[Run]:
    """Make the runs from a start: one model and one engine, put back to the start for each rate."""
    scale, seed = planned
    plan = _plan(options, seed, lrs[0])
    parameters = plan.objective.parameters
    for p in parameters:
        p.data *= scale
    start, measured = state_of(parameters), None
    if sharpness:
        with contextlib.suppress(ArithmeticError, CompileError):
            measured = comparable(sharpness_at(plan.objective, start[0]))
    chosen, runs = engine_for(plan, len(lrs)), []
    for lr in lrs:
        plan.lr = lr
        set_state(parameters, start)
        runs.append(_run(f"{lr:g}", plan, scale, chosen))
        runs[-1].sharpness = runs[-1].peak = measured
        runs[-1].history = None
    return runs


def labelled(lrs: Any) -> dict[str, float | Schedule]:
    """Return the rates and schedules, by their labels."""
    named = isinstance(lrs, Mapping)
    what = "a list of learning rates, or a dict"
    rates: dict[str, float | Schedule] = {}
    for key, lr in lrs.items() if named else enumerate(as_list("lrs", lrs, what)):
        rate: Any = lr if callable(lr) else positive(f"lrs[{key!r}]", lr)
        label = str(key) if named else _label(rate, key)
        if label in rates:
            raise ValueError(f"lrs expects different rates, got {label} twice")
        rates[label] = rate
    if not rates:
        raise ValueError("lrs expects at least one learning rate, got none")
    return rates


def _label(lr: float | Schedule, place: int) -> str:
    """Return a label that no other rate has, and no more digits than needed for that."""
    if callable(lr):
        named: str = getattr(lr, "__name__", repr(lr))  # "<" is in that of a lambda, and of objects
        return f"schedule {place}" if "<" in named else named
    return short if float(short := f"{lr:g}") == lr else repr(lr)


def _distinct(name: str, given: Any, read: Any = positive, what: str = NUMBERS) -> list[Any]:
    """Return what `read` makes of the items of a list; they must be some, and different."""
    listed = as_list(name, given, f"a list of {what}")
    found = [read(f"{name}[{i}]", x) for i, x in enumerate(listed)]
    if not found:
        raise ValueError(f"{name} expects at least one, got none")
    if len(set(found)) < len(found):
        raise ValueError(f"{name} expects different {what}, got one of them twice")
    return found
