"""Makes the runs of a sweep, here or on an executor, and loses none that finished."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Generator, Sequence
from typing import TYPE_CHECKING, Any, NoReturn
from weakref import WeakValueDictionary

from ..nn.module import Module
from ..training.train import train
from .results import Planned, Sweep
from .runs import Run
from .words import listed

if TYPE_CHECKING:
    from concurrent.futures import Executor

# The runs are sent to an executor in at most 100 chunks, unless these had more than 16 runs each.
CHUNKS, LARGEST = 100, 16

# By a sweep's key and a parameter's id: the model that has it, as long as that model lives.
_owners: WeakValueDictionary[tuple[bytes, int], Module] = WeakValueDictionary()
_lock = threading.Lock()

MakeRun = Callable[[Planned], Run]


class SweepError(RuntimeError):
    """A run of a `sweep` failed, or the worker that it was sent to; `sweep` holds the others.

    >>> import microtrain as mt
    >>> model = lambda seed: mt.MLP(3, [1 // (1 - seed)])
    >>> mt.sweep([0.1], model=model, seeds=[0, 1])  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    microtrain.lab.executors.SweepError: a run could not be made, ...
    """

    def __init__(self, message: str, sweep: Sweep) -> None:
        super().__init__(message)
        self.sweep = sweep

    def __reduce__(self) -> tuple[type, tuple[str, Sweep]]:
        return type(self), (str(self), self.sweep)


def make_run(
    planned: Planned, model: Callable[[int], Any] | None, options: dict[str, Any], key: bytes
) -> Run:
    """Make one run. Raises `KeyboardInterrupt` if Ctrl-C ended it."""
    label, lr, seed = planned
    made = None if model is None else model(seed)
    if model is not None and made is None:
        raise TypeError("model expects a function that returns a model, got None from it")
    if isinstance(made, Module):
        _claim(made, key)
    history = train(made, lr=lr, seed=seed, **options)
    if history.status == "interrupted":
        raise KeyboardInterrupt
    return Run(label, lr, seed, history)


def _claim(made: Module, key: bytes) -> None:
    """Raise `ValueError` if a model is another run's, or has a parameter of another run's model.

    The models of a sweep's runs live as long as it does, so this sees all of them; in a worker
    process it sees those that the model function keeps.
    """
    parameters = made.parameters()
    with _lock:
        for p in parameters:
            owner = _owners.get((key, id(p)))
            if owner is not None and any(p is other for other in owner.parameters()):
                got = "the same model twice" if owner is made else "two that share a parameter"
                raise ValueError(f"model expects a function to a new model, got {got}")
        _owners.update(((key, id(p)), made) for p in parameters)


def here(result: Sweep, make: MakeRun) -> Generator[None]:
    """Make the runs one after the other; yield whenever one has been added to the sweep."""
    for place, planned in enumerate(result.plan):
        try:
            result.made[place] = make(planned)
        except BaseException as error:  # SystemExit included
            _fail(result, error)
        yield


def there(result: Sweep, make: MakeRun, executor: Executor) -> Generator[None]:
    """Make the runs on an executor; yield whenever some have been added to the sweep.

    If one fails, no others are started, but those that are under way are waited for.
    """
    from queue import SimpleQueue

    plan = result.plan
    size = min(LARGEST, math.ceil(len(plan) / CHUNKS))
    sent: dict[Any, range] = {}
    done: SimpleQueue[Any] = SimpleQueue()  # `as_completed` would never return cancelled futures
    failure: BaseException | None = None

    def cancel() -> None:
        for future in sent:
            future.cancel()

    def add(future: Any) -> BaseException | None:
        """Add the runs of a finished future to the sweep, and return what kept it from others."""
        try:
            runs, error, told = future.result()
            result.made.update(zip(sent[future], runs))
        except BaseException as raised:  # the worker died, or the future was cancelled
            return raised
        if error is not None and error.__traceback__ is None:  # it comes from another process
            error.add_note(told)
        return error  # type: ignore[no-any-return]

    try:
        try:
            for start in range(0, len(plan), size):
                places = range(start, min(start + size, len(plan)))
                future = executor.submit(_chunk, [plan[i] for i in places], make)
                future.add_done_callback(done.put)
                sent[future] = places
        except Exception as error:  # the executor is broken, or was shut down
            failure = error
            cancel()
        for _ in range(len(sent)):
            ended = add(done.get())
            if failure is None:
                if ended is None:
                    yield
                else:
                    failure = ended
                    cancel()
        if failure is not None:
            _fail(result, failure, (plan, make))
    finally:
        cancel()
        while not done.empty():
            add(done.get())


def _chunk(
    planned: Sequence[Planned], make: MakeRun
) -> tuple[list[Run], BaseException | None, str]:
    """Make some runs; return them, and what ended them early, with its traceback."""
    import traceback  # slow to import

    runs: list[Run] = []
    try:
        for one in planned:
            runs.append(make(one))
    except BaseException as error:  # SystemExit included: the runs before it are not lost
        return runs, error, traceback.format_exc()
    return runs, None, ""


def _fail(result: Sweep, error: BaseException, sent: Any = None) -> NoReturn:
    """Raise what a failed run is to raise; `sent` is what went to a worker, if any."""
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
    lost = [(label, seed) for i, (label, _, seed) in enumerate(result.plan) if i not in result.made]
    raise SweepError(
        "a run could not be made, or the worker that had it died: "
        f"{type(error).__name__}: {error or 'no reason given'}\n"
        f"Missing are the runs of learning rate {listed(lost)}; "
        f"of {result.planned}, {len(result.runs)} have finished and are kept, in .sweep",
        result,
    ) from error
