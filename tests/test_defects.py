"""Defects that were found in use: each test failed before its defect was mended."""

from __future__ import annotations

import concurrent.futures
import sys

import pytest

import microtrain as mt
from microtrain import Value

# Derivatives leave alone what they did not make.


class Watched(Value):
    """A leaf that notes every gradient that is written to it."""

    def __init__(self, data):
        self.written = []
        super().__init__(data)
        self.written.clear()  # the zero it was made with

    @property
    def grad(self):
        return 0.0

    @grad.setter
    def grad(self, new):
        self.written.append(new)


@pytest.mark.parametrize(
    ("derivative", "expected"),
    [
        (lambda f: mt.grad(f)(2.0), 12.0),
        (lambda f: mt.grad(f)(Value(2.0)).data, 12.0),
        (lambda f: mt.value_and_grad(f)(2.0), (12.0, 12.0)),
        (lambda f: mt.grad(mt.grad(f))(2.0), 6.0),
        (lambda f: mt.hessian(f)(2.0), 6.0),
        (lambda f: mt.hessian(lambda v: f(v[0]))([2.0]), [[6.0]]),
        (lambda f: mt.compile(f).value_and_grad(2.0), (12.0, 12.0)),
        (lambda f: mt.gradcheck(f, [2.0]), True),
    ],
)
def test_a_derivative_writes_no_gradient_to_a_value_that_the_function_captures(
    derivative, expected
):
    captured = Watched(3.0)
    assert derivative(lambda x: captured * x * x) == expected
    assert captured.written == []


def test_gradcheck_writes_no_gradient_to_the_values_it_is_given():
    given = Watched(3.0)
    assert mt.gradcheck(lambda w, x: w * x * x, [given, 2.0])
    assert given.written == []


def test_threads_that_differentiate_with_the_same_captured_value_do_not_disturb_each_other():
    captured = Value(3.0)

    def slopes(k):
        slope = mt.grad(lambda v: sum(captured * v for _ in range(20)))
        return [(slope(1.0 + k), captured.grad) for _ in range(500)]

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            found = list(pool.map(slopes, range(4)))
    finally:
        sys.setswitchinterval(interval)
    assert found == [[(60.0, 0.0)] * 500] * 4
    assert captured.grad == 0.0
