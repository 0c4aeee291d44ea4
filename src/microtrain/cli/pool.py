"""What sweep and map, the commands of many runs, have in common: processes, options, output.

Ctrl-C reaches every process. An interrupt at any moment could leave the pool's locks taken, so the
main process waits for the next finished runs. A worker stops its run at once, and begins no more.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from typing import Any, TypeVar

from ..errors import positive_int
from .options import FAILED, usual
from .terminal import Progress, shown

Found = TypeVar("Found")

_busy = _stopped = False


def processors() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextlib.contextmanager
def executor(jobs: int) -> Iterator[Executor | None]:
    """Provide that many processes, or None for one."""
    global _stopped
    if jobs == 1:
        yield None
        return
    from concurrent.futures import ProcessPoolExecutor

    class Pool(ProcessPoolExecutor):
        def submit(self, function: Any, /, *args: Any, **options: Any) -> Any:
            return super().submit(_work, function, *args, **options)

    before = signal.signal(signal.SIGINT, _stop)
    try:
        with Pool(jobs, initializer=_begin, initargs=(os.getpid(),)) as pool:
            yield pool
            pool.shutdown(cancel_futures=True)
    finally:
        signal.signal(signal.SIGINT, before)
        _stopped = False


def _begin(parent: int) -> None:
    """Prepare a worker: it ends when the process that it works for has ended."""
    import threading

    def end_with_parent() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os._exit(FAILED)

    signal.signal(signal.SIGINT, _stop)
    threading.Thread(target=end_with_parent, daemon=True).start()


def _stop(*_: object) -> None:
    global _stopped
    _stopped = True
    if _busy:
        raise KeyboardInterrupt


def _work(function: Any, *args: Any, **options: Any) -> Any:
    """Call a function in a worker."""
    global _busy
    if _stopped:
        raise KeyboardInterrupt
    _busy = True
    try:
        return function(*args, **options)
    finally:
        _busy = False


def explored(
    explore: Callable[..., Found], arguments: Any, *rates: Any, seeds: int, **options: Any
) -> Found:
    """Return what `sweep` finds for rates, or `phase_diagram` for rates and scales.

    A task of a process is one run, or the runs at all rates from a start. Raises `ValueError` if
    there are no tasks or processes, or if two formats are asked for.
    """
    runs = len(rates[0]) if len(rates) > 1 else 1
    tasks = positive_int("--seeds", seeds) * len([*rates][-1] or [1])
    jobs = min(positive_int("--jobs", arguments.jobs), tasks)
    if arguments.json and arguments.csv:
        raise ValueError("--json and --csv can't both be the only thing printed")

    def on_run(job: Any) -> None:
        progress.show(len(job.made) * runs, job.planned * runs)
        if _stopped:
            raise KeyboardInterrupt

    with Progress("runs", quiet=arguments.quiet) as progress, executor(jobs) as pool:
        options |= {"steps": arguments.steps, "target_loss": arguments.target_loss or None}
        options |= {"engine": arguments.engine, "executor": pool, "on_run": on_run}
        return explore(*rates, seeds=range(seeds), **options)


def printed(found: Any, arguments: argparse.Namespace, text: Callable[[Any], str]) -> int:
    """Print what was found, some of it if it was interrupted, and return the exit status."""

    def show() -> None:
        if found.status == "interrupted":
            made = f"{len(found.made):,} of {found.planned:,}"
            print(f"Interrupted: {made} {found.what} are finished.")
        if found.made:
            print(text(found))

    return shown(found, arguments, show)


# The options of both.
SHARED = {**usual("engine no-sharpness json csv quiet"), "jobs": processors()}
