"""Models to and from files: nothing lost, nothing let in."""

from __future__ import annotations

import json
import math
import os
import random
import signal
import stat
import subprocess
import sys
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

import microtrain as mt
from microtrain import MLP, CheckpointError, Module, Value
from microtrain.files import records

FINITE = st.floats(allow_nan=False, allow_infinity=False)
ACTIVATIONS = st.sampled_from(["tanh", "relu", "sigmoid", "linear"])


def bits(model):
    return [(name, p.data.hex()) for name, p in model.named_parameters()]


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
    assert bits(again) == bits(model)
    assert repr(again) == repr(model) and again.sizes == model.sizes
    xs = [[0.5] * model.n_in]
    assert repr(again.predict(xs)) == repr(model.predict(xs))
    assert bits(mt.load(path, MLP(model.n_in, model.sizes, *_activations(model)))) == bits(model)


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
    assert bits(other) == bits(Own())
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


# Hostile files.


def record(**changes):
    model = MLP(2, [2, 1])
    whole = {
        "format": "microtrain model",
        "version": 1,
        "architecture": {"n_in": 2, "sizes": [2, 1], "activations": ["tanh", "tanh"]},
        "parameters": model.state_dict(),
    }
    return {key: value for key, value in {**whole, **changes}.items() if value is not ...}


def architecture(**changes):
    return record(architecture={**record()["architecture"], **changes})


def parameters(**changes):
    renamed = {name.replace("_", "."): value for name, value in changes.items()}
    state = {**record()["parameters"], **renamed}
    return record(parameters={name: value for name, value in state.items() if value is not ...})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "this is no microtrain model, as it is no JSON: Expecting value"),
        ('{"format": "microtrain run"}', "this is no microtrain model, but a microtrain run"),
        ("[1, 2", "Expecting"),
        (json.dumps(record())[:-9], "Expecting|delimiter|Unterminated"),
        ("[" * 1_000_000, "nested too deeply"),
        ('{"a":' * 100_000, "nested too deeply"),
        (b"\xff\xfe{}", "utf-8"),
        ("null", "this is no microtrain model"),
        ('{"hello": "world"}', "this is no microtrain model"),
        (record(format="other"), "this is no microtrain model"),
        (record(version=2), "it is of version 2; this microtrain reads up to 1"),
        (record(version=0), "version expects an int of at least 1, got int 0"),
        (record(version=True), "version expects an int"),
        (record(version="1"), "version expects an int"),
        (record(parameters=...), "it lacks, or has too much: str 'parameters'"),
        (record(code="import os"), "it lacks, or has too much: str 'code'"),
        ('{"format": "microtrain model", "format": "x"}', "a key stands in it twice"),
        (record(architecture=[]), "architecture expects an object, got list"),
        (record(architecture=None), "only the parameters of a model"),
        (architecture(n_in=0), "n_in and sizes expect ints of at least 1"),
        (architecture(n_in=2.0), "n_in and sizes expect ints"),
        (architecture(n_in=10**9), "its network has 2000000005 parameters, but there are only 9"),
        (architecture(sizes=[10**18, 10**18]), "but there are only 9 numbers"),
        (architecture(sizes=[]), "sizes expects a list"),
        (architecture(sizes="21"), "sizes expects a list"),
        (architecture(sizes=[2, True]), "n_in and sizes expect ints"),
        (architecture(sizes=[1, 1]), "expects"),
        (architecture(activations=["tanh"]), "activations expects one of tanh, relu"),
        (architecture(activations=["tanh", "exec"]), "activations expects one of"),
        (architecture(activations=["tanh", ["tanh"]]), "activations expects one of"),
        (architecture(seed=1), "architecture expects n_in, sizes and activations"),
        (record(parameters=[1.0]), "parameters expects an object"),
        (parameters(layers_0_bias=...), "lacks 'layers.0.bias'|only 7 numbers"),
        (parameters(layers_9_bias=[1.0]), "has 'layers.9.bias'"),
        (parameters(layers_0_bias=[1.0]), "expects 2 numbers, got 1|only 8 numbers"),
        (parameters(layers_0_bias=[1.0, "2"]), "expects a number, got str"),
        (parameters(layers_0_bias=[1.0, None]), "expects a number, got None"),
        (parameters(layers_0_bias=[1.0, True]), "expects a number, got bool"),
        (parameters(layers_0_bias=[1.0, [2.0]]), "expects a number, got list"),
        (parameters(layers_0_bias=[1.0, 10**400]), "a number that fits a float"),
        (json.dumps(parameters(layers_0_bias=[1.0, math.nan])), "NaN is no finite number"),
        (json.dumps(parameters(layers_0_bias=[1.0, math.inf])), "Infinity is no finite number"),
        (
            json.dumps(parameters(layers_0_bias=[1.0, 12345.0])).replace("12345.0", "1e999"),
            "1e999 is no finite number",
        ),
        (
            json.dumps(parameters(layers_0_bias=[1.0, 12345.0])).replace("12345.0", "-1e999"),
            "-1e999 is no finite number",
        ),
        ('{"format": ' + "9" * 5000 + "}", "digits"),
    ],
    ids=str,
)
def test_hostile_files_are_refused_in_a_sentence(tmp_path, text, message):
    path = tmp_path / "model.json"
    content = text if isinstance(text, str | bytes) else json.dumps(text)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    model = MLP(2, [2, 1], seed=9)
    before = bits(model)
    with pytest.raises(CheckpointError, match=message) as caught:
        mt.load(path)
    assert str(path) in str(caught.value) and len(str(caught.value)) < 600
    if "only the parameters" not in message and "only " not in message:
        with pytest.raises(CheckpointError):
            mt.load(path, model)
    assert bits(model) == before or "only the parameters" in message


def test_a_file_that_is_too_large_or_of_another_model(tmp_path, monkeypatch):
    path = tmp_path / "model.json"
    mt.save(MLP(2, [2, 1]), path)
    model = MLP(2, [3, 1])
    before = bits(model)
    with pytest.raises(CheckpointError, match="a network of another architecture than MLP.2 -> 3"):
        mt.load(path, model)
    with pytest.raises(CheckpointError, match="of another architecture"):
        mt.load(path, MLP(2, [2, 1], "relu"))
    assert bits(model) == before
    monkeypatch.setattr(records, "LARGEST", 50)
    with pytest.raises(CheckpointError, match="it has more than 50 bytes"):
        mt.load(path)
    with pytest.raises(FileNotFoundError):
        mt.load(tmp_path / "missing.json")
    for call in (lambda: mt.save("model", path), lambda: mt.load(path, "model")):
        with pytest.raises(TypeError, match="model expects a Module, got str"):
            call()


@given(st.data())
def test_a_damaged_file_is_refused_or_is_a_whole_model(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("damaged") / "model.json"
    content = bytearray(json.dumps(record()).encode())
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(content) - 1))
        kind = data.draw(st.sampled_from(["change", "cut", "double"]))
        if kind == "change":
            content[place] = data.draw(st.integers(0, 255))
        elif kind == "cut":
            del content[place : place + data.draw(st.integers(1, 20))]
        else:
            content[place:place] = content[place : place + data.draw(st.integers(1, 20))]
        if not content:
            break
    path.write_bytes(content)
    try:
        model = mt.load(path)
    except CheckpointError:
        return
    assert type(model) is MLP and all(math.isfinite(p.data) for p in model.parameters())


# Writing.


def test_parameters_that_are_not_finite_are_not_saved(tmp_path):
    path = tmp_path / "model.json"
    mt.save(MLP(2, [1]), path)
    before = path.read_bytes()
    bad = MLP(2, [1])
    bad.parameters()[0].data = math.nan
    with pytest.raises(ValueError, match="parameters that are not finite"):
        mt.save(bad, path)
    assert path.read_bytes() == before and os.listdir(tmp_path) == ["model.json"]


@pytest.mark.parametrize("failing", ["fsync", "replace"])
def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch, failing):
    path = tmp_path / "model.json"
    mt.save(MLP(2, [1]), path)
    before = path.read_bytes()

    def fail(*args):
        raise OSError("no space left")

    monkeypatch.setattr(os, failing, fail)
    with pytest.raises(OSError, match="no space left"):
        mt.save(MLP(2, [1], seed=3), path)
    assert path.read_bytes() == before and os.listdir(tmp_path) == ["model.json"]
    with pytest.raises(FileNotFoundError):
        mt.save(MLP(2, [1]), tmp_path / "missing" / "model.json")


def test_where_folders_can_not_be_synced_files_still_are(tmp_path, monkeypatch):
    monkeypatch.delattr(os, "O_DIRECTORY", raising=False)
    mt.save(MLP(2, [1]), tmp_path / "model.json")
    assert bits(mt.load(tmp_path / "model.json")) == bits(MLP(2, [1]))


@pytest.mark.skipif(os.name != "posix", reason="links and modes are those of POSIX")
def test_links_are_followed_and_modes_kept(tmp_path):
    path, link = tmp_path / "model.json", tmp_path / "link.json"
    link.symlink_to(path)
    mt.save(MLP(2, [1]), link)
    assert link.is_symlink() and path.exists()
    path.chmod(0o641)
    mt.save(MLP(2, [1], seed=1), link)
    assert stat.S_IMODE(path.stat().st_mode) == 0o641
    assert bits(mt.load(path)) == bits(MLP(2, [1], seed=1))


SAVING = """
import sys
import microtrain as mt
models = [mt.MLP(4, [20, 20, 1], seed=seed) for seed in range(2)]
print("ready", flush=True)
while True:
    for model in models:
        mt.save(model, sys.argv[1])
"""


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL is of POSIX")
def test_whoever_is_killed_while_saving_leaves_a_whole_file(tmp_path):
    path = tmp_path / "model.json"
    allowed = [bits(MLP(4, [20, 20, 1], seed=seed)) for seed in range(2)]
    rng = random.Random(0)
    seen = set()
    for _ in range(25):
        process = subprocess.Popen(
            [sys.executable, "-c", SAVING, str(path)], stdout=subprocess.PIPE, text=True
        )
        process.stdout.readline()
        time.sleep(rng.uniform(0.005, 0.04))
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        if path.exists():
            seen.add(allowed.index(bits(mt.load(path))))
    assert seen and seen <= {0, 1}


def test_what_can_not_be_written_is_named_as_it_was_given(tmp_path):
    with pytest.raises(FileNotFoundError, match="there is no such folder") as failed:
        mt.save(MLP(1, [1]), tmp_path / "missing" / "model.json")
    assert failed.value.filename == str(tmp_path / "missing")
    with pytest.raises(IsADirectoryError) as failed:
        mt.save(MLP(1, [1]), tmp_path)
    assert failed.value.filename == str(tmp_path)
    assert list(tmp_path.iterdir()) == []
