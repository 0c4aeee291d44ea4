"""The largest eigenvalue of a symmetric matrix, and of the loss's Hessian."""

from __future__ import annotations

import math
import random

import pytest
from graphs import losses
from hypothesis import given, settings
from hypothesis import strategies as st

import microtrain as mt
from microtrain import MLP, CompileError, Module, Value
from microtrain.nn.datasets import pairs_of
from microtrain.training import curvature
from microtrain.training.curvature import lanczos, largest_eigenvalue, product_of
from microtrain.training.plan import Objective

XS, YS = mt.datasets.toy()


# Eigenvalues.


def symmetric(eigenvalues, rng):
    """Return a matrix that has these eigenvalues: a diagonal one, reflected a few times."""
    n = len(eigenvalues)
    matrix = [[x if i == j else 0.0 for j in range(n)] for i, x in enumerate(eigenvalues)]
    for _ in range(3):
        v = [rng.gauss(0, 1) for _ in range(n)]
        size = math.hypot(*v)
        v = [x / size for x in v]
        for _ in range(2):  # the rows, then (turned) the columns
            shares = [2 * math.fsum(x * y for x, y in zip(row, v)) for row in matrix]
            matrix = [[a - s * x for a, x in zip(row, v)] for row, s in zip(matrix, shares)]
            matrix = [list(column) for column in zip(*matrix)]
    return matrix


def times(matrix):
    return lambda v: [math.fsum(a * x for a, x in zip(row, v)) for row in matrix]


@given(
    st.lists(st.sampled_from([0.0, -1.0, 1.0, 1.0 + 1e-9, 1e-6]) | st.floats(-9, 9), min_size=1),
    st.sampled_from([1e-200, 1.0, 1e200]),
    st.integers(0, 99),
)
def test_the_largest_eigenvalue_of_a_matrix_made_of_known_ones(eigenvalues, scale, seed):
    eigenvalues = [x * scale for x in eigenvalues]
    matrix = symmetric(eigenvalues, random.Random(seed))
    close = 1e-13 * len(eigenvalues) * max(map(abs, eigenvalues)) + 1e-300
    assert largest_eigenvalue(matrix) == pytest.approx(max(eigenvalues), rel=0, abs=close)
    found = lanczos(times(matrix), len(matrix))
    assert found == pytest.approx(max(eigenvalues), rel=0, abs=10 * close)


def test_lanczos_takes_far_fewer_products_than_there_are_rows():
    rng = random.Random(0)
    matrix = symmetric([rng.uniform(-1, 1) for _ in range(150)] + [3.0], rng)
    products = []
    found = lanczos(lambda v: products.append(v) or times(matrix)(v), len(matrix))
    assert found == pytest.approx(3.0, rel=1e-9)
    assert len(products) < 40


def test_lanczos_stops_after_four_products_that_bring_nothing_new():
    products = []
    assert lanczos(lambda v: products.append(v) or [0.0 * x for x in v], 100) == 0.0
    assert len(products) == 1 + 4


def test_matrices_without_an_answer():
    answers = iter([2.0, math.nan])
    assert math.isnan(lanczos(lambda v: [next(answers) * v[0], 1.0], 2))
    for bad in (math.nan, math.inf):
        assert math.isnan(largest_eigenvalue([[1.0, bad], [bad, 1.0]]))
        assert math.isnan(lanczos(lambda v, bad=bad: [bad * x for x in v], 2))
    assert largest_eigenvalue([[0.0]]) == lanczos(lambda v: [0.0, 0.0], 2) == 0.0


# Sharpness.


@settings(max_examples=settings.default.max_examples * 3 // 5)
@given(st.data())
def test_hessian_vector_products_are_differences_of_gradients(data):
    draw = data.draw
    loss, n_out, target = draw(losses())
    xs = draw(st.lists(st.lists(st.floats(-2, 2), min_size=2, max_size=2), min_size=1, max_size=3))
    ys = [draw(target) for _ in xs]
    smooth = st.sampled_from(["tanh", "sigmoid", "linear"])
    last = "sigmoid" if loss is mt.hinge else draw(smooth)  # below 1, so it has no corner
    model = MLP(2, [draw(st.integers(1, 3)), n_out], draw(smooth), last, draw(st.integers(0, 99)))
    reduction = draw(st.sampled_from(["sum", "mean"]))
    objective = Objective(model, pairs_of(xs, ys), loss, reduction)
    parameters, pairs = objective.parameters, objective.samples
    at = [p.data for p in parameters]
    rng = random.Random(1)
    direction = [rng.uniform(-1, 1) for _ in at]
    product = product_of(objective)(at, direction)

    def gradient(t):
        for p, x, d in zip(parameters, at, direction):
            p.data, p.grad = x + t * d, 0.0
        total = sum(loss(model(x), y) for x, y in pairs)
        (total / len(pairs) if reduction == "mean" else total).backward()
        return [p.grad for p in parameters]

    if loss is mt.hinge and any(abs(1 - y * p) < 1e-3 for p, y in zip(model.predict(xs), ys)):
        return
    h = 1e-4
    differences = [(a - b) / (2 * h) for a, b in zip(gradient(h), gradient(-h))]
    assert product == pytest.approx(differences, rel=1e-5, abs=1e-5)


@pytest.mark.parametrize("seed", range(10))
def test_it_agrees_with_an_independent_computation(seed):
    numpy = pytest.importorskip("numpy")
    model = MLP(3, [4, 4, 1], seed=seed)
    parameters = model.parameters()

    def gradient():
        model.zero_grad()
        sum((model(x) - y) ** 2 for x, y in zip(XS, YS)).backward()
        return [p.grad for p in parameters]

    rows = []
    for p in parameters:
        x = p.data
        p.data = x + 1e-5
        after = gradient()
        p.data = x - 1e-5
        rows.append([(a - b) / 2e-5 for a, b in zip(after, gradient())])
        p.data = x
    matrix = numpy.array(rows)
    expected = numpy.linalg.eigvalsh((matrix + matrix.T) / 2)
    assert mt.sharpness(model, XS, YS) == pytest.approx(expected[-1], rel=1e-6)
    assert mt.sharpness(model, XS, YS, reduction="mean") == pytest.approx(
        expected[-1] / 4, rel=1e-6
    )


def test_largest_means_the_highest_not_the_longest():
    down = mt.compile(lambda w, v: w * w - 3.0 * v * v)  # its Hessian: 2 and -6

    class Saddle(Module):
        def __init__(self):
            self.w, self.v = Value(0.5), Value(0.25)

        def __call__(self, x):
            return self.w * self.w - 3.0 * self.v * self.v

    assert down(0.5, 0.25) == Saddle()(0.0).data
    assert mt.sharpness(Saddle(), [0.0], [0.0], loss=lambda p, y: p + 0 * y) == 2.0
    assert mt.sharpness(Saddle(), [0.0], [0.0], loss=lambda p, y: 0 * y - p) == 6.0


@pytest.mark.parametrize("seed", [0, 1])
def test_many_parameters_give_the_same_as_the_whole_matrix(seed, monkeypatch):
    xs, ys = mt.datasets.moons(12)
    for activation in ("tanh", "relu"):
        model = MLP(2, [8, 6, 1], activation, "linear", seed)
        dense = mt.sharpness(model, xs, ys)
        with monkeypatch.context() as patch:
            patch.setattr(curvature, "DENSE", 10)
            assert mt.sharpness(model, xs, ys) == pytest.approx(dense, rel=1e-9)


@pytest.mark.parametrize("activation", ["relu", "linear"])
def test_a_model_without_curvature(activation):
    model = MLP(3, [1], output_activation=activation)
    assert mt.sharpness(model, XS, YS, loss=mt.hinge) == 0.0


def test_a_gradient_that_is_the_same_everywhere_has_no_curvature():
    line = MLP(1, [1], output_activation="linear")
    assert mt.sharpness(line, [[3.0]], [2.0], loss=lambda p, y: p + 0 * y) == 0.0


def test_gradient_descent_on_a_quadratic_is_stable_below_2_over_sharpness():
    xs = [[1.0, 0.5], [-0.5, 2.0], [0.3, -0.3]]
    ys = [1.0, -1.0, 0.5]

    def train(share):
        line = MLP(2, [1], output_activation="linear")
        lr = share * 2 / mt.sharpness(line, xs, ys)
        return mt.train(line, xs, ys, lr=lr, steps=400).losses

    below, above = train(0.98), train(1.02)
    assert all(after <= before for before, after in zip(below, below[1:]))
    assert above[-1] > 1000 * above[0]


def test_what_is_refused():
    with pytest.raises(ValueError, match="MLP expects 3 inputs, got 2"):
        mt.sharpness(MLP(3, [1]), [[1.0, 2.0]], [1.0])
    with pytest.raises(ValueError, match="reduction expects one of"):
        mt.sharpness(MLP(3, [1]), XS, YS, reduction="max")
    with pytest.raises(TypeError, match="model expects a Module"):
        mt.sharpness(len, XS, YS)

    class Branching(Module):
        def __init__(self):
            self.w = Value(1.0)

        def __call__(self, x):
            return self.w * x if self.w > 0 else -self.w

    with pytest.raises(CompileError, match="a comparison"):
        mt.sharpness(Branching(), [1.0], [1.0])
    huge = MLP(1, [1], output_activation="linear")
    with pytest.raises(ArithmeticError, match="no Hessian here"):
        mt.sharpness(huge, [[1.0]], [0.0], loss=lambda p, y: (1000 + p * p - y).exp())


# Along a run.


@pytest.mark.parametrize("engine", ["eager", "compiled"])
def test_tracking_records_and_changes_nothing(engine):
    states = {}

    def remember(history):
        states[history.steps] = [p.data for p in history.model.parameters()]

    plain = mt.train(steps=12, engine=engine)
    tracked = mt.train(steps=12, engine=engine, track_sharpness=5, on_step=remember)
    assert tracked.losses == plain.losses
    assert plain.sharpness == {}
    assert list(tracked.sharpness) == [0, 5, 10]
    for step in (5, 10):
        model = MLP(3, [4, 4, 1])
        for p, x in zip(model.parameters(), states[step]):
            p.data = x
        assert tracked.sharpness[step] == mt.sharpness(model, XS, YS)
    assert list(mt.train(steps=12, track_sharpness={0, 1, 7, 40}).sharpness) == [0, 1, 7]
    assert list(mt.train(steps=12, track_sharpness=range(1, 99, 4)).sharpness) == [1, 5, 9]


def test_tracking_is_in_the_record(tmp_path):
    history = mt.train(steps=3, track_sharpness=2)
    assert history.to_dict()["sharpness"] == history.sharpness
    history.to_csv(tmp_path / "run.csv")
    lines = (tmp_path / "run.csv").read_text().splitlines()
    assert lines[0] == "step,loss,lr,grad_norm,sharpness"
    assert lines[1].endswith(f",{history.sharpness[0]!r}") and lines[2].endswith(",")


def test_where_the_loss_has_no_hessian_it_is_nan():
    def steep(prediction, target):
        return (prediction * prediction * 3.0 - target).exp()

    model = MLP(1, [1], output_activation="linear")
    history = mt.train(model, [[5.0]], [0.0], loss=steep, lr=1.0, track_sharpness=1)
    assert history.status == "diverged"
    assert math.isfinite(history.sharpness[0]) and math.isnan(
        history.sharpness[len(history.losses) - 1]
    )


def test_a_model_that_is_changed_on_the_way_is_measured_as_it_is():
    def switch(history):
        for neuron in history.model.layers[0].neurons:
            neuron.activation = "sigmoid"

    for engine in ("eager", "compiled"):
        model = MLP(3, [2, 1])
        mt.train(model, XS, YS, steps=1, lr=1e-12, on_step=switch, engine=engine)
        changed = MLP(3, [2, 1])
        history = mt.train(
            changed, XS, YS, steps=2, lr=1e-12, on_step=switch, track_sharpness=1, engine=engine
        )
        assert history.sharpness[1] == pytest.approx(mt.sharpness(model, XS, YS), rel=1e-6)
        assert abs(history.sharpness[0] - history.sharpness[1]) > 0.1


@pytest.mark.parametrize("rng", [None, random.Random(0)])
def test_what_multiplies_with_the_hessian_is_made_once_a_run(rng, monkeypatch):
    class Own(Module):
        def __init__(self):
            self.rng = rng  # a generator can't be compared
            self.net = MLP(3, [2, 1])

        def __call__(self, x):
            return self.net(x)

    def counted(objective):
        made.append(objective)
        return make(objective)

    made, make = [], curvature._generated
    monkeypatch.setattr(curvature, "_generated", counted)
    history = mt.train(Own(), XS, YS, steps=5, track_sharpness=1)
    assert len(history.sharpness) == 5 and len(made) == 1


def test_bad_steps_to_track_at():
    for bad, error in ((0, ValueError), (-1, ValueError), ("all", TypeError), (2.0, TypeError)):
        with pytest.raises(error, match="track_sharpness expects"):
            mt.train(track_sharpness=bad)
