"""The processes of sweep and map, the commands of many runs.

Ctrl-C reaches every process. An interrupt at any moment could leave the pool's locks taken, so the
main process waits for the next finished runs. A worker stops its run at once, and begins no more.
"""

import contextlib
import os
import signal
from collections.abc import Iterator
from concurrent.futures import Executor
from typing import Any

from .options import FAILED

_busy = stopped = False


def processors() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextlib.contextmanager
def executor(jobs: int) -> Iterator[Executor | None]:
    """Provide that many processes, or None for one."""
    global stopped
    if jobs == 1:
        yield None
        return
    from concurrent.futures import ProcessPoolExecutor

    class Pool(ProcessPoolExecutor):
        def submit(self, function: Any, /, *args: Any, **options: Any) -> Any:
            return super().submit(_work, function, *args, **options)

    before = signal.signal(signal.SIGINT, _stop)
    try:
        with Pool(jobs, initializer=_begin) as pool:
            yield pool
            pool.shutdown(cancel_futures=True)
    finally:
        signal.signal(signal.SIGINT, before)
        stopped = False


def _begin() -> None:
    """Prepare a worker: it ends when the process that it works for has ended."""
    import multiprocessing
    import threading

    parent: Any = multiprocessing.parent_process()

    def end_with_parent() -> None:
        parent.join()
        os._exit(FAILED)

    signal.signal(signal.SIGINT, _stop)
    threading.Thread(target=end_with_parent, daemon=True).start()


def _stop(*_: object) -> None:
    global stopped
    stopped = True
    if _busy:
        raise KeyboardInterrupt


def _work(function: Any, *args: Any, **options: Any) -> Any:
    """Call a function in a worker."""
    global _busy
    if stopped:
        raise KeyboardInterrupt
    _busy = True
    try:
        return function(*args, **options)
    finally:
        _busy = False
