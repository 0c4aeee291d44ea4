"""`sweep`: every learning rate with every seed."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Container, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from ..engine.value import Value
from ..errors import any_int, as_list, expect, positive_int
from ..nn.losses import squared_error
from ..nn.module import Module
from ..nn.optim import Schedule, learning_rate
from ..training.history import History
from ..training.objective import pairs_of
from ..training.plan import Plan
from ..training.train import plan_for, run, warn
from .executors import Job, here, there
from .results import Planned, Sweep
from .runs import Run

if TYPE_CHECKING:
    from concurrent.futures import Executor

OWN = ("lrs", "scales", "seeds", "sharpness", "executor", "on_run")  # no arguments of `train`


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
    given = locals()
    rates, numbers = labelled(lrs), distinct_seeds(seeds)
    options = checked(**given)
    plan = [(label, lr, seed) for label, lr in rates.items() for seed in numbers]
    result = Sweep(plan, options["steps"], options["target_loss"])
    perform(result, functools.partial(_make_run, options=options), executor, on_run)
    return result


def checked(executor: Any, on_run: Any, model: Any, **given: Any) -> dict[str, Any]:
    """Return the options of all runs, checked as far as none of them is needed for it."""
    if positive_int("steps", given["steps"]) < 2:
        raise ValueError("steps expects an int of at least 2, got 1: a verdict takes two losses")
    if given["target_loss"] is not None:
        given["target_loss"] = learning_rate("target_loss", given["target_loss"])
    expect(on_run is None or callable(on_run), "on_run", "a function", on_run)
    fits = executor is None or hasattr(executor, "submit")
    expect(fits, "executor", "a concurrent.futures.Executor", executor)
    pairs, is_class = pairs_of(given["xs"], given["ys"]), isinstance(model, type)
    fits = callable(model) and (is_class or not hasattr(model, "parameters"))
    expect(model is None or fits, "model", "a function from a seed to a new model", model)
    samples = {"xs": [x for x, _ in pairs], "ys": [y for _, y in pairs]}
    options = {name: x for name, x in given.items() if name not in OWN}
    return {**options, **samples, "model": model}


def perform(
    job: Job[Any, Any], make: functools.partial[Any], executor: Executor | None, on_run: Any
) -> None:
    """Make all that is planned, or what there is by Ctrl-C; first, to see what fits, one run."""
    try:
        _try(make, job.plan[0])
        made = here(job, make) if executor is None else there(job, make, executor)
        with contextlib.closing(made):
            for _ in made:
                if on_run is not None:
                    on_run(job)
        job.status = "finished"
    except KeyboardInterrupt:
        job.status = "interrupted"
    except BaseException:
        job.status = "failed"
        raise


def _try(make: functools.partial[Any], first: Any) -> None:
    """Make the first run in two steps. What does not fit is said here and now, once for all runs.

    A model of one's own is made three times more, to see whether they are different ones.
    """
    options = make.keywords["options"]
    model, seed = options["model"], first[-1]
    warn(new_plan(options, seed, 1.0), stacklevel=5)
    models = [] if model is None else [model(seed) for _ in range(3)]
    owned: set[int] = set()
    for parameters in [{*map(id, made.parameters())} for made in models]:
        if parameters & owned:
            raise ValueError(
                "model expects a function to a new model, got two that share parameters"
            )
        owned |= parameters
    make(first, options={**options, "steps": 2})


def new_plan(options: dict[str, Any], seed: int, lr: float | Schedule) -> Plan:
    """Return the plan of a run of a new model."""
    others = {**options, "seed": seed, "lr": lr}
    model = others.pop("model")
    made = None if model is None else model(seed)
    if model is not None and made is None:
        raise TypeError("model expects a function that returns a model, got None from it")
    return plan_for(made, **others)


def finished(history: History) -> History:
    """Return the history of a run. Raises `KeyboardInterrupt` if Ctrl-C ended it."""
    if history.status == "interrupted":
        raise KeyboardInterrupt
    return history


def _make_run(planned: Planned, options: dict[str, Any]) -> Run:
    label, lr, seed = planned
    return Run(label, lr, seed, finished(run(new_plan(options, seed, lr))))


def labelled(lrs: Any) -> dict[str, float | Schedule]:
    """Return the rates and schedules, by their labels."""
    named = isinstance(lrs, Mapping)
    what = "a list of learning rates, or a dict"
    rates: dict[str, float | Schedule] = {}
    for key, lr in lrs.items() if named else enumerate(as_list("lrs", lrs, what)):
        rate: Any = lr if callable(lr) else learning_rate(f"lrs[{key!r}]", lr)
        label = str(key) if named else _label(rate, key)
        if label in rates:
            raise ValueError(f"lrs expects different rates, got {label} twice")
        rates[label] = rate
    if not rates:
        raise ValueError("lrs expects at least one learning rate, got none")
    return rates


def rate_label(lr: float) -> str:
    """Return a learning rate as text, in no more digits than it has."""
    return short if float(short := f"{lr:g}") == lr else repr(lr)


def _label(lr: float | Schedule, place: int) -> str:
    """Return a label that no other rate has; schedules that have no name are numbered."""
    if not callable(lr):
        return rate_label(lr)
    named: str = getattr(lr, "__name__", repr(lr))
    return f"schedule {place}" if "<" in named else named  # a lambda, or an object without a name


def distinct_seeds(seeds: Any) -> list[int]:
    return distinct("seeds", seeds, any_int, "int", "ints, such as range(20)")


def distinct(
    name: str,
    given: Any,
    read: Callable[..., Any] = learning_rate,
    one: str = "number",
    several: str = "numbers above 0",
) -> list[Any]:
    """Return the items of a list, read. Raises `ValueError` for none, or equal ones."""
    listed = as_list(name, given, f"a list of {several}")
    found = [read(f"{name}[{i}]", x) for i, x in enumerate(listed)]
    if not found:
        raise ValueError(f"{name} expects at least one {one}, got none")
    if len(set(found)) < len(found):
        raise ValueError(f"{name} expects different {one}s, got one of them twice")
    return found
