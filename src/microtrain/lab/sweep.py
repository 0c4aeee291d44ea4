"""Every learning rate with every seed: the runs, one after the other or on many processors."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Container, Generator, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..engine.value import Value
from ..errors import any_int, as_list, describe, positive_int
from ..nn.losses import squared_error
from ..nn.module import Module
from ..nn.optim import Schedule, learning_rate
from ..training.samples import pairs_of
from ..training.train import train
from . import words
from .results import Planned, Sweep
from .runs import Run

if TYPE_CHECKING:
    from concurrent.futures import Executor

Finished = Generator[tuple[Sequence[int], list[Run]], None, None]

# Runs are sent to an executor in so many chunks at most, of so many runs at most.
CHUNKS, LARGEST = 100, 16


class SweepError(RuntimeError):
    """A run of a `sweep` failed, or the worker that it was sent to; `sweep` holds the others.

    >>> import microtrain as mt
    >>> def model(seed):
    ...     if seed == 1:
    ...         raise RuntimeError("no model today.")
    ...     return mt.MLP(3, [4, 1], seed=seed)
    >>> mt.sweep([0.1], model=model, seeds=[0, 1])  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    microtrain.lab.sweep.SweepError: a run could not be made, ...
    """

    def __init__(self, message: str, sweep: Sweep) -> None:
        super().__init__(message)
        self.sweep = sweep

    def __reduce__(self) -> tuple[type, tuple[str, Sweep]]:
        return type(self), (str(self), self.sweep)


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
        xs, ys, loss, reduction, track_sharpness, engine, record: as for `train`. Each step sees all
            the samples.
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
    rates, numbers = labelled(lrs), _seeds(seeds)
    if positive_int("steps", steps) < 2:
        raise ValueError("steps expects an int of at least 2, got 1: a verdict takes two losses")
    if target_loss is not None:
        target_loss = learning_rate("target_loss", target_loss)
    if on_run is not None and not callable(on_run):
        raise TypeError(f"on_run expects a function, got {describe(on_run)}")
    if executor is not None and not hasattr(executor, "submit"):
        raise TypeError(f"executor expects a concurrent.futures.Executor, got {describe(executor)}")
    pairs = pairs_of(xs, ys)
    if model is not None and (
        not callable(model) or (hasattr(model, "parameters") and not isinstance(model, type))
    ):
        raise TypeError(
            f"model expects a function from a seed to a new model, got {describe(model)}"
        )
    options: dict[str, Any] = {
        "xs": [x for x, _ in pairs],
        "ys": [y for _, y in pairs],
        "steps": steps,
        "target_loss": target_loss,
        "loss": loss,
        "reduction": reduction,
        "track_sharpness": track_sharpness,
        "engine": engine,
        "record": record,
    }
    plan = [(label, lr, seed) for label, lr in rates.items() for seed in numbers]
    result = Sweep(plan, steps, target_loss)
    train_one = functools.partial(_train, model=model, options=options)
    # What does not fit is to be said here and now.
    if _train(plan[0], model, {**options, "steps": 2}) is None:
        result.status = "interrupted"
        return result
    if model is not None and model(numbers[0]) is model(numbers[0]):
        raise ValueError("model expects a function to a new model, got the same model twice")

    finished = _here(plan, train_one) if executor is None else _there(plan, train_one, executor)
    try:
        while True:
            try:
                places, runs = next(finished)
            except StopIteration:
                break
            except Exception as error:
                result.status = "failed"
                raise _failed(result, error, (train_one, plan) if executor else None) from error
            result._runs.update(zip(places, runs))
            if len(runs) < len(places):
                raise KeyboardInterrupt
            if on_run is not None:
                on_run(result)
        result.status = "finished"
    except KeyboardInterrupt:
        result.status = "interrupted"
    finally:
        finished.close()
    return result


def _train(planned: Planned, model: Any, options: dict[str, Any]) -> Run | None:
    """Make one run; return None if Ctrl-C came."""
    label, lr, seed = planned
    made = None if model is None else model(seed)
    if model is not None and made is None:
        raise TypeError("model expects a function that returns a model, got None from it")
    history = train(made, lr=lr, seed=seed, **options)
    if history.status == "interrupted":
        return None
    return Run(label, lr, seed, history, options["target_loss"])


def _chunk(planned: Sequence[Planned], train_one: Callable[[Planned], Run | None]) -> list[Run]:
    """Make some runs; return fewer if Ctrl-C came."""
    runs = []
    for one in planned:
        if (run := train_one(one)) is None:
            break
        runs.append(run)
    return runs


def _here(plan: Sequence[Planned], train_one: Callable[[Planned], Run | None]) -> Finished:
    """Yield the places in the plan of runs, and the runs, made one after the other."""
    for place, planned in enumerate(plan):
        yield [place], _chunk([planned], train_one)


def _there(
    plan: Sequence[Planned], train_one: Callable[[Planned], Run | None], executor: Executor
) -> Finished:
    """Yield the places in the plan of runs, and the runs, chunk by chunk as they are finished.

    If a chunk fails, no others are started; those that are under way are still waited for.
    """
    from concurrent.futures import as_completed, wait

    size = min(LARGEST, math.ceil(len(plan) / CHUNKS))
    futures = {}
    failure = None
    try:
        for start in range(0, len(plan), size):
            places = range(start, min(start + size, len(plan)))
            planned = [plan[place] for place in places]
            futures[executor.submit(_chunk, planned, train_one)] = places
        for future in as_completed(futures):
            failure = future.exception()
            if failure is not None:
                break
            yield futures.pop(future), future.result()
        if failure is not None:
            for future in wait([future for future in futures if not future.cancel()]).done:
                if future.exception() is None:
                    yield futures[future], future.result()
            raise failure
    finally:
        for future in futures:
            future.cancel()


def _failed(result: Sweep, error: Exception, sent: Any) -> Exception:
    """Return the exception to raise where a run failed; `sent` is what went to a worker, if any."""
    if sent is not None:
        import pickle

        try:
            pickle.dumps(sent)
        except Exception as reason:
            if str(error) == str(reason) or "pickle" in str(error):  # so that is what failed
                return TypeError(
                    "model (or loss, or a schedule) can't be sent to another process; make it a "
                    f"function at the top level of a module: {reason}"
                )
    lost = [
        (label, seed)
        for place, (label, _, seed) in enumerate(result._plan)
        if place not in result._runs
    ]
    return SweepError(
        "a run could not be made, or the worker that had it died: "
        f"{type(error).__name__}: {error or 'no reason given'}\n"
        f"Missing are the runs of learning rate {words.listed(lost)}; "
        f"of {result.planned}, {len(result._runs)} have finished and are kept, in .sweep",
        result,
    )


def labelled(lrs: Any) -> dict[str, float | Schedule]:
    """Return the rates and schedules, by their labels."""
    named = isinstance(lrs, Mapping)
    listed = () if named else as_list("lrs", lrs, "a list of learning rates, or a dict")
    rates: dict[str, float | Schedule] = {}
    for key, lr in lrs.items() if named else enumerate(listed):
        rate = _rate(f"lrs[{key!r}]", lr)
        label = str(key) if named else _label(rate, key)
        if label in rates:
            raise ValueError(f"lrs expects different rates, got {label} twice")
        rates[label] = rate
    if not rates:
        raise ValueError("lrs expects at least one learning rate, got none")
    return rates


def _rate(name: str, lr: float | Schedule) -> float | Schedule:
    return lr if callable(lr) else learning_rate(name, lr)


def rate_label(lr: float) -> str:
    """Return a learning rate as text, in no more digits than it has."""
    return short if float(short := f"{lr:g}") == lr else repr(lr)


def _label(lr: float | Schedule, place: int) -> str:
    """Return a label that no other rate has; schedules that have no name are numbered."""
    if not callable(lr):
        return rate_label(lr)
    named: str = getattr(lr, "__name__", repr(lr))
    return f"schedule {place}" if "<" in named else named  # a lambda, or an object without a name


def _seeds(seeds: Any) -> list[int]:
    listed = as_list("seeds", seeds, "a list of ints, such as range(20)")
    numbers = [any_int(f"seeds[{i}]", seed) for i, seed in enumerate(listed)]
    if not numbers:
        raise ValueError("seeds expects at least one int, got none")
    if len(set(numbers)) < len(numbers):
        raise ValueError("seeds expects different ints, got one of them twice")
    return numbers
