"""Defects that were found in use.

Each test failed before its defect was mended, apart from those that say "still" in their names:
they guard what the mending might have broken.
"""

from __future__ import annotations

import concurrent.futures
import copy
import math
import sys
from fractions import Fraction

import pytest
from machine import threads
from outcomes import bits

import microtrain as mt
from microtrain import MLP, Module, Value
from microtrain.cli import main
from microtrain.training.verdict import verdict

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
    message = f"argnums expects numbers of arguments, got {argnums[-1]} for 3"
    with pytest.raises(ValueError, match=message):
        mt.hessian(mixed, argnums)(2.0, [3.0, 5.0], 7.0)


# Deep copies.


def chain(n):
    """Return a leaf, a value in the middle and the last of a chain of n sums."""
    x = Value(1.0, label="x")
    y = x
    values = []
    for _ in range(n):
        y = y + x
        values.append(y)
    return x, values[n // 2], y


@pytest.mark.parametrize("n", [60, 20_000])
@pytest.mark.parametrize("last_first", [False, True])
def test_values_that_are_copied_together_stay_in_one_graph_at_any_size(n, last_first):
    x, middle, last = chain(n)
    if last_first:
        last2, middle2, x2 = copy.deepcopy((last, middle, x))
    else:
        x2, middle2, last2 = copy.deepcopy([x, middle, last])
    assert not {x2, middle2, last2} & {x, middle, last}
    last2.backward()
    assert (x2.grad, middle2.grad) == (n + 1.0, 1.0)
    assert (x.grad, middle.grad, last.grad) == (0.0, 0.0, 0.0)


def test_all_values_of_a_long_chain_are_copied_in_a_list_in_time_that_grows_with_its_length():
    values = [Value(1.0)]
    for _ in range(20_000):
        values.append(values[-1] + 1.0)
    again = copy.deepcopy(values)
    assert all(after.parents == (before,) for before, after in zip(again, again[1:]))


def test_a_model_is_copied_with_the_losses_that_were_computed_with_it():
    model = MLP(3, [4, 4, 1])
    xs, ys = mt.datasets.toy()
    losses = [mt.squared_error(model(x), y) for x, y in zip(xs, ys)]
    total = mt.dot([1.0] * len(losses), losses)
    again, losses2, total2 = copy.deepcopy((model, losses, total))
    total.backward()
    total2.backward()
    grads = [p.grad for p in model.parameters()]
    assert [p.grad for p in again.parameters()] == grads and any(grads)
    assert [loss.grad for loss in losses2] == [1.0] * len(losses)


def test_a_copy_still_has_everything_that_a_value_has():
    x = Value(3.0, label="x")
    y = x * x
    y.label = "y"
    for _ in range(60):
        y = y * x * 0.5
    y.backward()

    def nodes(value):
        """Return what stands in each node, and the places of its parents."""
        order = [*reversed(mt.engine.graph.topological_sort(value)[0])]
        order += mt.engine.graph.topological_sort(value)[1]
        places = {v: place for place, v in enumerate(order)}
        return [
            (v.data, v.grad, v.label, v.op, v.partials, [places[p] for p in v.parents])
            for v in order
        ]

    again = copy.deepcopy(y)
    assert nodes(again) == nodes(y)
    square = next(v for v in mt.engine.graph.topological_sort(again)[0] if v.label == "y")
    assert square.parents[0] is square.parents[1]


def test_a_parent_that_stands_twice_is_still_copied_once():
    x = Value(3.0)
    again = copy.deepcopy(x * x)
    assert again.parents[0] is again.parents[1] is not x
    again.backward()
    assert (again.parents[0].grad, x.grad) == (6.0, 0.0)


class Named(Value):
    """A leaf with more to it, in a slot and in its dict."""

    __slots__ = ("__dict__", "slot")


def test_copies_of_subclasses_are_still_of_the_subclass_and_have_copies_of_what_it_adds():
    w = Named(2.0)
    w.slot, w.friends = [1], [w, Value(5.0)]
    y = w
    for _ in range(60):
        y = y * w
    w2, y2 = copy.deepcopy((w, y))
    assert type(w2) is Named and w2.data == 2.0
    assert w2.slot == [1] and w2.slot is not w.slot
    assert w2.friends[0] is w2 and w2.friends[1] is not w.friends[1]
    y2.backward()
    assert w2.grad == 61 * 2.0**60 and w.grad == 0.0
    again = copy.deepcopy(Watched(1.0))
    assert (type(again), again.data) == (Watched, 1.0)


def test_a_shallow_copy_still_shares_the_parents_of_a_small_graph():
    x = Value(2.0)
    y = x * x
    again = copy.copy(y)
    assert again is not y and again.parents == (x, x)


# Why a run diverged.

ENGINES = ("eager", "compiled")


class One(Module):
    """A model of one parameter, which a function is applied to."""

    def __init__(self, w, function):
        self.w = Value(w)
        self.function = function

    def __call__(self, x):
        return self.function(self.w, x)


def reasons(w, function, loss=lambda y, _: y, **options):
    """Return what an eager and a compiled run say that they diverged by, and the eager one."""
    runs = [
        mt.train(One(w, function), [1.0], [0.0], loss=loss, engine=engine, **options)
        for engine in ENGINES
    ]
    assert {run.status for run in runs} == {"diverged"}
    assert bits(runs[0]) == bits(runs[1])
    return runs[0].error, runs[0]


def test_a_loss_that_became_infinite_is_the_reason():
    error, run = reasons(1.0, lambda w, x: w * w * w * x, lr=1e30)
    assert error == f"the loss is {run.final_loss} at step {len(run.losses) - 1}"
    assert math.isinf(run.final_loss)
    assert repr(run).endswith(f"{run.final_loss}: {error})")


def test_a_loss_that_is_infinite_or_nan_from_the_first_is_the_reason():
    assert reasons(1e200, lambda w, x: w * w * x)[0] == "the loss is inf at step 0"
    assert reasons(1e200, lambda w, x: -w * w * x)[0] == "the loss is -inf at step 0"
    assert reasons(1e200, lambda w, x: w * w - w * w * x)[0] == "the loss is nan at step 0"


def test_a_gradient_that_was_nan_is_the_reason():
    error, run = reasons(0.0, lambda w, x: (w * w * x).sqrt())
    assert run.losses[0] == 0.0 and math.isnan(run.grad_norms[0])
    assert error == "the loss is nan at step 1, after a gradient that was nan at step 0"


def test_the_text_of_an_arithmetic_error_is_still_the_reason():
    error, _ = reasons(-1.0, lambda w, x: w.log() * x)
    assert error == "log(-1.0) is undefined: log takes a number above 0"


def test_an_arithmetic_error_without_a_text_is_named():
    def loss(y, _):
        raise ArithmeticError

    run = mt.train(One(1.0, lambda w, x: w * x), [1.0], [0.0], loss=loss)
    assert (run.status, run.error) == ("diverged", "ArithmeticError")


def test_a_run_that_goes_on_from_a_checkpoint_diverges_for_the_same_reason(tmp_path):
    def run(steps, **options):
        model = One(0.5, lambda w, x: w * w * x)
        return mt.train(model, [1.0], [0.0], loss=lambda y, _: y, lr=1e3, steps=steps, **options)

    path = tmp_path / "run.json"
    assert run(3, checkpoint=path).error == ""
    again, whole = run(500, checkpoint=path), run(500)
    assert again.error == whole.error == f"the loss is inf at step {len(whole.losses) - 1}"


def test_the_verdict_says_why_once():
    _, run = reasons(1e200, lambda w, x: w * w * x)
    assert verdict(run) == ("diverged", "the loss is inf at step 0")
    _, run = reasons(-1.0, lambda w, x: w.log() * x)
    assert verdict(run) == ("diverged", f"there is no finite loss at step 0: {run.error}")


def test_the_command_says_why_once(capsys):
    main(["train", "--lr", "1e200", "--output-activation", "linear", "--steps", "50"])
    told = [line for line in capsys.readouterr().out.splitlines() if line.startswith("Diverged")]
    assert told == ["Diverged: the loss is inf at step 1. Try a smaller --lr."]
