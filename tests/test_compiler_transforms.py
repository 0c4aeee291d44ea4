"""Derivatives as functions, of any order; nested ones right or refused."""

from __future__ import annotations

import math
import pickle
from fractions import Fraction

import pytest
from graphs import floats, graphs, points
from hypothesis import given
from hypothesis import strategies as st

import microtrain as mt
from microtrain import CompileError, Value

polynomials = st.lists(st.integers(-3, 3), min_size=1, max_size=6)


def value_of(coefficients, x):
    total = 0 * x
    for c in reversed(coefficients):
        total = total * x + c
    return total


def derived(coefficients, times):
    for _ in range(times):
        coefficients = [k * c for k, c in enumerate(coefficients)][1:] or [0]
    return coefficients


@given(polynomials, st.integers(1, 4), st.fractions(-2, 2, max_denominator=8))
def test_any_order_of_a_polynomial(coefficients, order, x):
    f = lambda v: value_of(coefficients, v)  # noqa: E731
    for _ in range(order):
        f = mt.grad(f)
    exact = value_of(derived(coefficients, order), x)
    assert f(float(x)) == pytest.approx(float(exact), rel=1e-12, abs=1e-12)
    if order == 1:
        assert f(x) == exact
        assert isinstance(f(x), Fraction | int)


CLOSED = {
    "exp": (mt.exp, [math.exp] * 4),
    "sin": (mt.sin, [math.cos, lambda x: -math.sin(x), lambda x: -math.cos(x), math.sin]),
    "log": (
        mt.log,
        [lambda x: 1 / x, lambda x: -1 / x**2, lambda x: 2 / x**3, lambda x: -6 / x**4],
    ),
    "1/x": (lambda v: 1 / v, [lambda x: -1 / x**2, lambda x: 2 / x**3, lambda x: -6 / x**4]),
    "sqrt": (mt.sqrt, [lambda x: 0.5 * x**-0.5, lambda x: -0.25 * x**-1.5]),
    "x**2.5": (lambda v: v**2.5, [lambda x: 2.5 * x**1.5, lambda x: 3.75 * x**0.5]),
    "2**x": (lambda v: 2**v, [lambda x: 2**x * math.log(2), lambda x: 2**x * math.log(2) ** 2]),
    "x**x": (
        lambda v: v**v,
        [
            lambda x: x**x * (1 + math.log(x)),
            lambda x: x**x * ((1 + math.log(x)) ** 2 + 1 / x),
        ],
    ),
    "tanh": (
        mt.tanh,
        [
            lambda x: 1 - math.tanh(x) ** 2,
            lambda x: -2 * math.tanh(x) * (1 - math.tanh(x) ** 2),
        ],
    ),
    "softplus": (
        mt.softplus,
        [
            lambda x: 1 / (1 + math.exp(-x)),
            lambda x: math.exp(-x) / (1 + math.exp(-x)) ** 2,
            lambda x: math.exp(-x) * (math.exp(-x) - 1) / (1 + math.exp(-x)) ** 3,
        ],
    ),
    "relu of a cube": (lambda v: (v**3).relu(), [lambda x: 3 * x * x, lambda x: 6 * x]),
    "abs": (lambda v: abs(v) * v, [lambda x: 2 * x, lambda x: 2.0, lambda x: 0.0]),
    "maximum": (lambda v: mt.maximum(v * v, -1), [lambda x: 2 * x, lambda x: 2.0]),
    "log1p": (lambda v: v.log1p(), [lambda x: 1 / (1 + x), lambda x: -1 / (1 + x) ** 2]),
}


@pytest.mark.parametrize("name", sorted(CLOSED))
@given(x=st.floats(0.2, 2.0))
def test_closed_forms(name, x):
    f, derivatives = CLOSED[name]
    for derivative in derivatives:
        f = mt.grad(f)
        assert f(x) == pytest.approx(derivative(x), rel=1e-9, abs=1e-9)


@given(st.data())
def test_the_gradient_of_a_gradient_is_its_central_difference(data):
    graph = data.draw(graphs(most=6))
    inputs = data.draw(points(graph.n_leaves, 1.5))
    slope = mt.grad(graph)
    result = slope(*map(Value, inputs))
    if isinstance(result, Value):
        assert mt.gradcheck(slope, inputs, eps=1e-5, rtol=1e-3, atol=1e-4)


@given(points(3))
def test_hessians(v):
    f = lambda v: v[0] ** 2 * v[1] + (v[1] * v[2]).exp()  # noqa: E731
    a, b, c = v
    e = math.exp(b * c)
    expected = [
        [2 * b, 2 * a, 0],
        [2 * a, c * c * e, (1 + b * c) * e],
        [0, (1 + b * c) * e, b * b * e],
    ]
    for row, expected_row in zip(mt.hessian(f)(v), expected):
        assert row == pytest.approx(expected_row, rel=1e-9, abs=1e-9)


def test_hessians_of_scalars_lines_and_hessians():
    assert mt.hessian(lambda x: x**3)(2.0) == 12.0
    assert mt.hessian(lambda v: v[0] + v[1])([1.0, 2.0]) == [[0.0, 0.0], [0.0, 0.0]]
    assert mt.hessian(lambda a, v: a * v[0] ** 3, argnums=1)(2.0, [3.0]) == [[36.0]]
    third = mt.grad(lambda x: mt.hessian(lambda v: v[0] ** 3 * v[1])([x, x])[0][0])(2.0)
    assert third == 24.0  # d/dx of 6 x * x


def test_first_and_zeroth_powers_have_slopes_everywhere():
    for x in (0.0, 1.0, -2.0):
        assert mt.hessian(lambda v: v**1)(x) == 0.0
        assert mt.hessian(lambda v: v**0)(x) == 0.0
        assert mt.hessian(lambda v: v**2)(x) == 2.0
    polynomial = lambda x: sum(c * x**k for k, c in enumerate([5.0, 4.0, 3.0, 2.0]))  # noqa: E731
    assert mt.hessian(polynomial)(0.0) == 6.0
    with pytest.raises(
        ValueError, match="the place of an argument, counted from 0, below 1; got 3"
    ):
        mt.hessian(polynomial, 3)(0.0)
    with pytest.raises(ZeroDivisionError, match=r"0.0 \*\* -1.0: zero to a negative power"):
        mt.grad(mt.compile(lambda x: x**-1))(0.0)


def test_a_power_has_second_derivatives_where_its_exponent_is_zero():
    f = lambda x: mt.exp(x) ** x  # noqa: E731
    assert mt.grad(mt.grad(f))(0.0) == pytest.approx(2.0)
    assert mt.hessian(lambda v: v[0] ** v[1])([2.0, 0.0])[0][1] == pytest.approx(0.5)


def cube(x):
    return x**3


@mt.compile
def decorated(x):
    return x**4


def test_functions_are_pickled_by_what_they_are_made_of():
    for made in (mt.compile(cube), mt.grad(cube), mt.compile(mt.hessian(cube)).value_and_grad):
        twin = pickle.loads(pickle.dumps(made))
        assert twin is not made and type(twin) is type(made) and twin(2.0) == made(2.0)
    assert pickle.loads(pickle.dumps(decorated)) is decorated


def test_argnums():
    f = lambda a, b, vs: a * b + vs[0] * vs[1] * a  # noqa: E731
    args = (2.0, 3.0, [4.0, 5.0])
    assert mt.grad(f)(*args) == 23.0
    assert mt.grad(f, -1)(*args) == [10.0, 8.0]
    assert mt.grad(f, -3)(*args) == 23.0
    assert mt.hessian(lambda a, b: a**3 * b)(2.0, 5.0) == 60.0
    assert mt.grad(f, (1, 2))(*args) == (2.0, [10.0, 8.0])
    assert mt.value_and_grad(f, 1)(*args) == (46.0, 2.0)
    with pytest.raises(
        ValueError, match="the place of an argument, counted from 0, below 3; got 3"
    ):
        mt.grad(f, 3)(*args)
    with pytest.raises(TypeError, match="argnums expects an int or a tuple of ints, got float"):
        mt.grad(f, 0.5)
    with pytest.raises(TypeError, match="argnums expects an int or a tuple of ints, got None"):
        mt.grad(f, None)
    with pytest.raises(TypeError, match="argument 1 has to be a number, .* got str"):
        mt.grad(f)(1.0, "2", [1.0])


def test_a_first_derivative_may_branch():
    f = lambda x: x * 2 if x > 0 else x * 3  # noqa: E731
    assert (mt.grad(f)(1.0), mt.grad(f)(-1.0)) == (2.0, 3.0)
    with pytest.raises(CompileError, match="a comparison depends on a number"):
        mt.grad(mt.grad(f))(1.0)


# Nested closures: right, or refused.

NESTED = {
    "a sum": (lambda x: x * mt.grad(lambda y: x + y)(x), 1.0),
    "a product": (lambda x: x * mt.grad(lambda y: x * y)(x), None),
    "at a number": (lambda x: x * mt.grad(lambda y: x * y)(3.0), None),
    "computed from it": (lambda x: x * mt.grad(lambda y: (x * 2) * y)(x), None),
    "not used by the inner one": (lambda x: x * mt.grad(lambda y: x * x)(x), None),
    "through a hessian": (lambda x: x * mt.hessian(lambda y: x * y * y)(x), None),
    "smuggled": (lambda x: x * mt.grad(lambda y: Value(x.data))(x), 0.0),
    "in compiled code": (lambda x: x * mt.compile(lambda y: x * y).value_and_grad(x)[1], None),
}


@pytest.mark.parametrize("outer", [1, 2])
@pytest.mark.parametrize("name", sorted(NESTED))
def test_a_closure_over_an_outer_variable_is_right_or_refused(name, outer):
    f, right = NESTED[name]
    for _ in range(outer):
        f = mt.grad(f)
    try:
        result = f(2.0)
    except CompileError as error:
        assert "argument" in str(error) or "inner function" in str(error)
    else:
        assert result == (right if outer == 1 else 0.0)


def test_a_variable_may_not_be_argument_and_constant_at_once():
    x = Value(2.0)
    with pytest.raises(CompileError, match="pass it to the function as an argument"):
        mt.grad(lambda t: t * x)(x * 3)
    y = mt.grad(lambda t, x: t * t * x)(x * 3, x)  # 2 * 3x * x
    y.backward()
    assert (y.data, x.grad) == (24.0, 24.0)


@given(floats())
def test_passed_as_an_argument_it_is_right(x):
    f = lambda x: x * mt.grad(lambda y, x: x * y * y)(x, x)  # noqa: E731
    assert mt.grad(f)(x) == pytest.approx(6 * x * x)  # x * 2 x x


def test_after_an_error_nothing_is_left_behind():
    def fails(x):
        raise RuntimeError

    with pytest.raises(RuntimeError):
        mt.grad(fails)(1.0)
    w = Value(2.0)
    assert mt.grad(lambda x: x * w)(1.0) == 2.0
    with pytest.raises(CompileError):
        mt.compile(lambda x: x * w if x > 0 else w)
    assert (w.data, w.grad) == (2.0, 0.0)


@pytest.mark.parametrize("transform", [mt.grad, mt.value_and_grad, mt.hessian, mt.compile])
def test_what_is_no_function_is_refused_at_once(transform):
    with pytest.raises(TypeError, match="expects a function, got int 3"):
        transform(3)


def test_a_branch_is_refused_with_what_can_be_done():
    with pytest.raises(mt.CompileError, match="use mt.where, .*; higher derivatives need that"):
        mt.grad(mt.grad(lambda x: x if x > 0 else 2 * x))(1.0)


# Second derivatives by several arguments.


def mixed(x, v, z):
    """Return a function of a number, a list and a number, with all second derivatives different."""
    return x**3 * v[0] + v[0] ** 2 * v[1] * z + x * z


def test_a_hessian_by_several_arguments_is_a_tuple_of_tuples_of_blocks():
    x, v, z = 2.0, [3.0, 5.0], 7.0
    by_x = (36.0, [12.0, 0.0], 1.0)
    by_v = ([12.0, 0.0], [[70.0, 42.0], [42.0, 0.0]], [30.0, 9.0])
    by_z = (1.0, [30.0, 9.0], 0.0)
    assert mt.hessian(mixed, (0, 1, 2))(x, v, z) == (by_x, by_v, by_z)
    assert mt.hessian(mixed, (2, 0))(x, v, z) == ((0.0, 1.0), (1.0, 36.0))
    assert mt.hessian(mixed, (-1, 1))(x, v, z) == ((0.0, by_z[1]), (by_v[2], by_v[1]))


@pytest.mark.parametrize("n", [0, 1, 2])
def test_a_hessian_by_a_tuple_of_one_is_that_block_in_tuples(n):
    args = 2.0, [3.0, 5.0], 7.0
    assert mt.hessian(mixed, (n,))(*args) == ((mt.hessian(mixed, n)(*args),),)


def test_a_row_of_a_block_is_for_an_item_of_the_first_argument():
    def f(u, v):
        return u[0] * v[0] + 2 * u[0] * v[1] + 3 * u[1] * v[2]

    ((_, uv), (vu, _)) = mt.hessian(f, (0, 1))([1.0, 1.0], [1.0, 1.0, 1.0])
    assert uv == [[1.0, 2.0, 0.0], [0.0, 0.0, 3.0]]
    assert vu == [[1.0, 0.0], [2.0, 0.0], [0.0, 3.0]]


def test_a_hessian_by_several_arguments_is_zero_where_the_slope_is_constant():
    assert mt.hessian(lambda x, v: 2.0 * x, (0, 1))(1.0, [1.0]) == ((0.0, [0.0]), ([0.0], [[0.0]]))
    assert mt.hessian(lambda x, v: x * x, (0, 1))(1.0, []) == ((2.0, []), ([], []))


def test_a_hessian_by_several_arguments_takes_values_and_can_be_differentiated():
    x, v0 = Value(2.0), Value(3.0)
    ((xx, (xv0, _)), _) = mt.hessian(mixed, (0, 1))(x, [v0, 5.0], 7.0)
    assert (xx.data, xv0.data) == (36.0, 12.0)
    xx.backward()  # of 6 * x * v[0]
    assert (x.grad, v0.grad) == (18.0, 12.0)

    def by_x_and_v0(x, v, z):
        return mt.hessian(mixed, (0, 1))(x, v, z)[0][1][0]

    assert mt.grad(by_x_and_v0)(2.0, [3.0, 5.0], 7.0) == 12.0  # of 3 x ** 2

    def by_v0_and_v1(x, v, z):
        return mt.hessian(mixed, (1, 2))(x, v, z)[0][0][0][1]

    assert mt.grad(by_v0_and_v1, (1, 2))(2.0, [3.0, 5.0], 7.0) == ([14.0, 0.0], 6.0)


@pytest.mark.parametrize("argnums", [(0, 3), (-4,)])
def test_a_hessian_by_an_argument_that_is_not_there_says_so(argnums):
    message = f"place of an argument, counted from 0, below 3; got {argnums[-1]}"
    with pytest.raises(ValueError, match=message):
        mt.hessian(mixed, argnums)(2.0, [3.0, 5.0], 7.0)


@pytest.mark.parametrize("transform", [mt.grad, mt.value_and_grad, mt.jacobian, mt.hessian])
def test_an_object_of_the_users_with_an_attribute_of_is_a_function(transform):
    class Sum:
        of = "parts"

        def __call__(self, x):
            return x * x

    assert transform(Sum())(3.0) == transform(lambda x: x * x)(3.0)
    assert mt.compile(transform(Sum()))(3.0) == transform(Sum())(3.0)
