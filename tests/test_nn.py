"""Neurons, layers, networks, and models of one's own."""

from __future__ import annotations

import math
import random
from fractions import Fraction

import pytest
from graphs import points
from hypothesis import given
from hypothesis import strategies as st

import microtrain as mt
from microtrain import MLP, Layer, Module, Neuron, Value
from microtrain.nn.module import parameter_names

ACTIVATIONS = {
    "tanh": math.tanh,
    "relu": lambda z: max(0.0, z),
    "sigmoid": lambda z: 1 / (1 + math.exp(-z)),
    "linear": lambda z: z,
}


@given(
    st.integers(1, 4),
    st.lists(st.integers(1, 4), min_size=1, max_size=3),
    st.sampled_from(sorted(ACTIVATIONS)),
    st.sampled_from(sorted(ACTIVATIONS)),
    st.integers(),
    st.data(),
)
def test_the_forward_pass_is_matrices_and_activations(n_in, sizes, hidden, output, seed, data):
    model = MLP(n_in, sizes, hidden, output, seed=seed)
    x = signal = data.draw(points(n_in))
    state = model.state_dict()
    for i, size in enumerate(sizes):
        weight, bias = state[f"layers.{i}.weight"], state[f"layers.{i}.bias"]
        assert (len(weight), len(weight[0]), len(bias)) == (size, len(signal), size)
        activation = ACTIVATIONS[hidden if i < len(sizes) - 1 else output]
        signal = [
            activation(b + math.fsum(w * s for w, s in zip(row, signal)))
            for row, b in zip(weight, bias)
        ]
    (prediction,) = model.predict([x])
    assert (prediction if sizes[-1] > 1 else [prediction]) == pytest.approx(signal, abs=1e-12)
    outputs = model(x)
    assert isinstance(outputs, Value if sizes[-1] == 1 else list)
    n = sum(size * (n + 1) for n, size in zip([n_in, *sizes], sizes))
    assert len(model.parameters()) == len(dict(model.named_parameters())) == n


def test_the_41_parameter_network():
    model = MLP(3, [4, 4, 1])
    parameters = model.parameters()
    assert len(parameters) == 41
    assert all(-1 < p.data < 1 and p.grad == 0 for p in parameters)
    names = [name for name, _ in model.named_parameters()]
    assert names[:2] == ["layers.0.weight.0.0", "layers.0.weight.0.1"]
    assert names[-1] == "layers.2.bias.0"
    assert repr(model) == "MLP(3 -> 4 tanh -> 4 tanh -> 1 tanh, 41 parameters)"
    assert (repr(model.layers[0]), repr(model.layers[0].neurons[0])) == (
        "Layer(3, 4, 'tanh')",
        "Neuron(3, 'tanh')",
    )
    model.__class__ = type("Own", (Module,), {})
    assert repr(model) == "Own(41 parameters)"


def test_short_names_are_those_of_layers_alone():
    places = ["layers.0.weight.1.2", "0.bias.1", "net.weight.0", "7.weight", "a", "1.gain.0"]
    values = [Value(0.0) for _ in places]

    class Own(Module):
        def named_parameters(self):
            return iter(zip(places, values))

    names = ["w0_1_2", "b0_1", "net_weight_0", "7_weight", "a", "1_gain_0"]
    assert parameter_names(Own(), values) == names
    assert parameter_names(object(), values[:2]) == ["p0", "p1"]


def test_the_seed_decides_and_the_global_generator_does_not():
    random.seed(1)
    one = MLP(3, [4, 1], seed=5).state_dict()
    random.seed(2)
    assert MLP(3, [4, 1], seed=5).state_dict() == one != MLP(3, [4, 1], seed=6).state_dict()
    assert Neuron(3).state_dict() == Neuron(3, rng=random.Random(0)).state_dict()
    assert Layer(3, 2).state_dict() == Layer(3, 2, rng=random.Random(0)).state_dict()


def test_inputs_may_be_values_and_arrays():
    model = MLP(2, [1], output_activation="linear")
    x = [Value(1.0), Value(2.0)]
    model(x).backward()
    assert [v.grad for v in x] == model.state_dict()["layers.0.weight"][0]
    np = pytest.importorskip("numpy")
    assert model(np.array([1.0, 2.0])).data == model(x).data == model((1, 2)).data
    assert len(MLP(np.int64(3), np.array([4, 4, 1]), seed=np.int32(0)).parameters()) == 41


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: MLP(0, [1]), ValueError, "n_in expects an int of at least 1, got 0"),
        (lambda: MLP(3.0, [1]), TypeError, "n_in expects an int, got float 3.0"),
        (lambda: MLP(True, [1]), TypeError, "n_in expects an int, got bool True"),
        (lambda: MLP(3, []), ValueError, r"sizes expects .* as in \[4, 4, 1\]; got none"),
        (lambda: MLP(3, 4), TypeError, r"sizes expects .* as in \[4, 4, 1\], got int 4"),
        (lambda: MLP(3, [4, 0]), ValueError, r"sizes\[1\] expects an int of at least 1, got 0"),
        (
            lambda: MLP(3, [1], "gelu"),
            ValueError,
            "one of 'tanh', 'relu', 'sigmoid', 'linear'; got",
        ),
        (lambda: MLP(3, [1], output_activation=None), ValueError, "output_activation expects one"),
        (lambda: MLP(3, [1], seed=None), TypeError, "seed expects an int, got None"),
        (lambda: Neuron(0), ValueError, "n_in expects"),
        (lambda: Neuron(2, "ReLU"), ValueError, "activation expects one of"),
        (lambda: Neuron(2, rng=5), TypeError, "rng expects a random.Random, got int 5"),
        (lambda: MLP(3, "44"), TypeError, "sizes expects .* got str '44'"),
        (lambda: MLP(3, [1]).load_state_dict(None), TypeError, "state expects a dict .* got None"),
        (lambda: Layer(2, 0), ValueError, "n_out expects"),
        (lambda: MLP(3, [1])([1.0, 2.0]), ValueError, "MLP expects 3 inputs, got 2"),
        (lambda: Layer(3, 2)([1.0] * 4), ValueError, "Layer expects 3 inputs, got 4"),
        (lambda: Neuron(3)([]), ValueError, "Neuron expects 3 inputs, got 0"),
        (
            lambda: MLP(1, [1])(2.0),
            TypeError,
            "MLP expects a list of 1 number per sample, got float 2.0",
        ),
        (
            lambda: MLP(1, [1])("a"),
            TypeError,
            "MLP expects a list of 1 number per sample, got str 'a'",
        ),
        (
            lambda: MLP(1, [1])({1: 2}),
            TypeError,
            "MLP expects a list of 1 number per sample, got dict",
        ),
        (lambda: MLP(1, [1])([None]), TypeError, "inputs expects a number or a Value, got None"),
        (lambda: Module()([1.0]), NotImplementedError, "Module defines no __call__"),
    ],
)
def test_what_does_not_fit_is_refused(make, error, message):
    with pytest.raises(error, match=message):
        make()


class Tied(Module):
    """A model of one's own: shared weights, parameters in all sorts of places."""

    def __init__(self):
        self.encoder = Layer(2, 2, "linear")
        self.decoder = self.encoder
        self.scales = {"in": Value(1.0), "out": (Value(2.0), [Value(3.0)])}
        self.blocks = [Neuron(1), Neuron(1, "relu")]
        self.rate = 0.1
        self.names = ["a", "b"]
        self.cached = self.scales["in"] * 2  # computed, so no parameter

    def __call__(self, x):
        return mt.dot(self.encoder(self.decoder(x)), [1.0, 1.0])


def test_a_model_of_ones_own():
    model = Tied()
    names = [name for name, _ in model.named_parameters()]
    assert len(model.parameters()) == len(set(model.parameters())) == 13
    assert names[:4] == [f"encoder.weight.{i}.{j}" for i in (0, 1) for j in (0, 1)]
    assert names[6:] == [
        "scales.in",
        "scales.out.0",
        "scales.out.1.0",
        "blocks.0.weights.0",
        "blocks.0.bias",
        "blocks.1.weights.0",
        "blocks.1.bias",
    ]
    model([1.0, 2.0]).backward()
    assert any(p.grad for p in model.parameters())
    model.zero_grad()
    assert not any(p.grad for p in model.parameters())
    assert model.state_dict()["decoder.bias"] == model.state_dict()["encoder.bias"]
    assert Module().parameters() == []


def test_parameters_are_found_in_any_nesting():
    class Branches(Module):
        def __init__(self):
            self.grid = [[Neuron(1), Neuron(2)], [("named", Neuron(3))], [[{"w": Value(1.0)}]]]
            self.mixed = [[Value(1.0)], [Neuron(1)]]
            self.me = self

    model = Branches()
    assert len(model.parameters()) == 2 + 3 + 4 + 1 + 1 + 2
    assert "grid.1.0.1.bias" in model.state_dict()

    class Scaled(Layer):
        def __init__(self):
            super().__init__(2, 2)
            self.scale = Value(3.0)

    assert [name for name, _ in Scaled().named_parameters()][-1] == "scale"
    model.zero_grad()


@pytest.mark.parametrize("keys", [[1, "1"], ["a.b", "a"]])
def test_two_parameters_of_one_name_are_refused_where_one_would_be_lost(keys):
    class Keyed(Module):
        def __init__(self):
            self.w = {k: {"b": Value(2.0)} if k == "a" else Value(1.0) for k in keys}

    assert len(Keyed().parameters()) == 2
    with pytest.raises(ValueError, match=r"two parameters have the name w\.(1|a\.b)"):
        Keyed().state_dict()


def test_resetting_leaves_fractions_exact():
    class Exact(Module):
        def __init__(self):
            self.w = Value(Fraction(1, 3))

    model = Exact()
    for _ in range(2):
        model.zero_grad()
        (model.w**3).backward()
    assert model.w.grad == Fraction(1, 3)


@given(st.integers(), st.integers())
def test_a_state_comes_back(seed, other):
    one, two = MLP(2, [3, 2], seed=seed), MLP(2, [3, 2], seed=other)
    two.load_state_dict(one.state_dict())
    assert two.state_dict() == one.state_dict()


def test_a_state_may_be_of_arrays():
    np = pytest.importorskip("numpy")
    one, two = MLP(2, [3, 2], seed=1), MLP(2, [3, 2], seed=2)
    two.load_state_dict({name: np.array(x) for name, x in one.state_dict().items()})
    assert two.state_dict() == one.state_dict()
    assert {type(p.data) for p in two.parameters()} == {float}
    with pytest.raises(ValueError, match="^layers.0.weight expects 3 numbers, got 2"):
        two.load_state_dict({**one.state_dict(), "layers.0.weight": np.zeros((2, 2))})
    with pytest.raises(TypeError, match="^layers.0.weight expects a list of 3, got ndarray"):
        two.load_state_dict({**one.state_dict(), "layers.0.weight": np.array(1.0)})


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (lambda s: s.pop("layers.1.bias"), ValueError, "state lacks 'layers.1.bias'"),
        (lambda s: s.update(extra=1.0), ValueError, "state has 'extra', which MLP has not"),
        (lambda s: s["layers.0.weight"].pop(), ValueError, "^layers.0.weight expects 3.*got 2"),
        (
            lambda s: s["layers.0.weight"][1].pop(),
            ValueError,
            "layers.0.weight.1 expects 2 .* got 1",
        ),
        (lambda s: s.update({"layers.1.bias": 1.0}), TypeError, "expects a list of 1, got float"),
        (lambda s: s.update({"layers.1.bias": ["x"]}), TypeError, "expects a number, got str 'x'"),
    ],
)
def test_a_state_that_does_not_fit_changes_nothing(change, error, message):
    model = MLP(2, [3, 1], seed=1)
    before = model.state_dict()
    state = MLP(2, [3, 1], seed=2).state_dict()
    change(state)
    with pytest.raises(error, match=message):
        model.load_state_dict(state)
    assert model.state_dict() == before


def test_predict_says_that_it_takes_a_list_of_samples():
    model = mt.MLP(2, [1])
    with pytest.raises(TypeError, match="a list of 2 numbers per sample, got float 0.5"):
        model.predict([0.5, 1.0])
    assert model.predict([[0.5, 1.0]]) == [model([0.5, 1.0]).data]


@pytest.mark.parametrize("prediction", [None, {"a": 1.0}, "a", True])
def test_predict_refuses_what_is_no_prediction_and_takes_plain_numbers(prediction):
    class Constant(Module):
        def __call__(self, x):
            return x

    told = "prediction expects a Value, or a list of them, got"
    with pytest.raises(TypeError, match=told):
        Constant().predict([prediction])
    with pytest.raises(TypeError, match=told):
        Constant().predict([[Value(1.0), [prediction]]])
    assert Constant().predict([0.0, Value(1.0), (Value(2.0), 3)]) == [0.0, 1.0, [2.0, 3]]
