"""The losses: values, gradients at the extremes, and what they refuse."""

from __future__ import annotations

import decimal
import math

import pytest
from graphs import LOSSES, floats, points
from hypothesis import given, settings
from hypothesis import strategies as st

import microtrain as mt
from microtrain import Value
from microtrain.nn.losses import TAKES, encode_target


def test_each_loss_is_among_those_that_random_trainings_draw():
    missing = [loss.__name__ for loss in TAKES if loss not in LOSSES]
    assert not missing, f"add {missing} to LOSSES in tests/graphs.py, with targets for it"


WIDE = decimal.Context(prec=1000, Emin=-99999, Emax=99999)


@given(points(3), points(3))
def test_squared_error_is_the_sum_over_outputs(outputs, targets):
    expected = 0.0
    for p, t in zip(outputs, targets):
        expected = expected + (p - t) * (p - t)
    assert mt.squared_error([Value(p) for p in outputs], targets).data == expected
    first = (outputs[0] - targets[0]) ** 2
    for prediction in (Value(outputs[0]), [Value(outputs[0])]):
        for target in (targets[0], [targets[0]]):
            assert mt.squared_error(prediction, target).data == pytest.approx(first)


@given(st.lists(st.tuples(floats(), floats()), min_size=1))
def test_mse_loss_is_the_formula_of_the_lesson(pairs):
    predictions, targets = [Value(p) for p, _ in pairs], [t for _, t in pairs]
    by_hand = sum((yout - yt) ** 2 for yout, yt in zip(predictions, targets))
    assert mt.mse_loss(predictions, targets).data.hex() == by_hand.data.hex()
    assert mt.mse_loss(predictions, targets, "mean").data == by_hand.data / len(pairs)


@given(floats(), st.sampled_from([1, -1, 1.0, -1.0]))
def test_hinge(prediction, target):
    assert mt.hinge(Value(prediction), target).data == max(0.0, 1 - target * prediction)
    assert mt.hinge([Value(prediction)], target).data == max(0.0, 1 - target * prediction)


def exact_cross_entropy(zs, k):
    """Loss and gradients with 1000 digits."""
    es = [WIDE.exp(decimal.Decimal(z)) for z in zs]
    total = es[0]
    for e in es[1:]:
        total = WIDE.add(total, e)
    others = [e for i, e in enumerate(es) if i != k]
    rest = others[0]
    for e in others[1:]:
        rest = WIDE.add(rest, e)
    gradients = [WIDE.divide(-rest if i == k else e, total) for i, e in enumerate(es)]
    return float(WIDE.ln(WIDE.divide(total, es[k]))), [float(g) for g in gradients]


@settings(max_examples=settings.default.max_examples // 2)  # a thousand digits take time
@given(
    st.lists(st.floats(-1000, 1000) | st.sampled_from([-1000.0, 0.0, 30.0, 1000.0]), min_size=2),
    st.data(),
)
def test_cross_entropy_keeps_12_digits(zs, data):
    zs = zs[:4]
    k = data.draw(st.integers(0, len(zs) - 1))
    logits = [Value(z) for z in zs]
    loss = mt.cross_entropy(logits, k)
    loss.backward()
    expected, gradients = exact_cross_entropy(zs, k)
    assert loss.data == pytest.approx(expected, rel=1e-12, abs=1e-300)
    # The difference of two logits is rounded before it is exponentiated: that error comes on top.
    rel = 1e-12 + 2e-16 * max(map(abs, zs)) * 4
    assert [z.grad for z in logits] == pytest.approx(gradients, rel=rel, abs=1e-300)


def test_cross_entropy_takes_an_index_or_a_one_hot_list():
    zs = [0.3, -0.2, 0.9]
    expected = math.log(sum(map(math.exp, zs))) - zs[1]
    for target in (1, 1.0, [0.0, 1.0, 0.0], (0, 1, 0)):
        loss = mt.cross_entropy([Value(z) for z in zs], target)
        assert loss.data == pytest.approx(expected)
    v = Value(0.3)
    mt.cross_entropy([v, -0.2, 0.9], 0).backward()  # logits that are plain numbers are constants
    assert v.grad == pytest.approx(math.exp(0.3) / sum(map(math.exp, zs)) - 1)


def test_a_logit_may_be_masked():
    logits = [Value(1.0), Value(2.0), Value(-math.inf)]
    loss = mt.cross_entropy(logits, 0)
    loss.backward()
    assert loss.data == pytest.approx(math.log1p(math.e))
    assert [z.grad for z in logits] == pytest.approx([-0.7310585786300049, 0.7310585786300049, 0])


def test_targets_are_encoded_as_the_generated_code_takes_them():
    assert [encode_target(mt.squared_error, y, 1) for y in (2, [2], (2.0,))] == [2.0] * 3
    assert encode_target(mt.squared_error, [1, 2], 2) == [1.0, 2.0]
    assert encode_target(mt.hinge, [-1], 1) == -1.0
    assert encode_target(mt.cross_entropy, 1, 2) == [0.0, 1.0]
    assert encode_target(max, "as it is", 1) == "as it is"


@pytest.mark.parametrize(
    ("operate", "error", "message"),
    [
        (
            lambda v: mt.squared_error(v, [1.0, 2.0]),
            ValueError,
            "each of 1 outputs of the prediction, got 2",
        ),
        (
            lambda v: mt.squared_error([v, v], 1.0),
            ValueError,
            "each of 2 outputs of the prediction, got 1",
        ),
        (lambda v: mt.squared_error(v, "1"), TypeError, "target expects a number.* got str '1'"),
        (lambda v: mt.squared_error(v, None), TypeError, "target expects a number.* got None"),
        (lambda v: mt.squared_error([v, v], [1.0, "2"]), TypeError, "expects numbers, got str"),
        (lambda v: mt.hinge(v, 0.5), ValueError, "hinge expects targets of 1 or -1, got float 0.5"),
        (lambda v: mt.hinge([v, v], 1), ValueError, "hinge expects one output, got 2"),
        (lambda v: mt.cross_entropy([v, v], 2), ValueError, "class index from 0 to 1, got int 2"),
        (lambda v: mt.cross_entropy([v, v], -1), ValueError, "class index from 0 to 1, got int -1"),
        (lambda v: mt.cross_entropy([v, v], 0.5), ValueError, "class index.* got float 0.5"),
        (lambda v: mt.cross_entropy([v, v], [1.0, 1.0]), ValueError, "class index.* got list"),
        (lambda v: mt.cross_entropy([v, v], "a"), TypeError, "got str 'a'"),
        (
            lambda v: mt.cross_entropy([v, "a"], 0),
            TypeError,
            "prediction expects a number or a Value",
        ),
        (lambda v: mt.cross_entropy([], 0), ValueError, "at least 2 logits, got 0"),
        (lambda v: mt.cross_entropy([v], 0), ValueError, "at least 2 logits, got 1"),
        (lambda v: mt.mse_loss([], []), ValueError, "at least one; got 0 predictions"),
        (lambda v: mt.mse_loss([v], [1.0, 2.0]), ValueError, "got 1 predictions and 2 targets"),
        (
            lambda v: mt.mse_loss([v], [1.0], "max"),
            ValueError,
            "one of 'sum', 'mean'; got str 'max",
        ),
    ],
)
def test_what_does_not_fit_is_refused(operate, error, message):
    with pytest.raises(error, match=message):
        operate(Value(0.5))
