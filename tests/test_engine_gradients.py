"""Every gradient is right: against central differences, and exactly, over rationals."""

from __future__ import annotations

import concurrent.futures
import math
import sys
from fractions import Fraction

import pytest
from graphs import RATIONAL, SMOOTH, Dual, Graph, floats, graphs, points, rationals
from hypothesis import assume, given
from hypothesis import strategies as st
from machine import threads

import microtrain as mt
from microtrain import Value
from microtrain.engine.value import node


@given(st.data())
def test_random_graphs_against_central_differences(data):
    graph = data.draw(graphs())
    inputs = data.draw(points(graph.n_leaves))
    assume(abs(graph(*map(mt.Value, inputs)).data) < 1e6)
    assert mt.gradcheck(graph, inputs)


@pytest.mark.parametrize("name", sorted(SMOOTH))
@given(inputs=points(3))
def test_every_operation_against_central_differences(name, inputs):
    arity, function = SMOOTH[name]
    assert mt.gradcheck(lambda *v: function(*v[:arity]), inputs)


@given(st.data())
def test_random_graphs_against_exact_rational_derivatives(data):
    graph = data.draw(graphs("rational", most=6))
    inputs = data.draw(rationals(graph.n_leaves))
    leaves = [mt.Value(x) for x in inputs]
    result, expected = graph(*leaves), graph(*Dual.leaves(inputs))
    result.backward()
    assert result.data == expected.value
    assert isinstance(result.data, Fraction)
    assert tuple(leaf.grad for leaf in leaves) == expected.slopes
    assert all(isinstance(leaf.grad, Fraction | int) for leaf in leaves)


@pytest.mark.parametrize("name", sorted(RATIONAL))
@given(inputs=rationals(3))
def test_every_rational_operation_exactly(name, inputs):
    arity, _ = RATIONAL[name]
    graph = Graph(3, ((name, tuple(range(arity))),), "rational")
    leaves = [mt.Value(x) for x in inputs]
    result, expected = graph(*leaves), graph(*Dual.leaves(inputs))
    result.backward()
    assert (result.data, *(leaf.grad for leaf in leaves)) == (expected.value, *expected.slopes)


@given(st.data(), floats(), floats())
def test_linearity(data, a, b):
    f = data.draw(graphs())
    g = Graph(f.n_leaves, data.draw(graphs()).operations, "smooth")
    inputs = data.draw(points(f.n_leaves))

    def gradient(h):
        leaves = [mt.Value(x) for x in inputs]
        h(*leaves).backward()
        return [leaf.grad for leaf in leaves]

    fs, gs = gradient(f), gradient(g)
    both = gradient(lambda *v: a * f(*v) + b * g(*v))
    for df, dg, d in zip(fs, gs, both):
        assert d == pytest.approx(a * df + b * dg, rel=1e-9, abs=1e-9 * (1 + abs(df) + abs(dg)))


@given(st.data())
def test_two_passes_give_exactly_twice_the_gradient(data):
    graph = data.draw(graphs())
    leaves = [mt.Value(x) for x in data.draw(points(graph.n_leaves))]
    result = graph(*leaves)
    result.backward()
    once = [leaf.grad for leaf in leaves]
    result.backward()
    assert [leaf.grad for leaf in leaves] == [2 * g for g in once]


@given(st.data(), floats())
def test_the_seed_scales_the_gradient(data, seed):
    graph = data.draw(graphs("rational", most=5))
    inputs = data.draw(rationals(graph.n_leaves))
    leaves = [mt.Value(x) for x in inputs]
    graph(*leaves).backward(seed)
    expected = graph(*Dual.leaves(inputs)).slopes
    assert [leaf.grad for leaf in leaves] == [Fraction(seed) * d for d in expected]


@given(
    st.integers(1, 3),
    st.lists(st.integers(1, 3), min_size=1, max_size=3),
    st.sampled_from(["tanh", "sigmoid", "linear"]),
    st.sampled_from(["squared_error", "hinge", "cross_entropy"]),
    st.data(),
)
def test_random_networks_against_central_differences(n_in, sizes, activation, loss, data):
    seed = data.draw(st.integers(0, 9))
    if loss == "hinge":
        sizes[-1] = 1
    if loss == "cross_entropy":
        sizes[-1] += 1
    model = mt.MLP(n_in, sizes, activation, "linear", seed=seed)
    x = data.draw(points(n_in))
    target = {
        "squared_error": [0.5] * sizes[-1],
        "hinge": -1.0,
        "cross_entropy": data.draw(st.integers(0, sizes[-1] - 1)),
    }[loss]

    def f(*parameters_and_inputs):
        return getattr(mt, loss)(model(parameters_and_inputs[-n_in:]), target)

    if loss == "hinge":
        assume(abs(f(*map(mt.Value, x)).data) > 1e-3)
    assert mt.gradcheck(f, [*model.parameters(), *x])


def test_gradcheck_catches_a_wrong_derivative():
    def wrong_sine(v):
        return node(mt.sin(v.data), "sin", (v,), (mt.cos(v.data) + 1e-3,))

    def no_derivative(v):
        return node(mt.sin(v.data), "sin", (), ())

    assert mt.gradcheck(lambda v: v.sin(), [0.3])
    assert mt.gradcheck(lambda v: v.sin(), [0.3], rtol=0.0) and mt.gradcheck(abs, [0.3], atol=0.0)
    with pytest.raises(mt.GradcheckError, match=r"by inputs\[0\] = 0.3: backward gives 0.956"):
        mt.gradcheck(wrong_sine, [0.3])
    with pytest.raises(mt.GradcheckError, match="backward gives 0.0, differences 0.955"):
        mt.gradcheck(no_derivative, [0.3])


@pytest.mark.parametrize("tolerance", ["rtol", "atol"])
def test_gradcheck_refuses_an_infinite_tolerance_as_it_checks_nothing(tolerance):
    with pytest.raises(ValueError, match=f"{tolerance} expects a finite number of at least 0"):
        mt.gradcheck(lambda v: 0.0 * v, [1.0], **{tolerance: math.inf})


def test_gradcheck_names_the_worst_input():
    def f(a, bs):
        return node(a.data + 3 * bs[1].data, "f", (a, bs[1]), (1.01, 2.0))

    with pytest.raises(mt.GradcheckError, match=r"by inputs\[1\]\[1\] = 7.0"):
        mt.gradcheck(f, [5.0, [6.0, 7.0]])

    def undefined(a, b):  # which is worse than wrong or right
        return node(a.data + b.data, "undefined", (a, b), (math.nan, 1.0))

    with pytest.raises(mt.GradcheckError, match=r"by inputs\[0\] = 5.0: backward gives nan"):
        mt.gradcheck(undefined, [5.0, 6.0])


def test_gradcheck_leaves_given_values_as_they_were():
    v = mt.Value(0.5)
    v.grad = 4.0
    assert mt.gradcheck(lambda v: v.exp(), [v])
    assert (v.data, v.grad) == (0.5, 4.0)

    def failing(v):
        if v.data != 0.5:
            raise RuntimeError
        return v * v

    with pytest.raises(RuntimeError):
        mt.gradcheck(failing, [v])
    assert (v.data, v.grad) == (0.5, 4.0)


@pytest.mark.parametrize(
    ("f", "inputs", "message"),
    [
        (lambda a: a.data, [1.0], "f is expected to return a Value, got float 1.0"),
        (lambda a: a, ["1"], r"inputs\[0\] has to be a number, or a list, .* got str"),
        (lambda a: a, 3.0, r"one input for each argument .*one list x, \[x\]\), got float"),
        (lambda a: a[0], [[None]], r"inputs\[0\]\[0\] has to be .* got None"),
    ],
)
def test_gradcheck_refuses(f, inputs, message):
    with pytest.raises(TypeError, match=message):
        mt.gradcheck(f, inputs)


def test_gradcheck_takes_nestings_and_arrays():
    np = pytest.importorskip("numpy")
    f = lambda p, v: mt.dot(p["w"][0], v) * p["b"] + p["w"][1][0]  # noqa: E731
    wrong = lambda p, v: f(p, v) + mt.detach(p["b"]) * 9.0  # noqa: E731
    p, v = {"w": ([1.0, 2.0], [3.0]), "b": 0.5}, [3.0, 4.0]
    for each in (v, np.array(v), np.array([3, 4]), (np.float32(3.0), Fraction(4))):
        assert mt.gradcheck(f, [p, each])
    with pytest.raises(mt.GradcheckError, match=r"^by inputs\[0\]\['b'\] = 0.5: "):
        mt.gradcheck(wrong, (p, v))
    with pytest.raises(TypeError, match=r"\* of an array and int 2"):
        mt.gradcheck(lambda v: mt.dot(2 * v, v), [np.array(v)])


@pytest.mark.parametrize(("f", "inputs"), [(sum, [1.0, 2.0]), (lambda v: v[0], [1.0])])
def test_gradcheck_says_where_a_list_of_arguments_was_expected(f, inputs):
    with pytest.raises(TypeError) as caught:
        mt.gradcheck(f, inputs)
    assert caught.value.__notes__ == [
        "inputs has one for each argument: for a function of one list x, [x]"
    ]
    assert mt.gradcheck(f, [inputs])


def test_gradcheck_wants_to_move():
    with pytest.raises(mt.GradcheckError, match=r", differences .* \(eps moves it by 100\)"):
        mt.gradcheck(mt.sin, [1e8])
    assert mt.gradcheck(mt.sin, [1e8], eps=1e-13)
    with pytest.raises(mt.DomainError, match="log") as caught:
        mt.gradcheck(mt.log, [1e-9])
    note = "inputs[0] = 1e-09 was moved by 1e-06: a smaller eps moves it less"
    assert caught.value.__notes__ == [note]
    assert mt.gradcheck(mt.log, [1e-9], eps=1e-14)
    with pytest.raises(ValueError, match="eps expects a finite number above 0, got 0"):
        mt.gradcheck(lambda a: a, [1.0], eps=0)


def test_gradcheck_leaves_other_gradients_alone():
    model = mt.MLP(1, [2, 1])
    assert mt.gradcheck(lambda x: model([x]), [0.3])
    assert not any(p.grad for p in model.parameters())


def test_gradcheck_fails_where_the_function_is_not_finite():
    with pytest.raises(mt.GradcheckError, match="nan"):
        mt.gradcheck(lambda v: v * float("inf") * 0.0, [1.0])


def test_the_tolerances_of_gradcheck_are_given_by_name():
    assert mt.gradcheck(lambda a: a * a, [1.0], eps=1e-5, rtol=1e-3, atol=1e-5)
    with pytest.raises(TypeError):
        mt.gradcheck(lambda a: a * a, [1.0], 1e-5)


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


@threads
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
