"""Plots, graphs, and what a notebook shows."""

from __future__ import annotations

import builtins
import csv
import html.parser
import io
import math
import sys

import pytest
from machine import run

import microtrain as mt
from microtrain import MLP, Value
from microtrain.draw.plot import html_table
from microtrain.files.csv import write_csv

XS, YS = mt.datasets.toy()


@pytest.fixture
def matplotlib():
    return pytest.importorskip("matplotlib")


@pytest.fixture
def no_matplotlib(monkeypatch):
    original = builtins.__import__

    def importing(name, *args, **options):
        if name.startswith("matplotlib"):
            raise ImportError(name)
        return original(name, *args, **options)

    monkeypatch.setattr(builtins, "__import__", importing)


# Plots.


def test_a_history_is_plotted_as_it_is(matplotlib):
    history = mt.train(steps=30)
    ax = history.plot()
    (curve,) = ax.get_lines()
    assert list(curve.get_ydata()) == history.losses
    assert curve.get_markevery() == [29]  # a dot at its end
    assert (ax.get_xlabel(), ax.get_ylabel(), ax.get_yscale()) == ("step", "loss", "log")
    assert history.plot(ax) is ax
    assert ax.figure.axes == [ax]


def test_losses_that_are_not_finite_or_positive_leave_gaps(matplotlib):
    history = mt.train(MLP(1, [1], output_activation="linear"), [[1.0]], [0.0], lr=1e200)
    assert not math.isfinite(history.losses[-1])
    ax = history.plot()
    assert math.isnan(ax.get_lines()[0].get_ydata()[-1])
    history.losses[:] = [1.0, 0.0]
    assert history.plot().get_yscale() == "linear"
    history.losses[:] = [math.nan]
    history.plot()
    history.losses[:] = [3.0, 1e250, 2.0]  # which would leave no room for the others
    assert math.isnan(history.plot().get_lines()[0].get_ydata()[1])


def test_a_sweep_is_plotted_with_its_quartiles(matplotlib):
    found = mt.sweep((0.01, 0.1), seeds=range(5))
    ax = found.plot()
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert labels == ["0.01", "0.1"]
    assert len(ax.collections) == 2  # the bands
    assert "median" in ax.get_title()
    assert any(text.get_text() == "target 0.01" for text in ax.texts)
    single = mt.sweep((0.01, 0.1), target_loss=None).plot()
    assert single.get_title() == "" and not single.texts
    history = mt.sweep((0.1,)).runs[0].history
    assert list(mt.sweep((0.1,)).plot().get_lines()[0].get_ydata()) == history.losses


def test_the_legend_of_a_sweep_crosses_no_curve(matplotlib):
    ax = mt.sweep((0.001, 0.01, 0.1, 1.0), seeds=range(3)).plot()
    ax.figure.draw_without_rendering()
    box = ax.get_legend().get_window_extent()
    assert box.x0 >= ax.patch.get_window_extent().x1 and box.x1 <= ax.figure.bbox.x1


def test_a_decision_boundary(matplotlib):
    xs, ys = mt.datasets.moons(30)
    model = MLP(2, [4, 1], output_activation="linear")
    ax = model.plot_boundary(xs, ys)
    drawn = {tuple(point) for line in ax.get_lines() for point in line.get_xydata()}
    assert drawn == {tuple(x) for x in xs}
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["target -1", "target +1"]
    assert model.plot_boundary(xs, ys, ax) is ax
    one_sided = MLP(2, [1], output_activation="sigmoid")  # there is no line to draw
    for p in one_sided.parameters():
        p.data = 9.0 if p is one_sided.layers[0].neurons[0].bias else 0.0
    one_sided.plot_boundary(xs, [1.0] * 30)
    with pytest.raises(ValueError, match="samples of two finite numbers"):
        MLP(3, [1]).plot_boundary(XS, YS)
    with pytest.raises(ValueError, match="samples of two finite numbers"):
        model.plot_boundary([[1.0, 1e200]], [1.0])
    with pytest.raises(ValueError, match="xs expects at least one sample, got none"):
        model.plot_boundary([], [])
    with pytest.raises(ValueError, match="a target for each sample, got 30 xs, 1 ys"):
        model.plot_boundary(xs, [1.0])
    with pytest.raises(ValueError, match=r"xs\[0\]\[1\] expects a finite number, got nan"):
        model.plot_boundary([[1.0, math.nan]], [1.0])
    with pytest.raises(ValueError, match="expects a class index from 0 to 1, got float -1.0"):
        MLP(2, [2]).plot_boundary(xs, ys)
    ax = MLP(2, [1], output_activation="sigmoid").plot_boundary(xs, [float(y > 0) for y in ys])
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["target 0", "target 1"]


def test_the_boundary_is_where_the_model_says(matplotlib):
    model = MLP(2, [1], output_activation="linear")
    for p, x in zip(model.parameters(), (2.0, 0.0, -1.0)):
        p.data = x  # positive right of 0.5
    ax = model.plot_boundary([[0.0, 0.0], [1.0, 1.0]], [-1, 1])
    line = next(
        c for c in ax.collections if len(c.get_paths()) == 1 and c.get_linewidth()[0] == 1.5
    )
    assert {round(x, 9) for x, _ in line.get_paths()[0].vertices} == {0.5}


def test_three_classes_part_where_the_model_says(matplotlib):
    class Largest(mt.Module):
        def __call__(self, x):
            return [Value(x[0]), Value(x[1]), Value(-x[0] - x[1])]

    xs, ys = [[2.0, 1.0], [1.0, 2.0], [-1.0, -1.0], [3.0, -1.0]], [0, 1, 2, [1.0, 0.0, 0.0]]
    ax = Largest().plot_boundary(xs, ys)
    assert legend(ax) == ["class 0", "class 1", "class 2"]
    drawn = [[tuple(map(float, point)) for point in line.get_xydata()] for line in ax.get_lines()]
    assert drawn == [[(2.0, 1.0), (3.0, -1.0)], [(1.0, 2.0)], [(-1.0, -1.0)]]
    lines = [c for c in ax.collections if c.get_linewidth()[0] == 1.5]
    corners = [point for line in lines for path in line.get_paths() for point in path.vertices]
    assert len(lines) == 2 and len(corners) > 50
    for x, y in corners:  # two are as large, but for the width of the grid
        _, second, first = sorted([x, y, -x - y])
        assert first - second < 0.1
    with pytest.raises(ValueError, match="expects a class index from 0 to 2, got int 3"):
        Largest().plot_boundary(xs, [0, 1, 2, 3])


def test_in_a_script_with_pyplot_the_figure_is_shown_by_it(matplotlib):
    code = """
import matplotlib; matplotlib.use("agg")
import matplotlib.pyplot as plt, microtrain as mt
ax = mt.train(steps=3).plot()
assert plt.get_fignums() == [1] and plt.gcf() is ax.figure
mt.train(steps=3)._repr_html_()
assert plt.get_fignums() == [1]
"""
    done = run(sys.executable, "-c", code)
    assert done.stderr == ""


def test_without_matplotlib_a_plot_says_what_to_install(no_matplotlib):
    history = mt.train(steps=3)
    with pytest.raises(ImportError, match="plots need matplotlib: pip install matplotlib"):
        history.plot()


# Notebooks.


class Balance(html.parser.HTMLParser):
    """Checks that every tag is closed, and gathers the text."""

    def __init__(self, text):
        super().__init__()
        self.open, self.text = [], []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        if tag not in ("br", "meta", "img", "path", "use", "rect", "circle"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        if self.open and self.open[-1] == tag:
            self.open.pop()

    def handle_startendtag(self, tag, attrs):
        pass

    def handle_data(self, data):
        self.text.append(data)


def shown(thing):
    return " ".join(Balance(thing._repr_html_()).text)


def things():
    running = mt.train(steps=3)
    running.losses.clear()
    running.lrs.clear()
    broken = mt.train(steps=3)
    broken.losses[:] = [math.nan]
    broken.error = "<script>"
    x = Value(2.0, label="<i>")
    deep = x
    for _ in range(400):
        deep = deep * x
    return [
        *(running, broken, mt.train(steps=3), mt.train(lr=mt.warmup_cosine(1, 9, 2), steps=9)),
        *(mt.sweep(), mt.Sweep([], 5, 0.01), mt.sweep(track_sharpness=5, seeds=range(2))),
        *(MLP(3, [2, 1]), mt.Neuron(2), mt.Layer(2, 2), mt.Module(), x, x * x, deep, Value(0)),
    ]


@pytest.mark.parametrize("thing", things(), ids=lambda thing: type(thing).__name__)
def test_everything_shows_itself_and_never_fails(thing, no_matplotlib):
    text = shown(thing)
    assert text
    assert "<script>" not in thing._repr_html_() and "<i>" not in thing._repr_html_()


def test_what_is_shown(matplotlib):
    history = mt.train(steps=200, target_loss=0.01)
    text = shown(history)
    assert "converged" in text and "7.73 -> 0.009874" in text
    assert "<svg" in history._repr_html_()
    text = shown(mt.train(lr=mt.warmup_cosine(1.0, 9, 1), steps=9))
    assert "0.03806 to 1" in text
    text = shown(MLP(3, [4, 1]))
    assert "layers.0.weight" in text and "4 x 3" in text and "12" in text
    assert "crawling" in shown(mt.sweep())

    class Own(mt.Module):
        def __init__(self):
            self.w = Value(1.0)

    words = ["Own(1", "parameter)", "parameter", "shape", "numbers", "w", "number", "1"]
    assert shown(Own()).split() == words


def test_a_value_is_drawn_unless_its_graph_is_too_large():
    x = Value(2.0)
    assert "<svg" in (x * x)._repr_html_() and (x * x)._repr_svg_().startswith("<svg")
    assert x._repr_svg_() is None
    y = x
    for _ in range(400):
        y = y * x
    assert y._repr_svg_() is None
    with pytest.raises(ValueError, match="to_svg expects a graph of at most 300 nodes, got 401: "):
        mt.to_svg(y)
    words = "Its graph has 401 nodes, too many to look at: to_dot(value) writes it."
    assert words in shown(y) and "Its graph" not in shown(x)


def test_tables_escape_what_they_show():
    text = html_table("<a>", [["<b>", "&"]], header=["<c>", "d"], below="<hr>")
    assert "<b>" not in text and "&lt;a&gt;" in text and "&amp;" in text and text.endswith("<hr>")


@pytest.mark.slow
def test_a_real_notebook(tmp_path):
    nbformat, nbclient = pytest.importorskip("nbformat"), pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    cells = [
        "import microtrain as mt",
        "mt.train(steps=200, target_loss=0.01)",
        "mt.sweep()",
        "mt.MLP(3, [4, 4, 1])",
        "x = mt.Value(2.0); x * x + 1",
        "mt.train(steps=5).plot()",
    ]
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    nbclient.NotebookClient(book, timeout=120, resources={"metadata": {"path": tmp_path}}).execute()
    for cell in book.cells[1:5]:
        (output,) = cell.outputs
        assert {"text/plain", "text/html"} <= set(output.data)
        assert "<table>" in output.data["text/html"]
    assert any("image/png" in output.get("data", {}) for output in book.cells[5].outputs)


def legend(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def test_what_a_boundarys_legend_says_is_so(matplotlib):
    points = [[0.0, 1.0], [2.0, 3.0], [1.0, -1.0]]
    model = MLP(2, [2, 1])
    assert legend(model.plot_boundary(points, [1, -1, 1])) == ["target -1", "target +1"]
    assert legend(model.plot_boundary(points, [1, 0, 0])) == ["target 0", "target 1"]
    assert legend(model.plot_boundary(points, [1.5, 0, 3])) == ["target below 0", "target above 0"]


def test_a_curve_that_leaves_the_plot_is_said_to(matplotlib):
    model = MLP(3, [3, 1], output_activation="linear")
    history = mt.train(model, XS, YS, lr=1.0, steps=50)
    assert 1e100 < history.final_loss < math.inf
    assert history.plot().get_ylabel() == "loss (what is beyond 1e+100 is not drawn)"
    assert mt.train().plot().get_ylabel() == "loss"


def test_a_band_that_leaves_the_plot_takes_no_room_on_the_axis(matplotlib):
    def linear(seed):
        return MLP(3, [4, 4, 1], output_activation="linear", seed=seed)

    ax = mt.sweep([0.5, 2], model=linear, seeds=range(3), steps=50).plot()
    assert ax.get_ylim()[1] < 1e110


def test_what_is_written_as_csv_is_read_again():
    rows = [["a\rb", "c\nd", 'e"f'], ["g\r\nh", "i,j", " k "], ["", "\r", "\r\n"]]
    file = io.StringIO()
    write_csv(file, rows)
    assert list(csv.reader(io.StringIO(file.getvalue(), newline=""))) == rows
    assert file.getvalue().startswith('"a\rb",') and not file.getvalue().endswith("\r\n")
    file = io.StringIO()
    write_csv(file, [["a", 1.5], ["b", None]])
    assert file.getvalue() == "a,1.5\nb,\n"
