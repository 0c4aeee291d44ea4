"""Several things at once: what is trained in threads and processes is what is trained alone."""

from __future__ import annotations

import concurrent.futures
import copy
import pickle

from machine import threads
from outcomes import bits

import microtrain as mt
from microtrain import MLP


def job(seed):
    """Train one of several kinds of model in one of several ways."""
    xs, ys = mt.datasets.moons(12, seed=seed)
    model = MLP(2, [3 + seed % 3, 1], ["tanh", "relu", "sigmoid"][seed % 3], "linear", seed)
    return mt.train(
        *(model, xs, ys),
        steps=40,
        lr=0.05,
        seed=seed,
        batch_size=[None, 5][seed % 2],
        loss=[mt.squared_error, mt.hinge][seed // 2 % 2],
        engine=["eager", "compiled"][seed // 4 % 2],
        track_sharpness=20,
    )


@threads
def test_models_trained_at_the_same_time_have_the_bits_they_have_alone():
    seeds = range(24)
    alone = [bits(job(seed)) for seed in seeds]
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        assert [bits(history) for history in pool.map(job, seeds)] == alone
    with concurrent.futures.ProcessPoolExecutor(2) as pool:
        assert [bits(history) for history in pool.map(job, seeds)] == alone


@threads
def test_derivatives_at_the_same_time():
    def slope(k):
        return mt.grad(mt.grad(lambda x: (x * k).tanh() ** 3))(0.3)

    alone = [slope(k) for k in range(50)]
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        assert list(pool.map(slope, range(50))) == alone


def test_histories_and_models_survive_copies():
    history = mt.train(steps=30, record=True, track_sharpness=10)
    for again in (copy.deepcopy(history), pickle.loads(pickle.dumps(history))):
        assert bits(again) == bits(history)
        assert again.sharpness == history.sharpness
        assert again.recording.parameters == history.recording.parameters
        xs, ys = mt.datasets.toy()
        runs = [mt.train(copy.deepcopy(model), xs, ys) for model in (again.model, history.model)]
        assert bits(runs[0]) == bits(runs[1])
