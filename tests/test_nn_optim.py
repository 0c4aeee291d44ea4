"""Gradient descent and schedules."""

from __future__ import annotations

import math
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

import microtrain as mt


def test_sgd_moves_against_the_gradient():
    a, b = mt.Value(1.0), mt.Value(2.0)
    optimizer = mt.SGD(iter([a, b, a]), lr=0.5)
    (a * b).backward()
    optimizer.step()
    assert (a.data, b.data) == (0.0, 1.5)
    optimizer.lr = 1
    optimizer.zero_grad()
    assert (a.grad, b.grad) == (0.0, 0.0)
    optimizer.step()
    assert (a.data, b.data) == (0.0, 1.5)


@given(st.floats(1e-6, 10), st.integers(1, 200), st.data())
def test_warmup_cosine_rises_to_its_peak_and_falls_to_its_end(peak, steps, data):
    warmup = data.draw(st.integers(0, steps - 1))
    final = data.draw(st.floats(0, peak))
    schedule = mt.warmup_cosine(peak, steps, warmup, final)
    lrs = [schedule(k) for k in range(steps + 10)]
    assert lrs[warmup] == peak
    assert max(lrs) <= peak * (1 + 1e-15)
    assert lrs[0] > 0 or warmup == 0
    assert all(a < b for a, b in zip(lrs[:warmup], lrs[1 : warmup + 1]))
    assert all(b <= a * (1 + 1e-15) for a, b in zip(lrs[warmup:], lrs[warmup + 1 :]))
    assert lrs[steps:] == [final] * 10
    assert pickle.loads(pickle.dumps(schedule))(7) == schedule(7)
    # halfway down the cosine lies halfway between
    middle = warmup + (steps - warmup) / 2
    assert schedule(middle) == pytest.approx((peak + final) / 2)


def test_a_schedule_remembers_how_it_was_made():
    made = {"peak": 0.1, "steps": 9, "warmup_steps": 3, "final": 0.01}
    assert vars(mt.warmup_cosine(**made)) == made
    assert repr(mt.constant(0.1)) == "constant(0.1)"


def test_constant():
    assert [mt.constant(0.1)(k) for k in (0, 5)] == [0.1, 0.1]
    assert pickle.loads(pickle.dumps(mt.constant(2)))(0) == 2.0


v = mt.Value(1.0)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: mt.SGD([], 0.1), ValueError, "parameters expects at least one Value, got none"),
        (lambda: mt.SGD([1.0], 0.1), TypeError, "parameters expects Values, got float 1.0"),
        (lambda: mt.SGD([v], 0), ValueError, "lr expects a finite number above 0, got 0"),
        (lambda: mt.SGD([v], math.nan), ValueError, "lr expects a finite number above 0, got nan"),
        (lambda: mt.SGD([v], math.inf), ValueError, "lr expects a finite number above 0, got inf"),
        (lambda: mt.SGD([v], "0.1"), TypeError, "lr expects a number, got str '0.1'"),
        (lambda: mt.constant(-1.0), ValueError, "lr expects a finite number above 0, got -1.0"),
        (lambda: mt.warmup_cosine(0, 10, 1), ValueError, "peak expects a finite number above 0"),
        (lambda: mt.warmup_cosine(1, 0, 0), ValueError, "steps expects an int of at least 1"),
        (
            lambda: mt.warmup_cosine(1, 10, 10),
            ValueError,
            "warmup_steps expects an int from 0 to 9",
        ),
        (
            lambda: mt.warmup_cosine(1, 10, -1),
            ValueError,
            "warmup_steps expects an int from 0 to 9",
        ),
        (lambda: mt.warmup_cosine(1, 10, 1.5), TypeError, "warmup_steps expects an int, got float"),
        (lambda: mt.warmup_cosine(1, 10, 1, -1), ValueError, "final expects a finite number of at"),
        (
            lambda: mt.warmup_cosine(1, 10, 1, 2),
            ValueError,
            "final expects a number of at most pea",
        ),
    ],
)
def test_what_does_not_fit_is_refused(make, error, message):
    with pytest.raises(error, match=message):
        make()
