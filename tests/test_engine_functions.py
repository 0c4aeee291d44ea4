"""The elementary functions, over floats and everything else, and at their edges."""

from __future__ import annotations

import inspect
import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

import microtrain as mt
from microtrain.engine import primitives
from microtrain.engine.operators import ieee_power, log_base, ratio
from microtrain.engine.piecewise import heaviside, sign, where

INF, NAN = math.inf, math.nan
UNARY = ["exp", "log", "sqrt", "sin", "cos", "tanh", "sigmoid", "relu", "softplus"]


@pytest.mark.parametrize("name", UNARY)
@given(x=st.floats(0.1, 5.0))
def test_numbers_and_values_agree(name, x):
    function = getattr(mt, name)
    assert function(x) == function(mt.Value(x)).data == getattr(mt.Value(x), name)().data
    assert function(2) == function(2.0) == pytest.approx(float(function(Fraction(2))))


@pytest.mark.parametrize("name", ["exp", "asin", "erf"])
def test_help_shows_one_operand_and_what_is_wrapped_computes_it(name):
    function = getattr(mt, name)
    assert str(inspect.signature(function)) == "(x: 'float') -> 'float'"
    assert inspect.unwrap(function)(0.5) == getattr(math, name)(0.5)


@given(st.floats(), st.floats())
def test_maximum_and_minimum_are_ieee_754s(x, y):
    for function, choose in ((mt.maximum, max), (mt.minimum, min)):
        for result in (
            function(x, y),
            function(mt.Value(x), y).data,
            function(x, mt.Value(y)).data,
            function(mt.Value(x), mt.Value(y)).data,
        ):
            expected = NAN if math.isnan(x) or math.isnan(y) else choose(x, y)
            assert result == expected or (math.isnan(result) and math.isnan(expected))


def test_rationals_stay_exact_where_they_can():
    third = Fraction(1, 3)
    assert mt.relu(third) == third and mt.relu(-third) == 0
    assert mt.maximum(third, 1) == 1 and mt.minimum(third, 1) == third
    for exact in (mt.relu(-third), mt.maximum(third, 1), mt.minimum(third, 1)):
        assert type(exact) is Fraction
    assert type(mt.maximum(third, 0.5)) is float  # of numbers of two kinds, as for sums
    assert mt.exp(Fraction(0)) == 1.0


def test_the_edges():
    assert [mt.relu(x) for x in (-INF, -0.0, INF)] == [0, 0, INF]
    assert math.isnan(mt.relu(NAN)) and math.isnan(mt.sigmoid(NAN)) and math.isnan(mt.softplus(NAN))
    assert [mt.sigmoid(x) for x in (-INF, -1000, 1000, INF)] == [0, 0, 1, 1]
    assert [mt.softplus(x) for x in (-INF, -1000, 1000, INF)] == [0, 0, 1000, INF]
    assert mt.exp(-INF) == 0 and mt.log(INF) == INF and mt.sqrt(0.0) == 0


@pytest.mark.parametrize(
    ("operate", "error", "message"),
    [
        (lambda: mt.log(-1.0), mt.DomainError, r"log\(-1.0\) is undefined: log takes a number abo"),
        (lambda: mt.log(0), mt.DomainError, r"log\(0.0\) is undefined"),
        (lambda: mt.sqrt(-1.0), mt.DomainError, r"sqrt\(-1.0\) is undefined.* at least 0"),
        (lambda: mt.sin(INF), mt.DomainError, r"sin\(inf\) is undefined.* finite"),
        (lambda: mt.cos(-INF), mt.DomainError, r"cos\(-inf\) is undefined"),
        (lambda: mt.exp(1000), OverflowError, r"exp\(1000.0\) is too large for a float"),
        (lambda: mt.exp("1"), TypeError, "exp expects a number or a Value, got str '1'$"),
        (lambda: mt.tanh(True), TypeError, "tanh expects a number or a Value, got bool True"),
        (lambda: mt.maximum([1], 2.0), TypeError, r"got list \[1\]: write \[maximum\("),
        (lambda: mt.exp((1.0, 2.0)), TypeError, r"2\.0\): write \[exp\(...\) for x in v"),
        (lambda: mt.minimum(2.0, None), TypeError, "minimum expects a number or a Value, got None"),
    ],
)
def test_errors_name_the_operation_and_the_operand(operate, error, message):
    with pytest.raises(error, match=message):
        operate()


def test_slopes_over_values_are_numbers():
    v = mt.Value(2.0)
    assert sign(v - 1.0) == 1.0 and sign(1.0 - v) == -1.0
    assert heaviside(v) == 1.0
    assert ratio(v, 0.0).data == ratio(2.0, mt.Value(0.0)).data == INF
    assert where(v > 1.0, v, 3.0).data == where(v < 1.0, 2.0, mt.Value(3.0)).data - 1.0 == 2.0
    assert ieee_power(2.0, mt.Value(3.0)).data == ieee_power(v, 3).data == 8.0
    assert ieee_power(2.0, v).data == ieee_power(v, v).data == 4.0
    assert log_base(v, 1.0).data == math.log(2.0)


def test_a_number_that_fits_no_float():
    with pytest.raises(ValueError, match="lr expects a number that fits a float, got a larger"):
        mt.SGD([mt.Value(1.0)], lr=10**400)


def test_a_domain_error_is_both():
    assert issubclass(mt.DomainError, ValueError) and issubclass(mt.DomainError, ArithmeticError)


# Accuracy against exact arithmetic: 60 digits of `decimal` give the true slopes.


def exactly(f, x):
    from decimal import Context, Decimal

    return float(f(Decimal(x), Context(prec=1200, Emin=-9999, Emax=9999)))


def sigmoid_slope(x, c):
    e = c.exp(-abs(x))
    return c.divide(e, c.multiply(c.add(1, e), c.add(1, e)))


def sigmoid(x, c):
    return c.divide(1, c.add(1, c.exp(-x)))


@pytest.mark.parametrize("x", [-1000.0, -700.0, -40.0, -30.0, -1.0, 0.0, 1.0, 30.0, 40.0, 1000.0])
def test_sigmoid_and_softplus_keep_12_digits(x):
    v = mt.Value(x)
    mt.sigmoid(v).backward()
    assert v.grad == pytest.approx(exactly(sigmoid_slope, x), rel=1e-12, abs=0)
    assert mt.sigmoid(x) == pytest.approx(exactly(sigmoid, x), rel=1e-12, abs=0)
    w = mt.Value(x)
    mt.softplus(w).backward()
    assert w.grad == pytest.approx(exactly(sigmoid, x), rel=1e-12, abs=0)


@pytest.mark.parametrize("name", sorted({*primitives.__all__} - {"softmax"}))
def test_the_docstring_of_an_operation_says_what_it_raises(name):
    told, entry = getattr(mt, name).__doc__, getattr(mt, name).entry
    assert (f"`DomainError` unless x is {entry.takes}." in told) == bool(entry.takes)
    assert ("`OverflowError`" in told) == (entry.raises and not entry.takes)


def test_powers_and_quotients_in_slopes_are_ieee_754s():
    at_zero = [ieee_power(x, n) for x, n in ((0.0, -1), (-0.0, -1), (-0.0, -2), (0.0, -0.5))]
    assert at_zero == [INF, -INF, INF, INF]
    assert [ieee_power(x, n) for x, n in ((1e200, 3), (-1e200, 3), (-1e200, 4))] == [INF, -INF, INF]
    assert ieee_power(3.0, 1) == 3.0 and ieee_power(3.0, 2) == 9.0
    assert math.isnan(ieee_power(-8.0, 0.5))
    by_n = mt.grad(ieee_power, 1)
    assert by_n(0.0, -1.0) == -INF and math.isnan(by_n(-1.0, 2.0))
    assert [ratio(x, y) for x, y in ((1.0, 0.0), (-1.0, 0.0), (1.0, -0.0))] == [INF, -INF, -INF]
    assert math.isnan(ratio(0.0, 0.0)) and math.isnan(ratio(NAN, 0.0))
