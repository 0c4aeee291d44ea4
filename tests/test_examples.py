"""The GPT of the examples: what it computes, how it is compiled, its picture, what it learns.

And the digits, which are learned in C.
"""

from __future__ import annotations

import importlib.util
import os
import random
import re
import sys

import pytest
from graphs import bits
from hypothesis import given, settings
from hypothesis import strategies as st
from machine import native, run
from pages import ROOT, blocks

import microtrain as mt
from microtrain.draw.graph import Box, svg
from microtrain.engine.graph import topological_sort


def loaded(path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


GPT = ROOT / "examples" / "gpt.py"


@pytest.fixture(scope="module")
def small():
    """The example with vectors of 4 numbers, in 2 heads, and names of up to 3 letters."""
    gpt = loaded(GPT)
    gpt.WIDTH, gpt.HEADS, gpt.PLACES, gpt.LETTERS = 4, 2, 4, ".abcd"
    gpt.compiled = mt.compile(mt.value_and_grad(gpt.loss))
    return gpt


seeds = st.integers(0, 10**6)
names = st.text("abcd", min_size=1, max_size=3)


def weights_of(gpt, seed):
    random.seed(seed)
    return gpt.initial_weights()


def all_bits(found):
    value, slopes = found
    return bits(value), [bits(row) for rows in slopes.values() for row in rows]


@settings(max_examples=15)
@given(name=names, seed=seeds)
def test_the_compiled_gpt_has_the_bits_of_the_eager_one(small, name, seed):
    weights, document = weights_of(small, seed), small.encoded(name)
    compiled = small.compiled(weights, *document)
    assert all_bits(compiled) == all_bits(mt.value_and_grad(small.loss)(weights, *document))


@settings(max_examples=15)
@given(name=names, seed=seeds)
def test_padding_changes_nothing_and_later_letters_no_odds(small, name, seed):
    weights, (text, shares) = weights_of(small, seed), small.encoded(name)
    n = len(name) + 1
    gradient = mt.value_and_grad(small.loss)
    padded, alone = gradient(weights, text, shares), gradient(weights, text[: n + 1], shares[:n])
    assert bits(padded[0]) == bits(alone[0])
    for k, rows in padded[1].items():
        for row, row_alone in zip(rows, alone[1][k], strict=True):
            assert row == pytest.approx(row_alone, rel=1e-12, abs=1e-15)
    odds = []
    for letters in (text, [*text[:-1], text[0][::-1]]):
        keys, values = [], []
        odds.append(
            [small.next_letter(weights, letters[k], k, keys, values) for k in range(small.PLACES)]
        )
    assert odds[0][: small.PLACES - 1] == odds[1][: small.PLACES - 1]


@settings(max_examples=15)
@given(name=names, seed=seeds)
def test_the_gradient_is_that_of_the_reverse_passes_by_hand(small, name, seed):
    numpy = pytest.importorskip("numpy")
    by_hand = loaded(ROOT / "benchmarks" / "gpt_by_hand.py")
    weights = weights_of(small, seed)
    text = [small.LETTERS.index(c) for c in f".{name}."]
    value, slopes = small.compiled(weights, *small.encoded(name))
    arrays = {k: numpy.array(rows) for k, rows in weights.items()}
    for other, others in (
        by_hand.in_python(weights, text, small.HEADS),
        by_hand.in_numpy(arrays, numpy.array(text), small.HEADS),
    ):
        assert other == pytest.approx(value, rel=1e-12)
        for k in slopes:
            assert numpy.asarray(others[k]) == pytest.approx(
                numpy.asarray(slopes[k]), rel=1e-9, abs=1e-12
            )


def test_a_letter_is_drawn_by_the_odds(small):
    weights = weights_of(small, 1)
    weights["out"] = [[0.0] * small.WIDTH for _ in small.LETTERS]  # all letters are as likely
    drawn = [small.invented(weights) for _ in range(500)]
    ended = sum(name == "" for name in drawn) / len(drawn)  # by the first letter
    assert ended == pytest.approx(1 / len(small.LETTERS), abs=0.04)
    assert {len(name) for name in drawn} == {0, 1, 2, 3, 4}


def test_the_largest_of_some_data_is_refused_with_what_to_write():
    def softmax(xs):
        top = max(x.data for x in xs)
        powers = [(x - top).exp() for x in xs]
        return [x / sum(powers) for x in powers]

    with pytest.raises(mt.CompileError, match=r"softmax, mt.detach\(mt.maximum\(") as caught:
        mt.compile(softmax)([1.0, 2.0])
    assert "top = max(x.data for x in xs)" in str(caught.value)


def picture():
    """Return the graph of the second letter of a name, for vectors of two numbers, as SVG."""
    gpt = loaded(GPT)
    gpt.WIDTH, gpt.HEADS, gpt.LETTERS = 2, 1, ".ab"
    random.seed(0)
    weights = {
        name: [[mt.Value(x, label=name) for x in row] for row in rows]
        for name, rows in gpt.initial_weights().items()
    }
    text = [[float(a == b) for b in gpt.LETTERS] for a in ".ab"]
    keys, values = [], []
    gpt.next_letter(weights, text[0], 0, keys, values)
    before = [
        [mt.Value(x.data, label=f"{kind} before") for x in xs]
        for kind, xs in (("key", keys[0]), ("value", values[0]))
    ]
    scores = gpt.next_letter(weights, text[1], 1, before[:1], before[1:])
    loss = -mt.log(mt.dot(mt.softmax(scores), text[2]))
    order, leaves = topological_sort(loss)
    names = [*dict.fromkeys(leaf.label for leaf in leaves)]  # a box for all numbers of a matrix
    boxes = [Box((name,), "#E3EEF7" if "before" in name else "#FFE9B8") for name in names]
    places = {leaf: names.index(leaf.label) for leaf in leaves}
    arrows = []
    for value in order:
        places[value] = len(boxes)
        boxes.append(Box(("loss" if value is loss else value.op,)))
        tails = dict.fromkeys(places[parent] for parent in value.parents)
        arrows += [(tail, places[value], "") for tail in tails]
    return svg(boxes, arrows)


def test_the_page_quotes_the_program():
    program = GPT.read_text(encoding="utf-8")
    quoted = blocks("py", "docs/gpt.md")
    assert len(quoted) == 3
    assert [block for block in quoted if block not in program] == []


def test_the_picture_on_the_page_is_the_graph_of_the_program():
    assert (ROOT / "docs" / "gpt.svg").read_text(encoding="utf-8") == picture()


@pytest.mark.slow
def test_the_gpt_is_short_and_learns():
    assert len(GPT.read_text(encoding="utf-8").splitlines()) <= 150
    done = run(sys.executable, str(GPT), timeout=600)
    assert (done.returncode, done.stderr) == (0, "")
    losses = [float(x) for x in re.findall(r"^step +\d+ +loss (\S+)$", done.stdout, re.MULTILINE)]
    assert len(losses) == 10
    assert losses[0] < 3.0 and losses[-1] < losses[0] - 0.8  # a guess costs log(27), 3.3
    new = done.stdout.splitlines()[-1].split(", ")
    assert len(new) > 10 and sum(name.endswith("ium") for name in new) > 3
    assert not {*new} & {*loaded(GPT).ELEMENTS}


@native
@pytest.mark.slow
def test_digits_are_drawn_and_read_after_training_in_c(tmp_path):
    (tmp_path / "sklearn.py").write_text("raise ImportError")  # so that they are drawn
    environment = {**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT / 'src'}"}
    done = run(sys.executable, str(ROOT / "examples" / "digits.py"), timeout=600, env=environment)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("1800 images (drawn); MLP(64")
    assert float(re.search(r"^([\d.]+)% of 360", done.stdout, re.MULTILINE)[1]) > 90.0
    assert re.findall(r"^(\w+): the same losses", done.stdout, re.MULTILINE) == [
        "compiled",
        "eager",
    ]


if __name__ == "__main__":
    (ROOT / "docs" / "gpt.svg").write_text(picture(), encoding="utf-8")
