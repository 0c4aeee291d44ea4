"""What train warns of before the first step."""

from __future__ import annotations

import warnings

import pytest

import microtrain as mt
from microtrain import MLP

XS, YS = mt.datasets.toy()


@pytest.mark.parametrize(
    ("output", "target", "told"),
    [
        ("tanh", 346.0, "a target of 346 is out of reach of a tanh output, which is from -1 to 1"),
        ("sigmoid", -0.1, "a target of -0.1 is out of reach of a sigmoid output, which is from 0"),
        ("relu", -2.0, "a target of -2 is out of reach of a relu output, which is from 0 to inf"),
    ],
)
def test_targets_out_of_reach_are_told_once(output, target, told):
    def model(seed):
        return MLP(3, [2, 1], output_activation=output, seed=seed)

    ys = [1.0, 0.0, target, 0.5]
    with pytest.warns(UserWarning, match=told) as found:
        mt.train(model(0), XS, ys, steps=2)
    assert len(found) == 1 and found[0].filename == __file__
    with pytest.warns(UserWarning, match=told) as found:
        mt.sweep([0.1, 0.2], model=model, seeds=range(3), xs=XS, ys=ys, steps=2)
    assert len(found) == 1 and found[0].filename == __file__
    with pytest.warns(UserWarning, match=told) as found:
        mt.phase_diagram([0.1, 0.2], [1.0], model=model, xs=XS, ys=ys, steps=2)
    assert len(found) == 1 and found[0].filename == __file__


def test_inputs_of_different_sizes_are_told():
    xs = [[x[0], 1000 * x[1], 0.0] for x in XS]
    with pytest.warns(UserWarning, match="from 1.9 in column 0 to 1.7e.03 in column 1: datasets"):
        mt.train(MLP(3, [1]), xs, YS, steps=2)


def test_nothing_is_said_where_nothing_is_known_to_be_wrong():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for output, ys in (
            ("tanh", [1, -1, 1.0, -1]),
            ("sigmoid", [1, 0, 0, 1]),
            ("linear", [9] * 4),
        ):
            mt.train(MLP(3, [2, 1], output_activation=output), XS, ys, steps=2)
        mt.train(MLP(3, [2]), XS, [0, 1, 0, 1], loss=mt.cross_entropy, steps=2)
        mt.train(MLP(3, [1]), XS, [5.0] * 4, loss=lambda p, y: (p * 9 - y) ** 2, steps=2)
        sparse = [[0.0, 0.0, 255.0], [0.0, 9.0, 200.0], [0.0, 0.0, 190.0], [0.0, 0.0, 0.0]]
        mt.train(MLP(3, [1]), sparse, YS, steps=2)
        scaled = mt.datasets.standardize([[x[0], 1e6 * x[1], 0.0] for x in XS])
        mt.train(MLP(3, [1]), scaled([[x[0], 1e6 * x[1], 0.0] for x in XS]), YS, steps=2)
