"""Models to and from files: nothing lost, nothing let in."""

from __future__ import annotations

import json
import math
import os
from fractions import Fraction

import pytest
from forging import forge
from hypothesis import given
from hypothesis import strategies as st
from outcomes import parameters_of

import microtrain as mt
from microtrain import MLP, CheckpointError, Module, Value

FINITE = st.floats(allow_nan=False, allow_infinity=False)
ACTIVATIONS = st.sampled_from(["tanh", "relu", "sigmoid", "linear"])


@given(st.data())
def test_what_is_saved_comes_back_bit_by_bit(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("models") / "model.json"
    model = MLP(
        data.draw(st.integers(1, 4)),
        data.draw(st.lists(st.integers(1, 4), min_size=1, max_size=3)),
        data.draw(ACTIVATIONS),
        data.draw(ACTIVATIONS),
        seed=data.draw(st.integers(0, 99)),
    )
    for p in model.parameters():
        p.data = data.draw(FINITE)
    mt.save(model, path)
    again = mt.load(path)
    assert parameters_of(again) == parameters_of(model)
    assert repr(again) == repr(model) and again.sizes == model.sizes
    xs = [[0.5] * model.n_in]
    assert repr(again.predict(xs)) == repr(model.predict(xs))
    assert parameters_of(
        mt.load(path, MLP(model.n_in, model.sizes, *_activations(model)))
    ) == parameters_of(model)


def _activations(model):
    names = [layer.neurons[0].activation for layer in model.layers]
    return names[0], names[-1]


class Own(Module):
    def __init__(self):
        self.w, self.rest = Value(-0.0), [Value(5e-324), Value(1.7976931348623157e308)]


def test_a_model_of_ones_own(tmp_path):
    path = tmp_path / "own.json"
    mt.save(Own(), path)
    other = Own()
    for p in other.parameters():
        p.data = 1.0
    assert mt.load(path, other) is other
    assert parameters_of(other) == parameters_of(Own())
    with pytest.raises(
        CheckpointError, match=r"only the parameters of a model: load\(path, model\)"
    ):
        mt.load(path)


def test_networks_that_are_not_what_they_seem_keep_only_their_parameters(tmp_path):
    path = tmp_path / "model.json"
    tied = MLP(2, [2, 2, 1])
    tied.layers[1].neurons[0].weights = tied.layers[0].neurons[0].weights
    mixed = MLP(2, [2, 1])
    mixed.layers[0].neurons[1].activation = "relu"
    bare = MLP(2, [2, 1])
    bare.layers[0].neurons[0].bias = 0.5
    empty = MLP(2, [2, 1])
    empty.layers = []
    empty.extra = Value(1.0)
    for model in (tied, mixed, bare, empty):
        mt.save(model, path)
        assert json.loads(path.read_text())["architecture"] is None
        mt.load(path, model)


def test_training_goes_on_with_the_same_bits(tmp_path):
    path = tmp_path / "model.json"
    whole = mt.train(steps=40)
    half = mt.train(steps=20)
    mt.save(half.model, path)
    rest = mt.train(mt.load(path), *mt.datasets.toy(), steps=20)
    assert half.losses + rest.losses == whole.losses


# Files that were changed: by whoever knows how to sign them, or as version 1, which has no digest.


def written(path, **changes):
    mt.save(MLP(2, [2, 1]), path)
    forge(path, lambda record: record.update(changes))


def architecture(**changes):
    return {
        "architecture": {"n_in": 2, "sizes": [2, 1], "activations": ["tanh", "tanh"], **changes}
    }


def parameters(**changes):
    renamed = {name.replace("_", "."): value for name, value in changes.items()}
    state = {**MLP(2, [2, 1]).state_dict(), **renamed}
    return {"parameters": {name: value for name, value in state.items() if value is not ...}}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"architecture": []}, "architecture expects an object, got list"),
        ({"architecture": None}, "only the parameters of a model"),
        (architecture(n_in=0), "architecture.n_in expects an int of at least 1, got int 0"),
        (architecture(n_in=2.0), "architecture.n_in expects an int of at least 1, got float 2.0"),
        (architecture(n_in=10**9), r"weight\[0\] expects a list of 1000000000, got list"),
        (architecture(n_in=10**400), r"weight\[0\] expects a list of 1000000000"),
        (
            architecture(sizes=[10**18, 10**18]),
            "layers.0.weight expects a list of 1000000000000",
        ),
        (architecture(sizes=[]), "activations expects a list of 0"),
        (architecture(sizes=[], activations=[]), "has missing or unknown keys|sizes expects"),
        (architecture(sizes="21"), "architecture.sizes expects a list, got str"),
        (architecture(sizes=[2, True]), r"sizes\[1\] expects an int of at least 1, got bool"),
        (architecture(sizes=[1, 1]), "layers.0.weight expects a list of 1"),
        (architecture(activations=["tanh"]), "architecture.activations expects a list of 2, got"),
        (architecture(activations=["tanh", "exec"]), "expects one of tanh, relu, sigmoid, linear"),
        (architecture(activations=["tanh", ["tanh"]]), r"activations\[1\] expects one of tanh"),
        (architecture(seed=1), "architecture has missing or unknown keys: str 'seed'"),
        ({"parameters": [1.0]}, "parameters expects an object"),
        (
            parameters(layers_0_bias=...),
            "parameters has missing or unknown keys: str 'layers.0.bias'",
        ),
        (
            parameters(layers_9_bias=[1.0]),
            "parameters has missing or unknown keys: str 'layers.9.bias'",
        ),
        (parameters(layers_0_bias=[1.0]), "parameters.layers.0.bias expects a list of 2, got list"),
        (
            parameters(layers_0_bias=[1.0, "2"]),
            r"layers.0.bias\[1\] expects a number.*, got str",
        ),
        (parameters(layers_0_bias=[1.0, None]), "expects a number that fits a float, got None"),
        (parameters(layers_0_bias=[1.0, True]), "expects a number that fits a float, got bool"),
        (parameters(layers_0_bias=[1.0, [2.0]]), "expects a number that fits a float, got list"),
        (parameters(layers_0_bias=[1.0, 10**400]), "expects a number that fits a float, got int"),
    ],
    ids=str,
)
@pytest.mark.parametrize("version", [1, 2])
def test_hostile_models_are_refused_in_a_sentence(tmp_path, version, changes, message):
    path = tmp_path / "model.json"
    written(path, **changes)
    if version == 1:
        record = {**json.loads(path.read_text()), "version": 1}
        del record["digest"]
        path.write_text(json.dumps(record))
    with pytest.raises(CheckpointError, match=message) as caught:
        mt.load(path)
    assert str(path) in str(caught.value) and len(str(caught.value)) < 600
    assert "\n" not in str(caught.value)
    if changes.get("architecture", 0) is not None:
        model = MLP(2, [2, 1], seed=9)
        before = parameters_of(model)
        with pytest.raises(CheckpointError):
            mt.load(path, model)
        assert parameters_of(model) == before


def test_a_network_whose_layers_were_given_activations_of_their_own_comes_back(tmp_path):
    path, model = tmp_path / "model.json", MLP(2, [2, 3, 1])
    for layer, name in zip(model.layers, ["relu", "sigmoid", "linear"]):
        for neuron in layer.neurons:
            neuron.activation = name
    mt.save(model, path)
    mt.load(path, model)
    for found in (mt.load(path), mt.load(path, mt.load(path))):
        assert repr(found) == repr(model)
        assert found([0.5, -1.0]).data == model([0.5, -1.0]).data
    with pytest.raises(CheckpointError, match="a network of another architecture"):
        mt.load(path, MLP(2, [2, 3, 1]))


def test_a_model_of_version_1_still_loads(tmp_path):
    path = tmp_path / "model.json"
    path.write_text(
        '{"format": "microtrain model", "version": 1, "architecture": {"n_in": 2, "sizes": [1], '
        '"activations": ["relu"]}, "parameters": {"layers.0.weight": [[0.5, -1]], '
        '"layers.0.bias": [1e-320]}}'
    )
    model = mt.load(path)
    assert repr(model) == "MLP(2 -> 1 relu, 3 parameters)"
    assert [p.data for p in model.parameters()] == [0.5, -1.0, 1e-320]
    assert parameters_of(mt.load(path, MLP(2, [1], output_activation="relu"))) == parameters_of(
        model
    )
    path.write_text(
        '{"format": "microtrain model", "version": 1, "architecture": null, '
        '"parameters": {"w": -0.0, "rest": [0.5, 2.5]}}'
    )
    assert [p.data.hex() for p in mt.load(path, Own()).parameters()] == [
        *("-0x0.0p+0", "0x1.0000000000000p-1", "0x1.4000000000000p+1")
    ]
    with pytest.raises(CheckpointError, match="too large|fits a float"):
        path.write_text(path.read_text().replace("2.5", "1" + "0" * 400))
        mt.load(path, Own())


def test_a_file_of_another_model(tmp_path):
    path = tmp_path / "model.json"
    mt.save(MLP(2, [2, 1]), path)
    model = MLP(2, [3, 1])
    before = parameters_of(model)
    with pytest.raises(CheckpointError, match="a network of another architecture than MLP.2 -> 3"):
        mt.load(path, model)
    with pytest.raises(CheckpointError, match="of another architecture"):
        mt.load(path, MLP(2, [2, 1], "relu"))
    assert parameters_of(model) == before
    for call in (lambda: mt.save("model", path), lambda: mt.load(path, "model")):
        with pytest.raises(TypeError, match="model expects a Module, got str"):
            call()


def test_parameters_that_are_not_finite_are_not_saved(tmp_path):
    path = tmp_path / "model.json"
    mt.save(MLP(2, [1]), path)
    before = path.read_bytes()
    bad = MLP(2, [1])
    for x in math.nan, -math.inf, Fraction(1, 3):
        bad.parameters()[0].data = x
        with pytest.raises(
            ValueError, match="parameters that are not finite floats can't be saved"
        ):
            mt.save(bad, path)
    assert path.read_bytes() == before and os.listdir(tmp_path) == ["model.json"]
