"""Makes what a sweep plans, here or on an executor, and loses nothing that is finished."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Sequence
from typing import Any, NoReturn

from .runs import Job, Run

Make = Callable[[Any], list[Run]]
Making = Generator[None, None, None]
Chunk = tuple[dict[int, list[Run]], BaseException | None, str]

# What is planned is sent to an executor in at most 100 chunks, unless these had more than 16 each;
# and in at most 1,000, as all that have not started have to be cancelled on Ctrl-C.
FEW, LARGE, MANY = 100, 16, 1000


class SweepError(RuntimeError):
    """A run of a `sweep` failed, or the worker that it was sent to; `sweep` holds the others.

    >>> import microtrain as mt
    >>> model = lambda seed: mt.MLP(3, [1 // (1 - seed)])
    >>> mt.sweep([0.1], model=model, seeds=[0, 1])  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    microtrain.lab.executors.SweepError: a run could not be made, ...
    """

    def __init__(self, message: str, sweep: Any = None) -> None:
        super().__init__(message)
        self.sweep = sweep


def here(job: Job, make: Make) -> Making:
    """Make one after the other, and yield whenever one has been added to the job."""
    for place, planned in enumerate(job.plan):
        try:
            job.made[place] = make(planned)
        except BaseException as error:  # SystemExit included
            _fail(job, error)
        yield


def there(job: Job, make: Make, executor: Any) -> Making:
    """Make them on an executor, and yield whenever some have been added to the job.

    If one fails, no others are started, but those that are under way are waited for.
    """
    from queue import SimpleQueue

    plan, n = [*enumerate(job.plan)], job.planned
    size = max(min(LARGE, math.ceil(n / FEW)), math.ceil(n / MANY))
    sent: set[Any] = set()  # the futures that are not done
    done: SimpleQueue[Any] = SimpleQueue()  # `as_completed` would never return cancelled futures
    failure: BaseException | None = None

    def take(future: Any) -> BaseException | None:
        """Add what a future has made to the job; return what ended it early, if anything did."""
        sent.discard(future)
        try:
            result: Chunk = future.result()
        except BaseException as raised:  # the worker died, or the future was cancelled
            return raised
        made, error, told = result
        job.made.update(made)
        if error is not None and error.__traceback__ is None:  # it comes from another process
            error.add_note(told)
        return error

    try:
        for start in range(0, n, size):
            future = executor.submit(_chunk, plan[start : start + size], make)
            sent.add(future)
            future.add_done_callback(done.put)
        while sent and (failure := take(done.get())) is None:
            yield
    except Exception as error:  # the executor is broken, or was shut down
        failure = error
    finally:
        wait = failure is not None
        for future in sent:
            future.cancel()
        while sent if wait else not done.empty():
            take(done.get())
    if failure is not None:
        _fail(job, failure, (plan, make))


def _chunk(planned: Sequence[tuple[int, Any]], make: Make) -> Chunk:
    """Make some; return the runs by their places, and what ended it early, with its traceback."""
    import traceback  # slow to import

    made: dict[int, list[Run]] = {}
    try:
        for place, one in planned:
            made[place] = make(one)
    except BaseException as error:  # SystemExit included: what was made before it is not lost
        return made, error, traceback.format_exc()
    return made, None, ""


def _fail(job: Job, error: BaseException, sent: Any = None) -> NoReturn:
    """Raise a `SweepError`, or a `TypeError` if what was `sent` can't be; Ctrl-C as it is."""
    if isinstance(error, KeyboardInterrupt):
        raise error
    if sent is not None:
        import pickle

        try:
            pickle.dumps(sent)
        except Exception as reason:
            if str(error) == str(reason) or "pickle" in str(error):  # so that is what failed
                raise TypeError(
                    "model (or loss, or a schedule) can't be sent to another process; make it a "
                    f"function at the top level of a module: {reason}"
                ) from error
    first, *more = job.lost
    others = f", and {len(more):,} more, which .sweep.lost lists" if more else ""
    raise SweepError(
        "a run could not be made, or the worker that had it died: "
        f"{type(error).__name__}: {error or 'no reason given'}\n"
        f"Missing: {job.one.format(*first)}{others}; "
        f"of {job.planned:,} {job.what}, {len(job.made):,} have finished and are kept, in .sweep",
        job,
    ) from error
