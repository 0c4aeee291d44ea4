"""The engine: what a Value is, how it behaves as a number, and what its graph costs."""

from __future__ import annotations

import gc
import math
import numbers
import operator
import tracemalloc
from decimal import Decimal
from fractions import Fraction

import pytest
from graphs import floats, graphs, points
from hypothesis import given
from hypothesis import strategies as st

import microtrain as mt
from microtrain import MLP, Value
from microtrain.engine.graph import reset, topological_sort
from microtrain.engine.number import Number

INF, NAN = math.inf, math.nan


# Making one.


@pytest.mark.parametrize("data", [3, 3.0, -0.0, INF, 5e-324, Fraction(1, 3)])
def test_data_is_kept(data):
    v = Value(data, "x")
    assert (v.data, v.grad, v.label, v.op, v.parents) == (data, 0, "x", "", ())
    assert type(v.data) is (Fraction if isinstance(data, Fraction) else float)


def test_nan_is_a_number():
    assert math.isnan(Value(NAN).data)


def test_numpy_scalars_become_floats():
    np = pytest.importorskip("numpy")
    for kind in (np.float64, np.float32, np.int64, np.uint8):
        assert type(Value(kind(3)).data) is float
        for result in (Value(2.0) * kind(3), kind(3) * Value(2.0)):
            assert (result.data, type(result.data)) == (6.0, float)
    for bad in (np.bool_(True), np.complex128(1), np.array([1.0]), np.str_("1")):
        with pytest.raises(TypeError, match="Value expects a number, got"):
            Value(bad)


class Tagged(Number):
    """A number of another kind: a float that remembers that it is one."""

    def __init__(self, x):
        self.x = x

    def __mul__(self, other):
        return Tagged(self.x * (other.x if isinstance(other, Tagged) else other))

    __rmul__ = __mul__

    def __add__(self, other):
        return Tagged(self.x + (other.x if isinstance(other, Tagged) else other))

    __radd__ = __add__

    def __neg__(self):
        return Tagged(-self.x)

    def __sub__(self, other):
        return self + -other

    def __rsub__(self, other):
        return -self + other

    def __truediv__(self, other):
        return Tagged(self.x / other)

    def __abs__(self):
        return Tagged(abs(self.x))

    def perform(self, primitive, operands):
        return Tagged(primitive.call(*[x.x if isinstance(x, Tagged) else x for x in operands]))

    def __pow__(self, n):
        return Tagged(self.x**n)


def test_the_engine_runs_over_any_number():
    v = Value(Tagged(2.0))
    assert v.grad == 0
    y = (v * 3.0).exp() + v.relu() + mt.maximum(1.0, v) + abs(v * Tagged(1.0) * 0 + 1.0) ** 3
    y.backward()
    assert isinstance(y.data, Tagged)
    assert v.grad.x == 3 * math.exp(6) + 1 + 1
    w = Value(1.0)
    mt.maximum(w, v).backward()  # a float beside it is a number of its kind
    assert w.grad.x == 0


@pytest.mark.parametrize(
    "bad", [True, "1.0", None, 1j, [1.0], (1.0,), Decimal(1), b"1", object(), Value(1.0)]
)
def test_what_is_no_number_is_refused_by_name(bad):
    kind = "None" if bad is None else type(bad).__name__
    with pytest.raises(TypeError, match=f"Value expects a number, got {kind}"):
        Value(bad)


def test_other_bad_arguments():
    with pytest.raises(TypeError, match=r"got a?.*Value.*use it as it is, or its .data"):
        Value(Value(1.0))
    with pytest.raises(ValueError, match="fits a float"):
        Value(10**400)
    with pytest.raises(TypeError, match="label expects a str, got int 3"):
        Value(1.0, 3)
    with pytest.raises(TypeError, match="list .*1, 2, 3.*[.][.][.]$"):
        Value([1, 2, 3] * 50)


# Arithmetic.


def test_micrograds_example():
    a, b = Value(-4.0), Value(2.0)
    c = a + b
    d = a * b + b**3
    c += c + 1
    c += 1 + c + (-a)
    d += d * 2 + (b + a).relu()
    d += 3 * d + (b - a).relu()
    e = c - d
    f = e**2
    g = f / 2.0
    g += 10.0 / f
    g.backward()
    assert [f"{x:.4f}" for x in (g.data, a.grad, b.grad)] == ["24.7041", "138.8338", "645.5773"]


@given(floats(), floats())
def test_operators_compute_what_floats_do(x, y):
    v, w = Value(x), Value(y)
    for left, right in ((v, w), (v, y), (x, w)):
        assert (left + right).data == x + y
        assert (left - right).data == x - y
        assert (left * right).data == x * y
        if y:
            assert (left / right).data == x / y
        if x > 1e-3:
            assert (left**right).data == (x * x if y == 2 else x**y)
    assert ((-v).data, (+v).data, abs(v).data) == (-x, x, abs(x))


def test_constants_make_no_nodes():
    v = Value(2.0)
    for result in (v + 1, 1 - v, v * 3, 3 / v, v / 3, v**3, 3**v, mt.maximum(1, v)):
        assert result.parents == (v,)
    assert mt.dot([v, 1.0], [3.0, 2.0], 1.0).parents == (v,)
    assert mt.dot([1.0], [2.0], 3.0) == 5.0
    assert type((2 ** Value(2.0)).data) is float
    assert (+v) is v


@pytest.mark.parametrize("bad", ["a", None, True, [1.0], 1j, Decimal(1)])
def test_operators_refuse_what_is_no_number(bad):
    v = Value(2.0)
    for operate in (
        lambda: v + bad,
        lambda: bad + v,
        lambda: v - bad,
        lambda: bad - v,
        lambda: v * bad,
        lambda: v / bad,
        lambda: bad / v,
        lambda: v**bad,
        lambda: bad**v,
        lambda: v < bad,
        lambda: v.maximum(bad),
        lambda: mt.dot([v], [bad]),
        lambda: v.backward(bad),
    ):
        with pytest.raises(TypeError):
            operate()


@pytest.mark.parametrize("name", ["add", "sub", "mul", "truediv", "pow"])
def test_an_array_beside_a_value_operates_on_each_element(name):
    np = pytest.importorskip("numpy")
    operate, numbers_in = getattr(operator, name), [1.0, 3.0]
    v, array = Value(2.0), np.array(numbers_in)
    assert [y.data for y in operate(v, array)] == [operate(2.0, x) for x in numbers_in]
    assert [y.data for y in operate(array, v)] == [operate(x, 2.0) for x in numbers_in]


@given(st.lists(st.tuples(floats(), floats()), max_size=6), floats())
def test_dot_adds_in_its_written_order(pairs, bias):
    expected = bias
    for w, x in pairs:
        expected = expected + w * x
    result = mt.dot([Value(w) for w, _ in pairs], [x for _, x in pairs], Value(bias))
    assert result.data.hex() == expected.hex()


def test_dot_wants_as_many_weights_as_inputs():
    with pytest.raises(ValueError, match="as many weights as inputs, got 2 and 1"):
        mt.dot([1.0, 2.0], [Value(1.0)])


def test_dot_of_rationals_stays_exact():
    v = Value(Fraction(1, 3))
    assert mt.dot([v, v], [1, Fraction(1, 7)]).data == Fraction(8, 21)


def test_powers_at_the_edges():
    def slope(x, n):
        v = Value(x)
        (v**n).backward()
        return v.grad

    assert [slope(x, 0) for x in (0.0, -1.0, INF, NAN)] == [0, 0, 0, 0]
    assert slope(0.0, 1) == 1
    assert slope(0.0, 0.5) == INF
    assert slope(-0.0, 0.5) == INF
    assert slope(1e-300, -0.5) == -INF
    assert slope(-1e-300, -1) == -INF
    assert (Value(1e200) ** 2).data == INF  # x**2 is x * x
    assert (Value(-2.0) ** 3).data == -8.0
    x = 1.4196428934016643
    assert (Value(x) ** 2).data == x * x
    for operate, error, message in (
        (lambda: Value(-8.0) ** (1 / 3), mt.DomainError, r"-8.0 \*\* 0.333.* is not a real number"),
        (lambda: Value(0.0) ** -1, ZeroDivisionError, r"0.0 \*\* -1.0: zero to a negative power"),
        (lambda: Value(1e200) ** 3, OverflowError, r"1e\+200 \*\* 3.0 is too large for a float"),
        (lambda: Value(-1.0) ** Value(2.0), mt.DomainError, "takes a base above 0"),
        (lambda: 0.0 ** Value(2.0), mt.DomainError, r"0.0 \*\* 2.0 is undefined.* base above 0"),
    ):
        with pytest.raises(error, match=message):
            operate()


def test_division_at_the_edges():
    with pytest.raises(ZeroDivisionError, match=r"1.0 / 0.0: division by zero"):
        Value(1.0) / Value(0.0)
    with pytest.raises(ZeroDivisionError, match=r"1.0 / 0.0"):
        1 / Value(0.0)
    with pytest.raises(ZeroDivisionError, match=r"1.0 / 0"):
        Value(1.0) / 0
    a, b = Value(1e-200), Value(1e-200)
    (a / b).backward()  # b * b would underflow
    assert (a.grad, b.grad) == (1e200, -1e200)


def test_slopes_where_there_is_none():
    def slopes(f, *xs):
        leaves = [Value(x) for x in xs]
        f(*leaves).backward()
        return [leaf.grad for leaf in leaves]

    assert slopes(mt.relu, 0.0) == [0]
    assert slopes(abs, 0.0) == [0]
    assert slopes(mt.sqrt, 0.0) == [INF]
    assert slopes(mt.maximum, 1.0, 1.0) == [0.5, 0.5]
    assert slopes(mt.minimum, INF, 2.0) == [0.0, 1.0]
    assert slopes(abs, NAN) == [0]


# Backward.


def test_values_in_between_hold_the_gradient_of_the_last_pass():
    x = Value(3.0)
    y = x * x
    z = y * 2
    z.backward()
    z.backward()
    assert (x.grad, y.grad, z.grad) == (24.0, 2.0, 1.0)
    y.backward(5.0)
    assert (x.grad, y.grad, z.grad) == (54.0, 5.0, 1.0)


def test_odd_graphs():
    leaf, other = Value(2.0), Value(5.0)
    leaf.backward()
    leaf.backward(3)
    assert (leaf.grad, other.grad) == (4.0, 0.0)
    diamond = (leaf * 2) * (leaf * 3)
    leaf.grad = 0.0
    diamond.backward()
    assert leaf.grad == 24.0
    many = sum([leaf] * 1000)
    leaf.grad = 0.0
    many.backward()
    assert leaf.grad == 1000.0
    power = leaf**leaf
    leaf.grad = 0.0
    power.backward()
    assert leaf.grad == pytest.approx(4 * (1 + math.log(2)))


def test_an_int_assigned_to_data_is_a_number_like_any():
    v = Value(2.0)
    v.data = 3
    (v * v).backward()
    v.backward(0.5)
    assert v.grad == 6.5


def test_parents_are_visited_from_right_to_left():
    a, b, c = Value(1.0, "a"), Value(2.0, "b"), Value(3.0, "c")
    first, second, third = a * 2, b * 2, c * 2
    root = (first + second) + third
    order, leaves = topological_sort(root)
    assert order[0] is third
    assert [leaf.label for leaf in leaves] == ["c", "b", "a"]


@given(st.data())
def test_parents_come_before_what_was_computed_from_them(data):
    graph = data.draw(graphs())
    root = graph(*map(Value, data.draw(points(graph.n_leaves))))
    order, leaves = topological_sort(root)
    place = {value: i for i, value in enumerate([*leaves, *order])}
    assert len(place) == len(order) + len(leaves)
    assert place[root] == len(place) - 1
    assert all(place[p] < place[v] for v in order for p in v.parents)


def test_a_chain_of_a_hundred_thousand():
    leaf = v = Value(1.0)
    for _ in range(50_000):
        v = (v + leaf) * 0.5
    assert v.data == 1.0
    v.backward()
    assert leaf.grad == 1.0
    del v


def test_a_node_costs_at_most_250_bytes():
    leaf = v = Value(1.0)
    n = 10_000
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for _ in range(n):
        v = v * leaf
    used = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert used / n <= 250


def test_nothing_is_left_for_the_cycle_collector():
    mt.train(steps=500, lr=lambda step: 0.05)  # so that nothing of other tests is kept any more
    gc.collect()
    gc.disable()
    try:
        history = mt.train(
            steps=500, lr=lambda step: 0.05
        )  # recorded and written for this run alone
        history = mt.train(steps=3)
        loss = mt.mse_loss([history.model(x) for x in mt.datasets.toy()[0]], [1.0] * 4)
        loss.backward()
        del loss, history
        gc.set_debug(gc.DEBUG_SAVEALL)
        gc.collect()
        ours = [x for x in gc.garbage if type(x).__module__.startswith("microtrain")]
        assert ours == []
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()


# Behaving like a number.


def test_comparisons_go_by_data():
    a, b = Value(1.0), Value(2.0)
    assert a < b and a <= b and b > a and b >= a
    assert a < 1.5 and 1.5 > a and a <= 1 and a >= 1.0  # noqa: SIM300
    assert not (a > b or a >= b or b < a or b <= a)
    assert not (a < 1.0 or a > 1.0) and a <= 1.0 <= a
    assert bool(a) and not bool(Value(0.0))
    assert max([a, b]) is b


def test_where_hands_the_gradient_to_what_was_chosen():
    for number, chosen, slopes in ((0.5, 2.0, (3.0, 0.0)), (0.0, 5.0, (0.0, 3.0))):
        c, a, b = Value(number), Value(2.0), Value(5.0)
        y = mt.where(c > 0, a, b)
        y.backward(3.0)
        assert (y.data, a.grad, b.grad, c.grad) == (chosen, *slopes, 0.0)


def test_a_pass_adds_to_minus_zero_which_changes_no_bit():
    x = Value(1.0)
    between = x + 1.0
    (between * -0.0).backward()
    assert str(between.grad) == "-0.0" and str(x.grad) == "0.0"
    source = mt.compile(mt.grad(lambda x: 3.0 * x * x)).source
    assert "return 0.0 + (v1 + v1)" in source  # with no other zero


def test_gradients_are_zero_before_the_first_pass():
    a, b = Value(2.0), Value(3)
    assert [v.grad for v in (a, b, a + b, a * b, a.tanh(), mt.dot([a], [b]))] == [0.0] * 6
    assert Value(Fraction(1, 2)).grad == 0


def test_a_gradient_that_is_reset_is_zero_of_the_kind_of_its_number():
    leaves = [Value(2.0), Value(Fraction(1, 3))]
    for leaf in leaves:
        (leaf * leaf).backward()
    reset(leaves)
    assert [(leaf.grad, type(leaf.grad)) for leaf in leaves] == [(0, float), (0, int)]


def test_equality_is_identity():
    a, b = Value(1.0), Value(1.0)
    assert a == a and a != b and hash(a) != hash(b)
    assert {a: 1}[a] == 1 and b not in [a]
    assert a != "text"
    for number in (1.0, 1, True, Fraction(1)):
        with pytest.raises(TypeError, match=r"write v.data =="):
            a == number  # noqa: B015
        with pytest.raises(TypeError, match=r"write v.data =="):
            number != a  # noqa: B015


def test_no_float_in_silence():
    v = Value(1.0)
    for convert in (float, math.exp, complex):
        with pytest.raises(TypeError, match=r"its gradient would be lost: use mt.exp"):
            convert(v)
    with pytest.raises(TypeError):
        int(v)


def test_text():
    v = Value(1.5, label="w")
    v.grad = 2.0
    assert repr(v) == "Value(data=1.5, grad=2.0, label='w')"
    assert f"{v:.3f} {Value(2.0)}" == "1.500 Value(data=2.0, grad=0.0)"


def test_micrograds_names():
    import microtrain.nn.micrograd

    a = microtrain.nn.micrograd.Value(3)
    b = a * 2
    assert (a._prev, a._op, b._prev, b._op) == (set(), "", {a}, "*")


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
    with pytest.raises(TypeError, match=r"has become a Value; write p.data -= lr \* p\.grad"):
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


def test_a_value_is_a_number_to_those_who_ask_for_any_kind_of_it():
    assert isinstance(Value(1.0), numbers.Number) and not isinstance(Value(1.0), numbers.Real)
    v = mt.grad(lambda x: 2 * x if isinstance(x, numbers.Number) else sum(x))
    assert v(1.0) == 2.0
