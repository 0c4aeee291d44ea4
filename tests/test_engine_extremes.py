"""Whatever is computed, at whatever numbers: every way gives the same bits, or the same error.

The graphs are of all operations there are, unsquashed, so that they overflow, cancel, and leave the
domains of functions. The numbers are those where that happens.
"""

from __future__ import annotations

import math
import random
from decimal import Decimal
from fractions import Fraction

import pytest
from graphs import (
    ANY,
    EDGES,
    FUNCTIONS,
    INF,
    NAN,
    RAW,
    Graph,
    bits,
    eagerly,
    forward,
    graphs,
    is_step,
    named,
    outcome,
)
from hypothesis import example, given
from hypothesis import strategies as st

import microtrain as mt
from microtrain.engine.piecewise import heaviside


def first(x):
    return x[0] if isinstance(x, tuple) else x


def kind(result):
    """Return a result, or only the type of an error."""
    return result[0] if isinstance(result, tuple) else result


def has_powers_of_steps(graph):
    """Return whether an exponent may be a plain number that is not known when it is compiled.

    Of one that is 0, 1 or 2 eager code knows that a second derivative vanishes, whatever the base
    is. Compiled, it is 0 times infinity where the base is 0 or infinite. See below for a test.
    """
    names = {name for name, _ in graph.operations}
    return any(name in FUNCTIONS and is_step(name) for name in names) and any(
        "power" in name for name in names
    )


def check_all_ways(f, inputs, powers_of_steps=False):
    """Check that all ways to compute f and its first and second derivatives agree."""
    expected = outcome(eagerly, f, *inputs)
    every = tuple(range(len(inputs))) if len(inputs) > 1 else 0
    assert outcome(mt.value_and_grad(f, every), *inputs) == expected
    compiled = mt.compile(f)
    assert outcome(compiled.value_and_grad, *inputs) == expected
    assert outcome(compiled, *inputs) == outcome(forward, f, *inputs)
    slope = mt.grad(f)
    second = kind(outcome(mt.grad(slope), *inputs))
    both = mt.compile(slope).value_and_grad
    found = kind(outcome(lambda: first(both(*inputs)[1])))
    assert found == second or (powers_of_steps and found == "nan")
    assert kind(outcome(mt.hessian(f), *inputs)) == second


@given(st.data())
def test_every_way_gives_the_same_bits_or_the_same_error(data):
    graph = data.draw(graphs("raw", most=5, leaves=2))
    inputs = [data.draw(ANY) for _ in range(graph.n_leaves)]
    check_all_ways(named(graph), inputs, has_powers_of_steps(graph))


@pytest.mark.parametrize("name", sorted(RAW))
def test_every_operation_at_every_special_number(name):
    n, _ = RAW[name]
    f = named(Graph(n, ((name, tuple(range(n))),), "raw"))
    compiled, slope = mt.compile(f), mt.compile(mt.grad(f))
    gradient, rng = mt.grad(mt.grad(f)), random.Random(name)
    for x in EDGES:
        for y in EDGES if n > 1 else [0.0]:
            inputs = [x, y, rng.choice(EDGES)][:n]
            assert outcome(compiled.value_and_grad, *inputs) == outcome(eagerly, f, *inputs)
            assert outcome(compiled, *inputs) == outcome(forward, f, *inputs)
            found = outcome(lambda: first(slope.value_and_grad(*inputs)[1]))  # noqa: B023
            assert kind(found) == kind(outcome(gradient, *inputs)), inputs


@given(st.data())
def test_steps_and_kinks_compile_to_the_same_bits(data):
    graph = data.draw(graphs("all", most=12))
    inputs = data.draw(st.lists(st.floats(-3, 3), min_size=4, max_size=4))[: graph.n_leaves]
    f = named(graph)
    compiled = mt.compile(f)
    assert outcome(compiled.value_and_grad, *inputs) == outcome(eagerly, f, *inputs)
    assert outcome(compiled, *inputs) == outcome(forward, f, *inputs)


# Powers. A power of 2 is x * x, from which C's `pow` differs in one number of a thousand, so that
# hypothesis does not find out.

POWERS = {
    "a Value": lambda x, n: x**n,
    "a difference": lambda x, n: x ** (n - 1.0),
    "a sum": lambda x, n: x ** (n + 0.0),
    "a choice": lambda x, n: x ** mt.where(True, 2.0, n),
    "a step": lambda x, n: x ** mt.floor(n),
    "a step less 1": lambda x, n: x ** (mt.floor(n) - 1.0),
    "both are steps": lambda x, n: x * mt.floor(x) ** (mt.floor(n) - 1.0),
    "of a slope": lambda x, n: mt.ieee_power(x, n - 1.0),
    "of a slope, constant": lambda x, n: mt.ieee_power(x, 3),
}


@pytest.mark.parametrize("name", sorted(POWERS))
def test_powers_have_the_same_bits_whatever_the_exponent_is(name):
    f, rng = POWERS[name], random.Random(0)
    compiled, slope, gradient = mt.compile(f), mt.compile(mt.grad(f)), mt.grad(mt.grad(f))
    for n in (2.0, 3.0, 4.0):
        for _ in range(1000):
            x = rng.uniform(0.5, 3.0)
            assert bits(compiled.value_and_grad(x, n)) == bits(eagerly(f, x, n)), (x, n)
            assert bits(compiled(x, n)) == bits(forward(f, x, n)), (x, n)
        for _ in range(100):
            x = rng.uniform(0.5, 3.0)
            assert bits(slope.value_and_grad(x, n)[1][0]) == bits(gradient(x, n)), (x, n)


@pytest.mark.parametrize("name", sorted(POWERS))
@given(x=ANY, n=ANY)
def test_powers_at_every_edge(name, x, n):
    f = POWERS[name]
    if name == "both are steps" and x < 0:
        return  # a complex number, for Python: a case of its own, below
    expected = outcome(eagerly, f, x, n)
    assert outcome(mt.compile(f).value_and_grad, x, n) == expected
    assert outcome(mt.compile(f), x, n) == outcome(forward, f, x, n)


def test_what_python_says_of_plain_numbers_it_may_say_in_its_own_words():
    """Steps of Values are plain numbers: eagerly, Python alone divides them and raises them."""
    divided = lambda x: x / (1.0 / mt.floor(x))  # noqa: E731
    for way in (lambda: forward(divided, 0.5), lambda: mt.compile(divided)(0.5)):
        with pytest.raises(ZeroDivisionError, match="division by zero"):
            way()
    root = lambda x: x * mt.floor(x) ** 0.5  # noqa: E731
    for way in (lambda: forward(root, -0.5), lambda: mt.compile(root)(-0.5)):
        with pytest.raises((TypeError, mt.DomainError), match=r"complex|not a real number"):
            way()
    less = lambda x, n: x * mt.floor(x) ** (n.data - 1.0)  # noqa: E731
    with pytest.raises((TypeError, mt.DomainError)):
        forward(less, -0.5, 1.5)
    with pytest.raises((TypeError, mt.DomainError)):
        mt.compile(less)(-0.5, 1.5)


# Powers whose exponent is a plain number that is not known yet.


@pytest.mark.parametrize("exponent", [mt.floor, mt.ceil, mt.detach, mt.sign])
def test_a_power_with_a_step_as_its_exponent_has_second_derivatives_compiled(exponent):
    f = lambda x: x ** exponent(x)  # noqa: E731
    for x in (0.5, 1.0, 2.5, 3.0):
        second = mt.grad(mt.grad(f))(x)
        n = float(exponent(x))
        assert second == pytest.approx(n * (n - 1) * x ** (n - 2))
        assert bits(mt.compile(mt.grad(f)).value_and_grad(x)[1]) == bits(second)
        assert bits(mt.compile(mt.grad(mt.grad(f)))(x)) == bits(second)
        assert bits(mt.hessian(f)(x)) == bits(second)


@pytest.mark.parametrize("power", [lambda x, n: x**n, mt.ieee_power])
@pytest.mark.parametrize("more", [0, 1])
@given(x=ANY)
def test_only_where_zero_meets_infinity_is_an_exponent_better_known_eagerly(power, more, x):
    f = lambda x: power(x, heaviside(x) + more)  # noqa: E731
    slope = mt.grad(f)
    for eager, compiled in (
        (slope, lambda x: mt.compile(f).value_and_grad(x)[1]),
        (mt.grad(slope), lambda x: mt.compile(slope).value_and_grad(x)[1]),
    ):
        expected, found = kind(outcome(eager, x)), kind(outcome(compiled, x))
        assert found == expected or (found == "nan" and not 1e-100 < abs(x) < 1e100)


def test_a_step_to_the_power_of_a_value_has_second_derivatives_compiled():
    f = lambda x: mt.ceil(x) ** x  # noqa: E731
    log = math.log(3.0)
    second = mt.grad(mt.grad(f))(2.5)
    assert second == pytest.approx(3.0**2.5 * log * log)
    assert bits(mt.compile(mt.grad(f)).value_and_grad(2.5)[1]) == bits(second)
    assert bits(mt.hessian(f)(2.5)) == bits(second)


def test_results_are_floats_whatever_the_exponent_is():
    f = lambda x, n: mt.ieee_power(x, n)  # noqa: E731
    for n in (0.0, 1.0, 2.0, -1.0):
        assert bits(mt.compile(f).value_and_grad(2.0, n)) == bits(eagerly(f, 2.0, n))
        assert type(mt.compile(f)(2.0, n)) is float
        assert type(mt.compile(mt.grad(f))(2.0, n)) is float
    assert type(mt.compile(lambda x: mt.ieee_power(x, 1))(2.0)) is float


# The functions, one by one: at their edges, against hard numbers, and to the third order.

SLOPES = [
    ("asin", 1.0, INF),
    ("asin", -1.0, INF),
    ("acos", 1.0, -INF),
    ("acos", -1.0, -INF),
    ("acosh", 1.0, INF),
    ("acosh", 1e200, 1e-200),
    ("sqrt", 0.0, INF),
    ("asinh", 1e200, 1e-200),
    ("asinh", -1e200, 1e-200),
    ("asinh", 1e-200, 1.0),
    ("asinh", 1.7e308, 1 / 1.7e308),
    ("asinh", INF, 0.0),
    ("asinh", NAN, NAN),
    ("atanh", 1 - 2**-53, 2.0**52 / (1 - 2**-54)),
    ("atan", 1e200, 0.0),
    ("tan", 0.0, 1.0),
    ("erf", 0.0, 2 / math.sqrt(math.pi)),
    ("erf", INF, 0.0),
    ("erfc", -INF, 0.0),
    ("erfc", 1e200, 0.0),
    ("expm1", -INF, 0.0),
    ("expm1", -40.0, math.exp(-40.0)),
    ("log1p", -1 + 2**-53, 2.0**53),
    ("log2", 5e-324, INF),
    ("log10", INF, 0.0),
    ("sinh", -710.0, math.cosh(710.0)),
    ("cosh", 0.0, 0.0),
    ("relu", 0.0, 0.0),
]


@pytest.mark.parametrize(("name", "x", "slope"), SLOPES)
def test_slopes_at_the_edges(name, x, slope):
    f = getattr(mt, name)
    for found in (mt.grad(f)(x), mt.compile(f).value_and_grad(x)[1], mt.compile(mt.grad(f))(x)):
        assert found == pytest.approx(slope, rel=1e-15, abs=0, nan_ok=True)


def test_clip_takes_the_slope_of_x_at_its_bounds():
    f = lambda x: mt.clip(x, -1.0, 2.0)  # noqa: E731
    points = [(-1.0, -1.0, 1.0), (2.0, 2.0, 1.0), (-1.5, -1.0, 0.0), (2.5, 2.0, 0.0), (0.5, 0.5, 1)]
    for x, y, slope in points:
        assert (f(x), mt.value_and_grad(f)(x)) == (y, (y, slope))
        assert mt.compile(f).value_and_grad(x) == (y, slope)
    assert math.isnan(f(NAN)) and f(-INF) == -1.0 and f(INF) == 2.0
    assert mt.clip(Fraction(7, 3), 0, 2) == 2 and mt.clip(Fraction(1, 3), 0, 2) == Fraction(1, 3)
    bounds = mt.grad(lambda x, low, high: mt.clip(x, low, high), (0, 1, 2))
    assert bounds(5.0, 0.0, 1.0) == (0.0, 0.0, 1.0) and bounds(-5.0, 0.0, 1.0) == (0.0, 1.0, 0.0)


@pytest.mark.parametrize("y", [0.0, -0.0, 3e-200, -3e200, 3e-320, 1.5])
@pytest.mark.parametrize("x", [0.0, -0.0, 4e-200, 4e200, -4e-320, -2.0])
def test_the_slopes_of_atan2_do_not_overflow_on_the_way(y, x):
    value, (by_y, by_x) = mt.value_and_grad(mt.atan2, (0, 1))(y, x)
    assert bits((value, (by_y, by_x))) == bits(mt.compile(mt.atan2).value_and_grad(y, x))
    assert bits(value) == bits(math.atan2(y, x))
    if x == y == 0:
        assert (by_y, by_x) == (0.0, 0.0)
        return
    a, b = Fraction(y), Fraction(x)
    for found, exact in ((by_y, b / (a * a + b * b)), (by_x, -a / (a * a + b * b))):
        if abs(exact) > Fraction(1.7e308):
            assert found == (INF if exact > 0 else -INF)
        else:  # as in exact arithmetic, up to what a subnormal number can hold
            assert abs(Fraction(found) - exact) <= abs(exact) / 10**10 + Fraction(1e-323)


MANTISSAS = st.floats(1, 2) | st.floats(-2, -1)
SIZES = st.builds(math.ldexp, MANTISSAS, st.just(0) | st.integers(-500, 500))


@example(1.7e308, 1.7e308)
@given(st.just(0.0) | SIZES, SIZES)
def test_the_slopes_of_atan2_and_asinh_are_exact_to_a_few_units_in_the_last_place(y, x):
    a, b = Fraction(y), Fraction(x)
    r, root = a * a + b * b, (Decimal(x) ** 2 + 1).sqrt()
    slopes = [*zip(mt.grad(mt.atan2, (0, 1))(y, x), (b / r, -a / r))]
    for found, exact in [*slopes, (mt.grad(mt.asinh)(x), Fraction(1 / root))]:
        assert abs(Fraction(found) - exact) <= 4 * Fraction(math.ulp(float(exact)))


def test_atan2_knows_its_quadrant():
    for y, x in ((1.0, 1.0), (1.0, -1.0), (-1.0, -1.0), (-1.0, 1.0)):
        assert mt.atan2(y, x) == math.atan2(y, x)
        assert mt.grad(mt.atan2, (0, 1))(y, x) == pytest.approx((x / 2, -y / 2))


STEPPED = {
    mt.floor: [(2.5, 2.0), (-2.5, -3.0), (-0.5, -1.0), (0.5, 0.0), (-0.0, 0.0), (1e308, 1e308)],
    mt.ceil: [(2.5, 3.0), (-2.5, -2.0), (-0.5, 0.0), (0.5, 1.0), (-0.0, 0.0), (-1e308, -1e308)],
    mt.sign: [(2.5, 1.0), (-2.5, -1.0), (5e-324, 1.0), (0.0, 0.0), (-0.0, 0.0), (NAN, 0.0)],
    mt.detach: [(2.5, 2.5), (-0.0, -0.0), (NAN, NAN), (-INF, -INF)],
}


@pytest.mark.parametrize("step", STEPPED)
def test_steps(step):
    extremes = [(x, x) for x in (INF, -INF, NAN)] if step in (mt.floor, mt.ceil) else []
    if step is mt.sign:
        extremes = [(INF, 1.0), (-INF, -1.0)]
    for x, expected in STEPPED[step] + extremes:
        scaled = lambda v: step(v) + 0 * v  # noqa: E731
        for found in (step(x), step(mt.Value(x)), mt.compile(step)(x)):
            assert bits(found) == bits(expected), x
        assert bits(mt.compile(step).value_and_grad(x)) == bits([expected, 0.0])
        assert outcome(mt.compile(scaled).value_and_grad, x) == outcome(eagerly, scaled, x)


def test_steps_of_rationals_are_exact():
    third = Fraction(-7, 3)
    found = [mt.floor(third), mt.ceil(third), mt.sign(third), mt.detach(third)]
    assert found == [-3, -2, -1, third]
    assert all(type(x) is Fraction for x in found)
    assert mt.floor(mt.Value(third)) == -3
    huge = Fraction(10**400, 3)
    assert mt.floor(huge) == 10**400 // 3


# By mpmath 1.3, with 400 digits.
NUMBERS = [
    ("erf", 1e-300, 1.1283791670955126e-300),
    ("erf", 1e-10, 1.1283791670955126e-10),
    ("erf", 0.5, 0.5204998778130465),
    ("erfc", -3.0, 1.9999779095030015),
    ("erfc", 0.5, 0.4795001221869535),
    ("erfc", 5.0, 1.537459794428035e-12),
    ("erfc", 26.0, 5.663192408856143e-296),
    ("expm1", -40.0, -1.0),
    ("expm1", -1e-15, -9.999999999999995e-16),
    ("expm1", 1e-300, 1e-300),
    ("expm1", 700.0, 1.0142320547350045e304),
    ("log1p", -0.9999999, -16.118095651484676),
    ("log1p", -1e-15, -1.0000000000000007e-15),
    ("log1p", 1e300, 690.7755278982137),
    ("log2", 1e-300, -996.5784284662087),
    ("log2", 0.1, -3.321928094887362),
    ("log2", 1e300, 996.5784284662087),
    ("log10", 1e-300, -300.0),
    ("log10", 3.0, 0.47712125471966244),
    ("tan", 1.5, 14.101419947171719),
    ("tan", 1.5707963267948966, 1.633123935319537e16),
    ("asin", -0.5, -0.5235987755982989),
    ("asin", 0.9999999999, 1.5707821846586878),
    ("acos", 0.9999999999, 1.4142136208911564e-05),
    ("sinh", 1e-300, 1e-300),
    ("sinh", -700.0, -5.0711602736750225e303),
    ("asinh", 1e-300, 1e-300),
    ("asinh", 1e200, 461.2101657793691),
    ("acosh", 1.0000000001, 1.4142136208675862e-05),
    ("acosh", 1e200, 461.2101657793691),
    ("atanh", 0.9999999999, 11.859499013855018),
]


@pytest.mark.parametrize(("name", "x", "expected"), NUMBERS)
def test_against_hard_numbers(name, x, expected):
    f = getattr(mt, name)
    for found in (f(x), f(mt.Value(x)).data, mt.compile(f)(x)):
        assert found == pytest.approx(expected, rel=4e-16, abs=0)


def test_whole_logarithms_are_exact():
    assert [mt.log2(2.0**n) for n in (-1074, -1, 0, 10, 1023)] == [-1074, -1, 0, 10, 1023]
    assert [mt.log10(10.0**n) for n in (0, 1, 2, 15, 22)] == [0, 1, 2, 15, 22]


@pytest.mark.parametrize(
    ("name", "x", "error", "words"),
    [
        ("asin", 1.5, mt.DomainError, "a number from -1 to 1"),
        ("acos", -1.5, mt.DomainError, "a number from -1 to 1"),
        ("acosh", 0.5, mt.DomainError, "a number of at least 1"),
        ("atanh", 1.0, mt.DomainError, "a number between -1 and 1"),
        ("atanh", -1.0, mt.DomainError, "a number between -1 and 1"),
        ("log1p", -1.0, mt.DomainError, "a number above -1"),
        ("log2", 0.0, mt.DomainError, "a number above 0"),
        ("log10", -1.0, mt.DomainError, "a number above 0"),
        ("tan", INF, mt.DomainError, "a finite number"),
        ("expm1", 710.0, OverflowError, "too large for a float"),
        ("sinh", 711.0, OverflowError, "too large for a float"),
        ("cosh", -711.0, OverflowError, "too large for a float"),
    ],
)
def test_outside_of_a_domain(name, x, error, words):
    f = getattr(mt, name)
    for way in (f, lambda x: f(mt.Value(x)), mt.compile(f), mt.compile(f).value_and_grad):
        with pytest.raises(error, match=rf"^{name}\({x}\) is .*{words}$"):
            way(x)


LN2, LN10, PEAK = math.log(2), math.log(10), 2 / math.sqrt(math.pi)


def bell(x):
    return PEAK * math.exp(-x * x)


THIRD = {  # domains, and derivatives of the first to the third order
    "tan": (
        (-1.2, 1.2),
        lambda x: 1 + math.tan(x) ** 2,
        lambda x: 2 * math.tan(x) * (1 + math.tan(x) ** 2),
        lambda x: (2 + 6 * math.tan(x) ** 2) * (1 + math.tan(x) ** 2),
    ),
    "asin": (
        (-0.9, 0.9),
        lambda x: (1 - x * x) ** -0.5,
        lambda x: x * (1 - x * x) ** -1.5,
        lambda x: (1 + 2 * x * x) * (1 - x * x) ** -2.5,
    ),
    "acos": (
        (-0.9, 0.9),
        lambda x: -((1 - x * x) ** -0.5),
        lambda x: -x * (1 - x * x) ** -1.5,
        lambda x: -(1 + 2 * x * x) * (1 - x * x) ** -2.5,
    ),
    "atan": (
        (-3.0, 3.0),
        lambda x: 1 / (1 + x * x),
        lambda x: -2 * x / (1 + x * x) ** 2,
        lambda x: (6 * x * x - 2) / (1 + x * x) ** 3,
    ),
    "sinh": ((-3.0, 3.0), math.cosh, math.sinh, math.cosh),
    "cosh": ((-3.0, 3.0), math.sinh, math.cosh, math.sinh),
    "asinh": (
        (-3.0, 3.0),
        lambda x: (1 + x * x) ** -0.5,
        lambda x: -x * (1 + x * x) ** -1.5,
        lambda x: (2 * x * x - 1) * (1 + x * x) ** -2.5,
    ),
    "acosh": (
        (1.25, 4.0),
        lambda x: (x * x - 1) ** -0.5,
        lambda x: -x * (x * x - 1) ** -1.5,
        lambda x: (2 * x * x + 1) * (x * x - 1) ** -2.5,
    ),
    "atanh": (
        (-0.9, 0.9),
        lambda x: 1 / (1 - x * x),
        lambda x: 2 * x / (1 - x * x) ** 2,
        lambda x: (2 + 6 * x * x) / (1 - x * x) ** 3,
    ),
    "expm1": ((-3.0, 3.0), math.exp, math.exp, math.exp),
    "log1p": (
        (-0.5, 3.0),
        lambda x: 1 / (1 + x),
        lambda x: -1 / (1 + x) ** 2,
        lambda x: 2 / (1 + x) ** 3,
    ),
    "log2": (
        (0.25, 4.0),
        lambda x: 1 / x / LN2,
        lambda x: -1 / x**2 / LN2,
        lambda x: 2 / x**3 / LN2,
    ),
    "log10": (
        (0.25, 4.0),
        lambda x: 1 / x / LN10,
        lambda x: -1 / x**2 / LN10,
        lambda x: 2 / x**3 / LN10,
    ),
    "erf": (
        (-3.0, 3.0),
        bell,
        lambda x: -2 * x * bell(x),
        lambda x: (4 * x * x - 2) * bell(x),
    ),
    "erfc": (
        (-3.0, 3.0),
        lambda x: -bell(x),
        lambda x: 2 * x * bell(x),
        lambda x: (2 - 4 * x * x) * bell(x),
    ),
}


@pytest.mark.parametrize("name", sorted(THIRD))
@given(data=st.data())
def test_to_the_third_order(name, data):
    domain, *derivatives = THIRD[name]
    x, f = data.draw(st.floats(*domain)), getattr(mt, name)
    for derivative in derivatives:
        f = mt.grad(f)
        assert f(x) == pytest.approx(derivative(x), rel=1e-10, abs=1e-12)
    assert bits(mt.compile(f)(x)) == bits(f(x))


@given(st.floats(-2, 2), st.floats(0.5, 2) | st.floats(-2, -0.5))
def test_atan2_to_the_third_order(y, x):
    r, f = y * y + x * x, mt.atan2
    by_y = [x / r, -2 * x * y / r**2, (6 * x * y * y - 2 * x**3) / r**3]
    for expected in by_y:
        f = mt.grad(f)
        assert f(y, x) == pytest.approx(expected, rel=1e-9, abs=1e-12)
    mixed = mt.grad(mt.grad(mt.atan2, 0), 1)(y, x)
    assert mixed == pytest.approx((y * y - x * x) / r**2, rel=1e-9, abs=1e-12)


# Softmax.


@given(st.lists(st.floats(-1000, 1000), min_size=1, max_size=6), st.data())
def test_softmax_is_stable_and_has_the_right_slopes(xs, data):
    shares = mt.softmax(xs)
    top = max(xs)
    total = math.fsum(math.exp(x - top) for x in xs)
    assert shares == pytest.approx([math.exp(x - top) / total for x in xs], rel=1e-13, abs=0)
    assert math.fsum(shares) == pytest.approx(1.0, rel=1e-14)
    k = data.draw(st.integers(0, len(xs) - 1))
    f = lambda v: mt.softmax(v)[k]  # noqa: E731
    expected = [shares[k] * ((i == k) - s) for i, s in enumerate(shares)]
    gradient = mt.grad(f)(xs)
    assert gradient == pytest.approx(expected, rel=1e-9, abs=1e-15)
    assert bits(mt.compile(f).value_and_grad(xs)) == bits([shares[k], gradient])


def test_softmax_of_odd_lists():
    with pytest.raises(ValueError, match="softmax expects at least one number, got none"):
        mt.softmax([])
    for odd in (3.0, "ab", None, {1.0: 2.0}):
        with pytest.raises(TypeError, match="xs expects a list, got"):
            mt.softmax(odd)
    assert mt.softmax([3.0]) == [1.0] and mt.softmax((0, 0)) == [0.5, 0.5]
    assert mt.softmax([-1000.0, 1000.0]) == [0.0, 1.0]
    assert mt.softmax([-INF, 0.0]) == [0.0, 1.0]
    third = mt.grad(mt.grad(mt.grad(lambda x: mt.softmax([x, 0.0])[0])))  # sigmoid, third order
    s = 1 / (1 + math.exp(-0.75))
    assert third(0.75) == pytest.approx(s * (1 - s) * (1 - 6 * s + 6 * s * s))


# Detach.


def test_what_is_detached_is_a_constant_to_any_order():
    f = lambda x: x**3 * mt.detach(x)  # noqa: E731
    derivatives = [lambda x: 3 * x**3, lambda x: 6 * x**2, lambda x: 6 * x, lambda x: 0.0]
    for expected in derivatives:
        f = mt.grad(f)
        assert f(2.0) == expected(2.0) == mt.compile(f)(2.0)
    assert mt.compile(lambda x: mt.detach(x * x)).value_and_grad(3.0) == (9.0, 0.0)
    inner = lambda x: mt.grad(lambda y: y * y * mt.detach(y))(x) * x  # noqa: E731
    # Its slope is 2 y * d, of which the inner y is detached once and for all: 2 x * x.
    assert mt.compile(inner)(3.0) == inner(3.0) == 54.0
    assert mt.hessian(lambda v: mt.detach(v[0]) * v[0] * v[1])([2.0, 3.0]) == [[0.0, 2.0], [2.0, 0]]


def test_a_straight_through_estimator():
    rounded = lambda x: x + mt.detach(mt.floor(x + 0.5) - x)  # noqa: E731
    for found in (mt.value_and_grad(rounded), mt.compile(rounded).value_and_grad):
        assert found(2.75) == (3.0, 1.0)


# A price, and how it changes: Black and Scholes.


def cumulative(x):
    return (1 + mt.erf(x / math.sqrt(2))) / 2


def price(spot, strike, volatility, rate, time):
    spread = volatility * mt.sqrt(time)
    d1 = (mt.log(spot / strike) + (rate + volatility**2 / 2) * time) / spread
    discounted = strike * mt.exp(-rate * time)
    return spot * cumulative(d1) - discounted * cumulative(d1 - spread)


@given(
    st.floats(60, 160),
    st.floats(80, 120),
    st.floats(0.1, 0.6),
    st.floats(0, 0.1),
    st.floats(0.2, 2),
)
def test_black_scholes(spot, strike, volatility, rate, time):
    args = (spot, strike, volatility, rate, time)
    root = math.sqrt(time)
    d1 = (math.log(spot / strike) + (rate + volatility**2 / 2) * time) / (volatility * root)
    d2 = d1 - volatility * root
    density = math.exp(-d1 * d1 / 2) / math.sqrt(2 * math.pi)
    at_d1, at_d2 = (math.erfc(-d / math.sqrt(2)) / 2 for d in (d1, d2))
    paid = strike * math.exp(-rate * time)
    value, gradient = mt.value_and_grad(price, (0, 1, 2, 3, 4))(*args)
    delta, by_strike, vega, rho, by_time = gradient
    near = {"rel": 1e-8, "abs": 1e-8}
    assert value == pytest.approx(spot * at_d1 - paid * at_d2, **near)
    assert delta == pytest.approx(at_d1, **near)
    assert by_strike == pytest.approx(-paid / strike * at_d2, **near)
    assert vega == pytest.approx(spot * density * root, **near)
    assert rho == pytest.approx(paid * time * at_d2, **near)
    theta = -spot * density * volatility / (2 * root) - rate * paid * at_d2
    assert -by_time == pytest.approx(theta, **near)
    gamma = mt.grad(mt.grad(price))(*args)
    assert gamma == pytest.approx(density / (spot * volatility * root), **near)
    assert bits(mt.compile(price).value_and_grad(*args)) == bits([value, gradient])
    assert bits(mt.compile(mt.grad(price)).value_and_grad(*args)[1][0]) == bits(gamma)
    assert bits(mt.compile(mt.grad(mt.grad(price)))(*args)) == bits(gamma)
