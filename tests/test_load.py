"""Large jobs, only on demand: ``pytest -m load -s`` (it prints what they took)."""

from __future__ import annotations

import sys
import time

import pytest

import microtrain as mt

pytestmark = pytest.mark.load


def test_ten_million_nodes():
    n = 10_000_000
    times = [time.perf_counter()]
    leaf = v = mt.Value(1.0)
    for _ in range(n // 2):
        v = (v + leaf) * 0.5
    times.append(time.perf_counter())
    v.backward()
    times.append(time.perf_counter())
    assert (v.data, leaf.grad) == (1.0, 1.0)
    del v
    times.append(time.perf_counter())
    spent = [f"{1e6 * (end - start) / n:.2f}" for start, end in zip(times, times[1:])]
    print(f"\nmicroseconds a node: forward {spent[0]}, backward {spent[1]}, freed in {spent[2]}")


@pytest.mark.parametrize("engine", ["compiled", "eager"])
def test_a_hundred_thousand_steps_grow_by_their_record_alone(engine):
    used = {}

    def look(history):
        if history.steps in (10_000, 100_000):
            used[history.steps] = sys.getallocatedblocks()

    start = time.perf_counter()
    history = mt.train(steps=100_000, lr=1e-9, engine=engine, on_step=look)
    spent = time.perf_counter() - start
    assert history.status == "finished"
    # A step adds to the record two floats: a loss, and the norm of a gradient.
    objects = (used[100_000] - used[10_000]) / 90_000
    print(f"\n{engine}: {1e6 * spent / 100_000:.0f} us a step, {objects:.3f} objects kept of each")
    assert objects == pytest.approx(2, abs=0.1)


def test_a_sweep_of_a_thousand_runs():
    start = time.perf_counter()
    found = mt.sweep([0.01, 0.05, 0.1, 0.5], seeds=range(250), steps=200)
    print(f"\n1,000 runs in {time.perf_counter() - start:.1f} s")
    assert len(found.runs) == 1000
    assert found.status == "finished"
    assert found.best.lr in (0.05, 0.1)
