"""The processes that sweeps and maps run on, and what Ctrl-C does to them.

Ctrl-C reaches every process. An interrupt at any moment could leave the pool's locks taken, so the
main process waits for the next finished runs; a worker stops at once, and begins no more.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from typing import Any

from .options import FAILED
from .terminal import Progress

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
    """Make ready in a worker, which is to end with the process that it works for."""
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
    """Do in a worker what it was sent."""
    global _busy
    if _stopped:
        raise KeyboardInterrupt
    _busy = True
    try:
        return function(*args, **options)
    finally:
        _busy = False


def shown(progress: Progress, runs: int = 1) -> Callable[[Any], None]:
    """Return an `on_run` that says how far a job has come, each of its parts being so many runs."""

    def on_run(job: Any) -> None:
        progress.show(len(job.made) * runs, job.planned * runs)
        if _stopped:
            raise KeyboardInterrupt

    return on_run
