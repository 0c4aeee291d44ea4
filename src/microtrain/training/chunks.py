"""The steps of a run that C makes, many at a time."""

from __future__ import annotations

import functools
import itertools
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from .eager import Batches
from .plan import Plan

if TYPE_CHECKING:
    from .history import History
    from .native import NativeEngine
    from .resume import Whole

SECONDS = 0.05  # that a chunk should take, so that Ctrl-C and progress do not wait
MOST = 100_000  # steps in a chunk
EASY = 1_000_000  # samples times parameters, of a first chunk of which nobody knows what it takes


class Watcher(functools.partial[object]):
    """An `on_step` that looks at the history only, so that once a chunk is enough."""


class Chunks:
    """The mini-batches of a run, which are iterated over, and steps that are made with them.

    None is made here where `on_step` or the record needs each step, or a schedule `looks` at it.
    """

    def __init__(
        self, engine: NativeEngine, plan: Plan, batches: Iterator[Batches], looks: bool
    ) -> None:
        self._engine, self._plan, self._batches = engine, plan, batches
        self._drawn: list[Batches] = []
        work = plan.batch_size * plan.accumulate * len(plan.objective.parameters)
        self._size = max(1, min(16, EASY // work))
        self._alone = looks or plan.record or not isinstance(plan.on_step, Watcher | None)

    def __next__(self) -> Batches:
        return self._drawn.pop(0) if self._drawn else next(self._batches)

    def make(self, whole: Whole, history: History) -> Whole | None:
        """Make some steps after those that are whole; put them down, and return what is whole then.

        Returns None where the next step has to be made alone.
        """
        k, state, _ = whole
        rates = [] if self._alone else self._rates(k)
        if not rates:
            return None
        start = time.perf_counter()
        self._drawn += itertools.islice(self._batches, max(0, len(rates) - len(self._drawn)))
        found = self._engine.steps(state, self._drawn[: len(rates)], rates, self._plan.least)
        if found is None:
            return None
        losses, norms, after, before = found
        made = len(losses)
        del self._drawn[:made]
        history.losses += losses
        history.grad_norms += norms
        history.lrs += rates[:made]
        seconds = (time.perf_counter() - start) / made
        self._size = max(1, min(MOST, 8 * len(rates), int(SECONDS / seconds)))
        if self._plan.on_step is not None:
            history.steps = k + made
            self._plan.on_step(history)
        return k + made, after, before

    def _rates(self, k: int) -> list[float]:
        """Return the rates of the steps to make from step k on."""
        plan = self._plan
        end = min(plan.steps, k + self._size)
        if plan.every is not None:
            end = min(end, k + plan.every - k % plan.every)
        if plan.tracks:
            end = next((step for step in range(k, end) if step in plan.tracked), end)
        if not callable(plan.lr):
            return [plan.lr] * (end - k)
        rates: list[float] = []
        for step in range(k, end):
            try:
                rates.append(plan.rate(step))
            except Exception:  # it is raised when it is that step's turn
                break
        return rates
