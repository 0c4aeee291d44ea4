"""Every learning rate with every seed: the runs, one after the other or on many processors."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable, Mapping

from .. import datasets
from ..draw import chart, plot
from ..draw.tables import html_table, write_csv
from ..errors import SweepError, any_int, describe, positive_int
from ..losses import squared_error
from ..optim import learning_rate
from ..samples import pairs_of
from ..training.train import train
from . import words
from .verdict import verdict

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Container, Generator, Sequence
    from concurrent.futures import Executor
    from typing import Any, Literal, TextIO

    from ..nn import Module
    from ..optim import Schedule
    from ..training.history import History
    from ..value import Value

    Status = Literal["running", "finished", "interrupted", "failed"]
    Planned = tuple[str, float | Schedule, int]
    Finished = Generator[tuple[Sequence[int], list["Run"]], None, None]

# Runs are sent to an executor in so many chunks at most, of so many runs at most.
CHUNKS, LARGEST = 100, 16


class Run:
    """One run of a sweep.

    Attributes: `label` and `lr`, its learning rate or schedule; `seed`; `history`, its `History`;
    `verdict`, what became of it, in a word, and `reason`, in a sentence (see
    `microtrain.lab.verdict.verdict`).
    """

    def __init__(
        self, label: str, lr: float | Schedule, seed: int, history: History, target: float | None
    ) -> None:
        self.label = label
        self.lr = lr
        self.seed = seed
        self.history = history
        self.verdict, self.reason = verdict(history, target)

    def __repr__(self) -> str:
        return f"Run({self.label}, seed {self.seed}, {self.verdict}: {self.reason})"


class Rate:
    """All the runs of one learning rate, and what they have in common.

    Attributes: `label`, `lr`; `runs`, by seed; `verdicts`, how many runs there are of each verdict,
    most frequent first; `converged`, the share of the runs that did, from 0 to 1; `steps`, the
    lower quartile, median and upper quartile of the steps that those needed, or None; `loss`, the
    median of all runs' last losses (infinite where half are not finite); `sharpness` and `peak`,
    the median sharpness at the start and the median of the runs' highest of those measured, or
    None if it was not tracked or is not finite.
    """

    def __init__(self, label: str, lr: float | Schedule, runs: Sequence[Run]) -> None:
        self.label = label
        self.lr = lr
        self.runs = list(runs)
        counts: dict[str, int] = {}
        for run in self.runs:
            counts[run.verdict] = counts.get(run.verdict, 0) + 1
        self.verdicts = dict(sorted(counts.items(), key=lambda item: -item[1]))
        self.converged = counts.get("converged", 0) / len(self.runs)
        steps = [run.history.steps for run in self.runs if run.verdict == "converged"]
        self.steps = _quartiles(steps) if steps else None
        self.loss = _quartiles([_finite(run.history.final_loss) for run in self.runs])[1]
        tracked = [run.history.sharpness for run in self.runs if run.history.sharpness]
        first = [_finite(next(iter(values.values()))) for values in tracked]
        highest = [max(map(_finite, values.values())) for values in tracked]
        self.sharpness = _median_if_finite(first)
        self.peak = _median_if_finite(highest)

    def __repr__(self) -> str:
        return f"Rate({self.label}, {self.converged:.0%} of {len(self.runs)} runs converged)"


class Sweep:
    """What became of every learning rate with every seed, made by `sweep`.

    Attributes: `runs`, the finished runs, rate by rate and seed by seed; `planned`, how many there
    are to be; `rates`, a `Rate` for each learning rate; `steps`, `target_loss`; `status`,
    "finished", "interrupted" (by Ctrl-C), "failed" or, until the end, "running".

    >>> found = sweep([0.01, 0.1], seeds=range(20), steps=200)
    >>> print(found.table())
    rate  verdicts                    steps needed  last loss
    0.01  19 descending, 1 converged  145              0.0175
     0.1  20 converged                30 (25-33)      0.00986
    >>> found.best
    Rate(0.1, 100% of 20 runs converged)
    """

    def __init__(
        self,
        plan: Sequence[Planned],
        steps: int,
        target_loss: float | None,
    ) -> None:
        self._plan = plan
        self._runs: dict[int, Run] = {}
        self._rates: list[Rate] = []
        self.steps = steps
        self.target_loss = target_loss
        self.status: Status = "running"

    @property
    def planned(self) -> int:
        return len(self._plan)

    @property
    def runs(self) -> list[Run]:
        return [self._runs[place] for place in sorted(self._runs)]

    @property
    def rates(self) -> list[Rate]:
        if sum(len(rate.runs) for rate in self._rates) != len(self._runs):
            groups: dict[str, list[Run]] = {}
            for run in self.runs:
                groups.setdefault(run.label, []).append(run)
            self._rates = [Rate(label, runs[0].lr, runs) for label, runs in groups.items()]
        return self._rates

    @property
    def best(self) -> Rate:
        """The rate to take: the one with the most runs converged.

        Among equals, it is the one whose median run needs the fewest steps; if no run converged
        anywhere, the one with the lowest median of last losses. Of what is still equal, the first.
        Raises `ValueError` if there are no runs.
        """
        rates = self.rates
        if not rates:
            raise ValueError("the sweep has no runs yet")
        return min(rates, key=lambda r: (-r.converged, r.steps[1] if r.steps else 0.0, r.loss))

    def table(self) -> str:
        """Return a line of text for each rate.

        It shows how many runs there are of each verdict; the median and the quartiles of the steps
        that those needed that converged; the median of the last losses; and, if it was tracked,
        the median sharpness at the start, that of its peaks, and the rate that such a peak would
        allow on a quadratic, 2/peak.
        """
        return words.table(self.rates)

    def explain(self) -> str:
        """Return in words what was seen, and which rate to take."""
        return words.explain(self.rates, self.best, self.steps, self.target_loss)

    def chart(
        self,
        width: int = 72,
        height: int = 16,
        *,
        log: bool | None = None,
        ascii: bool = False,
        colour: bool = False,
    ) -> str:
        """Return the descent curves of all rates as text: the median loss at each step.

        A run that has converged counts with its last loss, one that has diverged as infinite. A
        curve ends where the median run does. The rest is as for `History.chart`; `colour` adds
        ANSI colours.
        """
        return chart.line_chart(
            {rate.label: _curves(rate)[1] for rate in self.rates},
            title="loss" if len(self.runs) == len(self.rates) else "loss (median of the seeds)",
            x_label="step",
            width=width,
            height=height,
            log=log,
            ascii=ascii,
            colour=colour,
        )

    def plot(self, ax: Any = None) -> Any:
        """Draw the median loss at each step and, shaded, the quartiles, for each rate.

        It draws on the axes given or on new ones, and returns matplotlib's axes. Needs matplotlib
        (`pip install 'microtrain[plot]'`), else `ImportError`.
        """
        curves = {rate.label: _curves(rate) for rate in self.rates}
        return plot.descent(
            {label: median for label, (_, median, _) in curves.items()},
            ax,
            title="" if len(self.runs) == len(curves) else "median and quartiles of the seeds",
            bands={label: (low, high) for label, (low, _, high) in curves.items()},
            target=self.target_loss,
        )

    def _repr_html_(self) -> str:
        header, *rows = words.rows(self.rates)
        picture = plot.inline(self.plot, self.chart) if rows else ""
        return html_table(repr(self), rows, header=header, below=picture)

    def to_dict(self) -> dict[str, Any]:
        """Return everything but the models as plain numbers, texts, lists and dicts."""
        best = self.best if self._runs else None
        return {
            "status": self.status,
            "steps": self.steps,
            "target_loss": self.target_loss,
            "best": best and best.label,
            "rates": [
                {
                    "lr": rate.label,
                    "runs": len(rate.runs),
                    "verdicts": rate.verdicts,
                    "converged": rate.converged,
                    "steps": rate.steps and list(rate.steps),
                    "loss": rate.loss,
                    "sharpness": rate.sharpness,
                    "peak_sharpness": rate.peak,
                }
                for rate in self.rates
            ],
            "runs": [
                {
                    "lr": run.label,
                    "seed": run.seed,
                    "verdict": run.verdict,
                    "reason": run.reason,
                    **run.history.to_dict(),
                }
                for run in self.runs
            ],
        }

    def records(self) -> list[dict[str, Any]]:
        """Return a dict for each run: lr, seed, verdict, steps, loss, sharpness, its peak, reason.

        `loss` is the last loss; without tracking, the sharpness and its peak are None.
        """
        records = []
        for run in self.runs:
            rate = Rate(run.label, run.lr, [run])
            record = {
                "lr": run.label,
                "seed": run.seed,
                "verdict": run.verdict,
                "steps": run.history.steps,
                "loss": run.history.final_loss,
                "sharpness": rate.sharpness,
                "peak_sharpness": rate.peak,
                "reason": run.reason,
            }
            records.append(record)
        return records

    def to_csv(self, target: str | os.PathLike[str] | TextIO) -> None:
        """Write a line for each run, of what `records` returns, to a path or an open file."""
        records = self.records()
        write_csv(target, [*records[:1], *(record.values() for record in records)])

    def __repr__(self) -> str:
        done = "" if self.status == "finished" else f", {self.status}"
        found = f", best {self.best.label}" if self._runs else ""
        return f"Sweep({len(self._runs)} runs of {len(self.rates)} learning rates{found}{done})"


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
    Sweep(6 runs of 2 learning rates, best 0.1)
    >>> found.runs[0].verdict, found.runs[0].reason
    ('descending', 'the loss fell to 0.0496; at this pace the target is some 149 steps away')
    """
    rates, numbers = _labelled(lrs), _seeds(seeds)
    if positive_int("steps", steps) < 2:
        raise ValueError("steps expects an int of at least 2, got 1: a verdict takes two losses")
    if target_loss is not None:
        target_loss = learning_rate("target_loss", target_loss)
    if on_run is not None and not callable(on_run):
        raise TypeError(f"on_run expects a function, got {describe(on_run)}")
    if executor is not None and not hasattr(executor, "submit"):
        raise TypeError(f"executor expects a concurrent.futures.Executor, got {describe(executor)}")
    if (xs is None) != (ys is None):
        raise ValueError("xs and ys go together: expected both or neither")
    pairs = pairs_of(*(datasets.toy() if xs is None else (xs, ys)))
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
    if sent is not None and "pickle" in str(error):
        import pickle

        try:
            pickle.dumps(sent)
        except Exception as reason:
            return TypeError(
                "model (or loss, or a schedule) can't be sent to another process; make it a "
                f"function at the top level of a module: {reason}"
            )
    lost = [run[::2] for place, run in enumerate(result._plan) if place not in result._runs]
    return SweepError(
        "a run could not be made, or the worker that had it died: "
        f"{type(error).__name__}: {error or 'no reason given'}\n"
        f"Missing are the runs of learning rate {words.listed(lost)}; "
        f"of {result.planned}, {len(result._runs)} have finished and are kept, in .sweep",
        result,
    )


def _labelled(lrs: Any) -> dict[str, float | Schedule]:
    """Return the rates and schedules, by their labels."""
    named: Any = lrs if isinstance(lrs, Mapping) else None
    if isinstance(lrs, str) or not isinstance(lrs, Iterable):
        raise TypeError(f"lrs expects a list of learning rates, or a dict, got {describe(lrs)}")
    rates: dict[str, float | Schedule] = {}
    for key, lr in enumerate(lrs) if named is None else named.items():
        if not callable(lr):
            lr = learning_rate(f"lrs[{key!r}]", lr)
        label = _label(lr, key) if named is None else str(key)
        if label in rates:
            raise ValueError(f"lrs expects different rates, got {label} twice")
        rates[label] = lr
    if not rates:
        raise ValueError("lrs expects at least one learning rate, got none")
    return rates


def _label(lr: float | Schedule, place: int) -> str:
    """Return a label that no other rate has; schedules that have no name are numbered."""
    if not callable(lr):
        return short if float(short := f"{lr:g}") == lr else repr(lr)
    named: str = getattr(lr, "__name__", repr(lr))
    return f"schedule {place}" if "<" in named else named  # a lambda, or an object without a name


def _seeds(seeds: Any) -> list[int]:
    if isinstance(seeds, str | Mapping) or not isinstance(seeds, Iterable):
        raise TypeError(f"seeds expects a list of ints, such as range(20), got {describe(seeds)}")
    numbers = [any_int(f"seeds[{i}]", seed) for i, seed in enumerate(seeds)]
    if not numbers:
        raise ValueError("seeds expects at least one int, got none")
    if len(set(numbers)) < len(numbers):
        raise ValueError("seeds expects different ints, got one of them twice")
    return numbers


def _curves(rate: Rate) -> tuple[list[float], list[float], list[float]]:
    """Return the quartiles of the runs' losses at each step: lower, median, upper.

    A run that has ended counts with its last loss; the curves end where the median run does.
    """
    histories = [run.history for run in rate.runs]
    end = round(_quartiles([len(history.losses) for history in histories])[1])
    curves: tuple[list[float], list[float], list[float]] = [], [], []
    for k in range(end):
        losses = [history.losses[min(k, len(history.losses) - 1)] for history in histories]
        for curve, loss in zip(curves, _quartiles([_finite(loss) for loss in losses])):
            curve.append(loss)
    return curves


def _finite(x: float) -> float:
    """Return `x`, or infinity where it is NaN, so that it can be compared."""
    return math.inf if math.isnan(x) else x


def _median_if_finite(numbers: Sequence[float]) -> float | None:
    median = _quartiles(numbers)[1] if numbers else math.inf
    return median if math.isfinite(median) else None


def _quartiles(numbers: Sequence[float]) -> tuple[float, float, float]:
    """Return the lower quartile, the median and the upper quartile, interpolated."""
    ordered = sorted(numbers)

    def at(share: float) -> float:
        below, part = divmod(share * (len(ordered) - 1), 1)
        low = ordered[int(below)]
        return low if part == 0 else low + part * (ordered[int(below) + 1] - low)

    return at(0.25), at(0.5), at(0.75)
