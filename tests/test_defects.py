"""Defects that were found in use: each test failed before its defect was mended."""

from __future__ import annotations

import concurrent.futures
import sys
from fractions import Fraction

import pytest

import microtrain as mt
from microtrain import MLP, Value

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


# Data that was assigned by hand.


def steps_by_hand(model, update, n):
    """Train on the toy samples as a beginner writes it."""
    xs, ys = mt.datasets.toy()
    for _ in range(n):
        loss = mt.mse_loss([model(x) for x in xs], ys)
        model.zero_grad()
        loss.backward()
        for p in model.parameters():
            update(p)
    return loss


@pytest.mark.parametrize("activation", ["tanh", "relu", "sigmoid", "linear"])
def test_a_forgotten_grad_in_the_update_is_named_by_the_next_backward(activation):
    def update(p):
        p.data -= 0.05 * p

    model = MLP(3, [4, 1], activation, "linear")
    steps_by_hand(model, update, 1)
    with pytest.raises(TypeError, match=r"has become a Value.*did you mean p\.grad\?"):
        steps_by_hand(model, update, 1)


def test_a_learning_rate_from_numpy_leaves_python_floats_with_the_same_bits():
    np = pytest.importorskip("numpy")

    def by_numpy(p):
        p.data -= np.float64(0.05) * p.grad

    def by_python(p):
        p.data -= 0.05 * p.grad

    model, other = MLP(3, [4, 1], seed=1), MLP(3, [4, 1], seed=1)
    steps_by_hand(model, by_numpy, 3)
    loss = steps_by_hand(model, by_python, 1)  # its backward mends the data and the gradients
    assert {type(x) for p in model.parameters() for x in (p.data, p.grad)} == {float}
    assert loss.data == steps_by_hand(other, by_python, 4).data
    assert [(p.data, p.grad) for p in model.parameters()] == [
        (p.data, p.grad) for p in other.parameters()
    ]


def test_a_leaf_that_backward_starts_from_is_mended_too():
    np = pytest.importorskip("numpy")
    x = Value(1.0)
    x.data = np.float32(0.5)
    x.backward()
    assert (type(x.data), x.data, type(x.grad), x.grad) == (float, 0.5, float, 1.0)


def test_an_int_assigned_by_hand_becomes_a_float_and_a_fraction_stays_exact():
    x, y = Value(1.0), Value(1.0)
    x.data = 3
    (x * x).backward()
    assert (type(x.data), x.data, type(x.grad), x.grad) == (float, 3.0, float, 6.0)
    y.data, y.grad = Fraction(1, 3), 0
    (y * y).backward()
    assert (y.data, y.grad, type(y.grad)) == (Fraction(1, 3), Fraction(2, 3), Fraction)


@pytest.mark.parametrize("data", [True, "3", None, [1.0], 1j])
def test_what_is_no_number_is_refused_by_backward_and_changes_no_gradient(data):
    x = Value(1.0)
    x.data = data
    with pytest.raises(TypeError, match="the data of a Value has to be a number, got"):
        x.backward()
    assert x.grad == 0.0


def test_an_int_too_large_for_a_float_is_refused_by_backward():
    x = Value(1.0)
    x.data = 10**400
    with pytest.raises(ValueError, match="data expects a number that fits a float"):
        x.backward()
