"""Copies and pickles of Values: a graph of any size stays one graph."""

from __future__ import annotations

import copy
import pickle

import pytest

import microtrain as mt
from microtrain import MLP, Value


def by_pickle(x):
    return pickle.loads(pickle.dumps(x))


@pytest.mark.parametrize("copied", [copy.deepcopy, by_pickle])
@pytest.mark.parametrize("n", [1, 50, 99, 100, 101, 5000])
def test_a_graph_of_any_depth_is_copied_with_its_leaves(n, copied):
    x, w = Value(0.999, label="x"), Value(0.001)
    y = x
    for _ in range(n):
        y = (y * x + w).tanh() if n < 200 else y * x + w
    y.label = "y"
    y.backward()
    (x2, w2), y2 = copied([(x, w), y])
    assert (y2.data, y2.grad, y2.label, y2.op) == (y.data, y.grad, "y", y.op)
    assert (x2.label, x2.grad, w2.grad) == ("x", x.grad, w.grad)
    y.backward()
    y2.backward()
    assert (x2.grad, w2.grad) == (x.grad, w.grad)


@pytest.mark.parametrize("copied", [copy.deepcopy, by_pickle])
def test_a_value_that_others_share_is_copied_once(copied):
    shared = Value(2.0) * 3.0
    shared2, square2 = copied(shared + shared * shared).parents
    assert square2.parents == (shared2, shared2)
    first, second = copied([shared + 1.0, shared + 2.0])
    assert first.parents == second.parents != (shared,)


@pytest.mark.slow
def test_a_hundred_thousand_nodes_are_pickled():
    x = Value(1.0)
    y = x
    for _ in range(100_000):
        y = y + x
    x2, y2 = pickle.loads(pickle.dumps((x, y)))
    y2.backward()
    assert x2.grad == 100_001.0


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


class Guarded(Value):
    """A leaf whose gradient is a property."""

    grad = property(lambda self: 0.0, lambda self, new: None)


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
    again = copy.deepcopy(Guarded(1.0))
    assert (type(again), again.data, again.grad) == (Guarded, 1.0, 0.0)


def test_a_shallow_copy_still_shares_the_parents_of_a_small_graph():
    x = Value(2.0)
    y = x * x
    again = copy.copy(y)
    assert again is not y and again.parents == (x, x)


def test_a_shallow_copy_is_another_leaf_that_shares_what_a_subclass_adds():
    w = Named(2.0)
    w.slot, w.friends = [1], [w]
    again = copy.copy(w)
    assert again is not w and (type(again), again.data) == (Named, 2.0)
    assert again.slot is w.slot and again.friends is w.friends
    again.data = 3.0
    assert w.data == 2.0 and copy.copy(Guarded(1.0)).data == 1.0


def test_a_shallow_copy_of_an_argument_keeps_its_gradient():
    def f(x):
        return copy.copy(x) * x

    assert mt.grad(f)(3.0) == mt.compile(mt.grad(f))(3.0) == 6.0
    assert mt.compile(f).value_and_grad(3.0) == (9.0, 6.0)
    assert mt.grad(mt.grad(f))(3.0) == 2.0


def test_a_deep_copy_of_an_argument_keeps_its_gradient():
    def f(p):
        q = copy.deepcopy(p)
        q["w"][0] = q["w"][0] * 3.0
        return q["w"][0] * copy.deepcopy(q["w"][1] ** 2)

    p = {"w": [2.0, 5.0]}
    expected = {"w": [75.0, 60.0]}
    assert mt.grad(f)(p) == mt.compile(mt.grad(f))(p) == expected
    assert mt.compile(f).value_and_grad(p) == (150.0, expected)
    assert mt.hessian(f)(p)["w"][1]["w"] == [30.0, 12.0]
    w = Value(2.0)
    assert mt.grad(lambda x: x * copy.deepcopy(w))(3.0) == 2.0
    assert copy.deepcopy(w) is not w


def test_a_model_of_arguments_is_not_trained_compiled():
    def f(v):
        model = MLP(1, [1], activation="sigmoid")  # of a kind that no other test compiles
        model.layers[0].neurons[0].weights = v
        mt.train(model, [[1.0]], [1.0], engine="compiled")
        return v[0]

    with pytest.raises(mt.CompileError, match="a copy of it has others"):
        mt.grad(f)([0.5])
