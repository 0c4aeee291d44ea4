"""Expression graphs, as pictures of our own and as DOT text."""

import itertools
import re
import shutil
import subprocess
from fractions import Fraction
from xml.etree import ElementTree

import pytest
from graphs import graphs, points
from hypothesis import given
from hypothesis import strategies as st
from pages import ROOT

import microtrain as mt
from microtrain import MLP, Value
from microtrain.draw.graph import Box, svg
from microtrain.draw.layout import GAP, Layers

XS, YS = mt.datasets.toy()
SVG = "{http://www.w3.org/2000/svg}"


# Text.


def parsed(text):
    """Return the labels of the nodes, and the edges with theirs, of DOT text."""
    nodes = dict(re.findall(r'^ +(n\d+) \[label="((?:[^"\\]|\\.)*)"', text, re.MULTILINE))
    edges = re.findall(r'^ +(n\d+) -> (n\d+) \[label="([^"]*)"\]$', text, re.MULTILINE)
    return nodes, edges


@given(st.data())
def test_a_graph_shows_every_value_and_every_partial(data):
    graph = data.draw(graphs())
    result = graph(*map(Value, data.draw(points(graph.n_leaves))))
    text = mt.to_dot(result)
    assert text == mt.to_dot(result)
    nodes, edges = parsed(text)
    order, leaves = mt.engine.graph.topological_sort(result)
    assert len(nodes) == len(order) + len(leaves)
    assert len(edges) == sum(len(value.parents) for value in order)
    for value in order:
        assert f"{value.op}\\ndata {value.data:.4g}\\ngrad {value.grad:.4g}" in nodes.values()


def test_parameters_are_marked_and_named():
    neuron = mt.Neuron(2)
    result = neuron([1.0, Value(2.0, label='in "quotes" \\ <b>\x01\udcff&')])
    text = mt.to_dot(result, neuron)
    nodes, edges = parsed(text)
    titles = [label.split("\\n")[0] for label in nodes.values()]
    assert titles == [
        "weights.0",
        "weights.1",
        r"in \"quotes\" \\ <b>" + "\ufffd\ufffd&amp;",
        "bias",
        "dot",
        "tanh",
    ]
    assert text.count("parameter ") == 3 and text.count('tooltip="leaf"') == 1
    assert [partial for *_, partial in edges][:3] == ["1", "2", f"{neuron.weights[1].data:.4g}"]
    assert 'label="leaf\\ndata 1' in mt.to_dot(Value(1.0))
    for function, name in ((mt.to_dot, "to_dot"), (mt.to_svg, "to_svg")):
        with pytest.raises(TypeError, match=f"{name} expects a Value, got float"):
            function(1.0)
        with pytest.raises(TypeError, match="model expects a Module, got int"):
            function(result, 3)


def test_a_label_may_have_several_lines():
    picture = mt.to_svg(Value(1.0, label="above\nbelow") * 2)
    assert texts(picture)[1:5] == ["above", "below", "data 1", "grad 0"]
    assert "aria-label='a graph of 2 nodes and 1 edge'" in picture
    assert 'label="above\\nbelow\\ndata 1' in mt.to_dot(Value(1.0, label="above\nbelow"))


def test_exact_numbers_are_shown_as_they_are():
    assert "data 1/3" in mt.to_dot(Value(Fraction(1, 3)))
    assert "data 1/3" in mt.to_svg(Value(Fraction(1, 3)))


@pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")
def test_graphviz_takes_what_is_written():
    def drawn(text):
        done = subprocess.run(
            ["dot", "-Tsvg"], input=text, capture_output=True, encoding="utf-8", check=True
        )
        return done.stdout

    model = MLP(3, [4, 4, 1])
    loss = mt.mse_loss([model(x) for x in XS], YS)
    loss.backward()
    nodes = sum(map(len, mt.engine.graph.topological_sort(loss)))
    assert drawn(mt.to_dot(loss, model)).count('class="node"') == nodes
    assert "a &amp;amp; b" in drawn(mt.to_dot(Value(1.0, label="a &amp; b")))


# Pictures.


def texts(picture):
    return [text.text for text in ElementTree.fromstring(picture).iter(f"{SVG}text")]


def lines(*columns):
    return sorted(
        line.replace("\\\\", "\\").replace('\\"', '"').replace("&amp;", "&")
        for column in columns
        for label in column
        for line in label.split("\\n")
    )


@given(st.data())
def test_a_picture_says_what_the_text_says(data):
    graph = data.draw(graphs())
    result = graph(*map(Value, data.draw(points(graph.n_leaves))))
    picture = mt.to_svg(result)
    assert picture == mt.to_svg(result)
    nodes, edges = parsed(mt.to_dot(result))
    assert sorted(texts(picture)) == lines(nodes.values(), [label for *_, label in edges])
    assert picture.count("class='node'") == len(nodes)


@st.composite
def layered(draw):
    """Draw boxes, the room before each, and edges to later ones, some of them twice."""
    n = draw(st.integers(1, 25))
    sizes = draw(
        st.lists(st.tuples(st.integers(5, 90), st.integers(5, 90)), min_size=n, max_size=n)
    )
    ends = draw(st.lists(st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)), max_size=60))
    rooms = draw(st.lists(st.integers(0, 50), min_size=n, max_size=n))
    return sizes, rooms, [(min(a, b), max(a, b)) for a, b in ends if a != b]


@given(layered())
def test_no_boxes_overlap_and_every_edge_points_to_the_right(drawn):
    sizes, rooms, edges = drawn
    layers = Layers(sizes, rooms, edges)
    left, right, y = layers.left, layers.right, layers.y
    heights = [height for _, height in sizes] + [0] * (len(y) - len(sizes))
    for i, j in itertools.combinations(range(len(y)), 2):  # and no edge passes behind a box
        apart = abs(y[i] - y[j]) >= (heights[i] + heights[j]) / 2 + GAP - 1e-6
        assert apart or right[i] <= left[j] or right[j] <= left[i]
    for i, (wide, high) in enumerate(sizes):
        assert right[i] - left[i] == pytest.approx(wide)
        assert left[i] >= 0 and y[i] - high / 2 >= -1e-6
    for (tail, head), item in zip(edges, layers.last):
        assert item in layers.before[head] and right[item] <= left[head] - rooms[head] + 1e-6
        while item != tail:  # the way back to where the edge begins
            (before,) = layers.before[item]
            assert right[before] <= left[item]
            item = before


@given(st.integers(2, 6).flatmap(lambda n: st.permutations(range(n))))
def test_edges_that_need_not_cross_do_not(order):
    n = len(order)
    edges = [(k, n + place) for place, k in enumerate(order)]
    edges += [(n + k, 2 * n) for k in range(n)]
    y = Layers([(10, 10)] * (2 * n + 1), [0] * (2 * n + 1), edges).y
    assert sorted(range(n), key=y.__getitem__) == [
        order[place] for place in sorted(range(n), key=lambda k: y[n + k])
    ]


@given(st.lists(st.text(max_size=50), min_size=1, max_size=5))
def test_any_text_can_be_drawn(words):
    boxes = [Box((word, "second"), tooltip=word) for word in words]
    arrows = [(k, k + 1, word) for k, word in enumerate(words[1:])]
    shown = [
        "".join(c if c.isprintable() else "\ufffd" for c in word[:32])[
            : 31 if len(word) > 32 else 32
        ]
        for word in words
    ]
    found = [text or "" for text in texts(svg(boxes, arrows))]
    for word, whole in zip(shown, words):
        assert word + "…" * (len(whole) > 32) in found


def test_marks_of_a_picture():
    neuron = mt.Neuron(2)
    result = neuron([Value(1.0, label="漢字漢字漢字漢字漢字"), 2.0])
    result.backward()
    picture = ElementTree.fromstring(mt.to_svg(result, neuron))
    titles = [title.text for title in picture.iter(f"{SVG}title") if title.text]
    assert sorted(titles) == [
        "leaf",
        "parameter bias",
        "parameter weights.0",
        "parameter weights.1",
    ]
    widths = [float(rect.get("width")) for rect in picture.iter(f"{SVG}rect")]
    assert max(widths) > 120  # wide characters have room


def test_the_drawing_in_the_docs_is_the_one_that_they_make():
    x, w, b = Value(2.0, label="x"), Value(-0.5, label="w"), Value(0.75, label="b")
    y = (w * x + b).tanh()
    y.backward()
    drawn = (ROOT / "docs" / "neuron.svg").read_text(encoding="utf-8")
    assert drawn == mt.to_svg(y)
