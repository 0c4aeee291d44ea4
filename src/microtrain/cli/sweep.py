"""`microtrain sweep`: many learning rates, many seeds, and what became of each."""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import sys
import textwrap
import time
from collections.abc import Iterator
from concurrent.futures import Executor
from typing import Any

from ..lab.results import Sweep
from ..lab.sweep import SweepError, labelled, sweep
from ..nn.optim import Schedule, warmup_cosine
from .arguments import FAILED, INTERRUPTED, OK, Parser, exit_statuses
from .terminal import Progress, bold, colourful, columns, print_json

LRS = (0.001, 0.01, 0.1, 1.0)
EVERY = 10  # the sharpness is measured at the first so many steps, and then at every so manieth


def add_to(commands: Any) -> None:
    """Add the command to the parser's."""
    command = commands.add_parser(
        "sweep",
        help="explore learning rates",
        description="Train the network of 41 parameters on the classic four samples with each "
        "learning rate, from each of several seeds, and say what became of it and why: a table, "
        "the descent curves, and which rate to take.",
        epilog="Examples: microtrain sweep; microtrain sweep --lrs 0.05 0.1 0.2 0.5 --seeds 100; "
        "microtrain sweep --lrs 0.5 1 --warmup 20. "
        + exit_statuses("every run was made", "one could not be")
        + " NO_COLOR in the environment turns colour off.",
    )
    command.set_defaults(parser=command, run=run)
    add = command.add_argument
    add(
        "--lrs",
        type=float,
        nargs="+",
        default=LRS,
        metavar="RATE",
        help=f"learning rates ({' '.join(map(str, LRS))})",
    )
    add(
        "--warmup",
        type=int,
        metavar="N",
        help="run each rate a second time, as the peak of a warmup of N steps that is followed by "
        "half a cosine down to 0",
    )
    add("--seeds", type=int, default=20, metavar="N", help="runs for each rate (%(default)s)")
    add("--steps", type=int, default=200, metavar="N", help="make at most N steps (%(default)s)")
    add(
        "--target-loss",
        type=float,
        default=0.01,
        metavar="LOSS",
        help="a run has converged once its loss is below this (%(default)s)",
    )
    add(
        "--jobs",
        type=int,
        default=_processors(),
        metavar="N",
        help="processes to run on (as many as there are processors: %(default)s)",
    )
    add("--no-sharpness", action="store_true", help="leave out the sharpness, which takes longest")
    add("--quiet", action="store_true", help="do not say how far it has come")
    output = command.add_mutually_exclusive_group()
    output.add_argument(
        "--json", action="store_true", help="print everything as JSON, nothing else"
    )
    output.add_argument(
        "--csv", action="store_true", help="print a line for each run as CSV, nothing else"
    )


def run(arguments: argparse.Namespace) -> int:
    command: Parser = arguments.parser
    for name in ("seeds", "jobs"):
        if getattr(arguments, name) < 1:
            command.error(f"argument --{name}: expects at least 1, got {getattr(arguments, name)}")
    steps = arguments.steps
    progress = Progress("runs", quiet=arguments.quiet)

    def on_run(so_far: Sweep) -> None:
        progress.show(len(so_far.runs), so_far.planned)
        if _stopped:
            raise KeyboardInterrupt

    try:
        with _executor(arguments.jobs) as executor:
            found = sweep(
                _rates(arguments),
                seeds=range(arguments.seeds),
                steps=steps,
                target_loss=arguments.target_loss,
                track_sharpness=None
                if arguments.no_sharpness
                else {*range(min(EVERY, steps)), *range(0, steps, EVERY)},
                executor=executor,
                on_run=on_run,
            )
    except ValueError as error:
        command.error(str(error))
    except SweepError as error:
        progress.clear()
        print(f"{command.prog}: {error}", file=sys.stderr)
        return FAILED
    progress.clear()
    if arguments.json:
        print_json(found.to_dict())
    elif arguments.csv:
        found.to_csv(sys.stdout)
    else:
        _print(found)
    return INTERRUPTED if found.status == "interrupted" else OK


def _rates(arguments: argparse.Namespace) -> list[float] | dict[str, float | Schedule]:
    """Return the rates; by their labels, if the schedules that warm up to them are among them."""
    if arguments.warmup is None:
        return list(arguments.lrs)
    rates: dict[str, float | Schedule] = labelled(arguments.lrs)
    for label, lr in zip(list(rates), arguments.lrs):
        rates[f"{label} warm"] = warmup_cosine(lr, arguments.steps, arguments.warmup)
    return rates


def _print(found: Sweep) -> None:
    """Print the table, the chart and the paragraph."""
    if found.status == "interrupted":
        print(f"Interrupted: {len(found.runs)} of {found.planned} runs are finished.\n")
    if not found.runs:
        return
    title, *rows = found.table().split("\n")
    print(bold(title))
    print(*rows, sep="\n")
    print(f"\n{found.chart(colour=colourful())}\n")
    print(textwrap.fill(found.explain(), min(80, columns())))


def _processors() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


# Ctrl-C reaches every process. An interrupt at any moment could leave the pool's locks taken, so
# the main process waits for the next finished runs; a worker stops at once, and begins no more.

_busy = _stopped = False


@contextlib.contextmanager
def _executor(jobs: int) -> Iterator[Executor | None]:
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
        return []
    _busy = True
    try:
        return function(*args, **options)
    finally:
        _busy = False
