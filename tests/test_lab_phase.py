"""The phase diagram: each run is that of train from its start, and the pictures show what it is."""

from __future__ import annotations

import concurrent.futures
import csv
import functools
import itertools
import json
import math
import pickle
import re
import types

import pytest
from hypothesis import given
from hypothesis import strategies as st
from machine import ENGINES

import microtrain as mt
from microtrain import MLP, SweepError
from microtrain.lab import sweep as sweep_module
from microtrain.lab.diagram import LINE, LOOKS, SHADES, PhaseDiagram, edges
from microtrain.training import compiled
from microtrain.training.eager import EagerEngine
from microtrain.training.train import engine_for

LRS, SCALES = (0.01, 0.1, 1.0, 10.0), (0.1, 1.0, 5.0)


def small(seed, output="tanh"):
    return MLP(3, [2, 1], output_activation=output, seed=seed)


def scaled(scale, seed, model=None):
    made = MLP(3, [4, 4, 1], seed=seed) if model is None else model(seed)
    for p in made.parameters():
        p.data *= scale
    return made


@pytest.mark.parametrize("model", [None, small])
@pytest.mark.parametrize("engine", ["auto", *ENGINES])
def test_each_run_is_that_of_train_from_its_start(engine, model):
    found = mt.phase_diagram(
        LRS, SCALES, seeds=(4, 1), steps=30, target_loss=0.05, model=model, engine=engine
    )
    xs, ys = mt.datasets.toy()
    assert found.status == "finished" and found.planned == 6
    records = list(found.records())
    assert len(records) == 24
    for record in records:
        start = scaled(record["scale"], record["seed"], model)
        assert record["sharpness"] == mt.sharpness(start, xs, ys)
        history = mt.train(start, xs, ys, lr=record["lr"], steps=30, target_loss=0.05)
        assert record["verdict"] == history.verdict
        assert (record["steps"], record["loss"]) == (history.steps, history.final_loss)
    for scale, row, stable in zip(SCALES, found.cells, found.stable_lrs):
        first, second = (r["sharpness"] for r in records if (r["scale"], r["lr"]) == (scale, 0.01))
        assert stable == 2 / ((first + second) / 2)
        for lr, cell in zip(LRS, row):
            runs = [r for r in records if (r["scale"], r["lr"]) == (scale, lr)]
            assert (cell.scale, cell.lr) == (scale, lr)
            assert all(r.items() <= vars(run).items() for run, r in zip(cell.runs, runs))
            assert cell.converged == sum(r["verdict"] == "converged" for r in runs) / 2
            assert sum(cell.verdicts.values()) == 2 and cell.verdict in cell.verdicts


def test_rows_may_be_seeds():
    found = mt.phase_diagram(LRS, None, seeds=(7, 3, 5), steps=20)
    assert (found.by, found.rows) == ("seed", [7, 3, 5])
    assert [row[0].runs[0].seed for row in found.cells] == [7, 3, 5]
    assert [row[1].loss for row in found.cells] == [
        mt.train(lr=0.1, seed=seed, target_loss=0.01).final_loss for seed in (7, 3, 5)
    ]
    assert repr(found) == "PhaseDiagram(12 runs of 4 rates and 3 seeds)"


def test_the_same_on_any_executor():
    make = functools.partial(
        mt.phase_diagram, LRS, SCALES, seeds=range(2), steps=20, model=small, sharpness=False
    )
    expected = make().to_dict()
    for pool in (concurrent.futures.ThreadPoolExecutor, concurrent.futures.ProcessPoolExecutor):
        with pool(2) as executor:
            assert make(executor=executor).to_dict() == expected
    assert expected["stable_lrs"] == [None] * 3


def test_an_architecture_is_compiled_once_and_also_for_few_steps(monkeypatch):
    traces = []
    original = compiled.written
    monkeypatch.setattr(compiled, "written", lambda *args: traces.append(1) or original(*args))
    monkeypatch.setattr("microtrain.training.tracing._cache", {})
    mt.phase_diagram([0.01 * k for k in range(1, 50)], SCALES, seeds=range(3), steps=3)
    assert len(traces) == 1


def test_a_start_without_a_hessian_has_no_line():
    def kinked(prediction, target):
        return abs(prediction - prediction) ** 1.5 + (prediction - target) ** 2

    def branching(prediction, target):
        return (prediction - target) ** 2 if prediction > -9 else prediction * 1.0

    for loss in (kinked, branching):
        found = mt.phase_diagram(LRS, SCALES, model=small, loss=loss, steps=5)
        assert found.stable_lrs == [None] * 3
        assert "sharpness" not in found.chart()


def test_ctrl_c_keeps_what_there_is():
    def stop(found):
        if len(found.made) == 4:
            raise KeyboardInterrupt

    found = mt.phase_diagram(LRS, SCALES, seeds=range(3), steps=5, on_run=stop)
    assert found.status == "interrupted"
    assert [len(row[0].runs) for row in found.cells] == [2, 1, 1]
    assert repr(found) == "PhaseDiagram(16 runs of 4 rates and 3 scales, interrupted)"
    none = mt.PhaseDiagram(LRS, SCALES, [0], 5, None)
    assert none.cells == [[None] * 4] * 3 and none.chart().count("|") >= 3
    assert "0 runs" in repr(none)


def fragile(seed):
    return small(seed, ["tanh"][seed])


def test_a_failure_keeps_what_there_is():
    message = (
        "IndexError: list index out of range\nMissing: the start of scale 0.1 with seed 1, and 5"
    )
    with pytest.raises(SweepError, match=message) as caught:
        mt.phase_diagram(LRS, SCALES, seeds=range(3), steps=5, model=fragile)
    assert len(caught.value.sweep.made) == 3
    assert caught.value.sweep.cells[0][0].verdicts


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"lrs": []}, ValueError, "lrs expects at least one, got none"),
        ({"lrs": 0.1}, TypeError, "lrs expects a list of numbers above 0, got float"),
        ({"lrs": [0.1, 0]}, ValueError, r"lrs\[1\] expects a finite number above 0, got 0"),
        (
            {"scales": [1, 1.0]},
            ValueError,
            "scales expects different numbers above 0",
        ),
        ({"scales": ["x"]}, TypeError, r"scales\[0\] expects a number"),
        ({"seeds": []}, ValueError, "seeds expects at least one"),
        ({"steps": 1}, ValueError, "steps expects an int of at least 2"),
        ({"engine": "fast"}, ValueError, "engine expects one of"),
        ({"model": {0: small(0)}.get}, ValueError, "got two that share parameters"),
        ({"executor": 4}, TypeError, "executor expects"),
    ],
)
def test_what_does_not_fit_is_refused(arguments, error, message):
    with pytest.raises(error, match=message):
        mt.phase_diagram(**arguments)


def test_the_record(tmp_path):
    found = mt.phase_diagram((1.0, 0.01), (2.0, 1.0), seeds=range(3), steps=20)
    assert (found.lrs, found.rows) == ([0.01, 1.0], [1.0, 2.0])  # ascending
    record = json.loads(json.dumps(found.to_dict()))
    assert [[sum(cell.values()) for cell in row] for row in record["verdicts"]] == [[3, 3], [3, 3]]
    found.to_csv(tmp_path / "map.csv")
    with open(tmp_path / "map.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [float(row["loss"]) for row in rows] == [run["loss"] for run in record["runs"]]
    assert list(pickle.loads(pickle.dumps(found)).records()) == list(found.records())
    assert repr(found.cells[0][0]).startswith("Rate(0.01: 3 ")
    assert repr(found.cells[1][1]).startswith("Rate(1 at scale 2: ")
    assert "PhaseDiagram(12 runs" in found._repr_html_()


# Pictures.

chart = PhaseDiagram.chart  # also of what is just like one
names = st.sampled_from(sorted({*LOOKS} - {LINE}))
numbers = st.lists(st.floats(1e-3, 1e3), min_size=1, max_size=30, unique=True).map(sorted)


def diagram(lrs, rows, cells, line, by="scale", steps=100):
    """Return as much of a diagram as its picture needs; a cell is a verdict and its steps."""
    cells = [
        [cell and types.SimpleNamespace(verdict=cell[0], steps=(0, cell[1], 0)) for cell in row]
        for row in cells
    ]
    shown = {"lrs": lrs, "rows": rows, "cells": cells, "stable_lrs": line}
    return types.SimpleNamespace(**shown, by=by, steps=steps, plan=[])


@st.composite
def planes(draw):
    lrs, rows = draw(numbers), draw(numbers)
    cell = st.none() | st.tuples(names, st.floats(0, 100))
    cells = [draw(st.lists(cell, min_size=len(lrs), max_size=len(lrs))) for _ in rows]
    line = [draw(st.none() | st.floats(1e-4, 1e4)) for _ in rows]
    return diagram(lrs, rows, cells, line, draw(st.sampled_from(["scale", "seed"])))


@given(planes(), st.integers(30, 90), st.integers(2, 40))
def test_charts_keep_to_their_size_and_show_what_is_there(found, width, height):
    margin = max(len(f"{x:.3g}") for x in found.rows)

    def rows_of(colour):
        text = re.sub("\033\\[[\\d;]*m", "", chart(found, width, height, colour=colour))
        lines = text.split("\n")[1:]
        return [*itertools.takewhile(lambda line: line[margin + 1 :][:1] == "|", lines)]

    plain, coloured = rows_of(False), rows_of(True)
    assert len({len(line) for line in coloured}) == 1
    assert len(plain) == len(coloured) <= height
    assert max(map(len, plain)) <= len(coloured[0]) <= max(width, margin + 10)
    if len(found.rows) <= height:  # nothing is left out
        for row, line in zip(found.cells, plain[:: -len(plain) // len(found.rows)]):
            signs = {LOOKS[cell.verdict][0] if cell else " " for cell in row}
            assert {*line[margin + 2 :]} - {"|"} <= signs


def test_the_axis_of_a_chart_is_where_its_numbers_are():
    lrs = [0.01, 0.5, 30.0]  # cells from 0.0014, 0.07, 3.9 to 232, six characters each
    found = diagram(lrs, [1.0], [[("converged", 1.0)] * 3], [4.0])
    row, axis = chart(found, 40, 4).split("\n")[1::3][:2]
    assert row == "1 |############|#####" and axis == "      0.01  1   10"
    between = diagram([0.2, 0.3], [1.0], [[None, None]], [None])  # no power of ten
    assert chart(between, 40, 4).split("\n")[-1] == "   0.2"


def test_a_chart_has_a_sign_for_each_cell_from_bottom_to_top():
    cells = [[("crawling", 0.0), ("converged", 5.0)], [("diverged", 0.0), None]]
    found = diagram([0.1, 1.0], [1.0, 2.0], cells, [None, None])
    assert chart(found, 30, 2).split("\n")[1:3] == ["2 |XX", "1 |..##"]
    found.stable_lrs = [None, 0.2]
    assert chart(found, 30, 2).split("\n")[1] == "2 |X|"


def test_a_chart_says_what_it_leaves_out():
    def below(n, m, width, height):
        lrs, rows = ([1.1**k for k in range(count)] for count in (n, m))
        found = diagram(lrs, rows, [[("crawling", 0.0)] * n] * m, [None] * m, "seed")
        return chart(found, width, height).split("\n")[-1].strip()

    assert below(30, 12, 36, 12) == below(9, 12, 80, 24) == ". crawling"
    assert below(30, 12, 35, 12) == "29 of 30 rates and 12 of 12 seeds are shown"
    assert below(30, 12, 90, 11) == "30 of 30 rates and 11 of 12 seeds are shown"


def test_edges_lie_halfway_between_centres():
    assert edges([2.0]) == pytest.approx([2 * math.sqrt(0.1), 2 * math.sqrt(10)])
    assert edges([1.0, 4.0, 16.0]) == pytest.approx([0.5, 2.0, 8.0, 32.0])


def test_the_plot_shows_each_cell_in_its_colour():
    matplotlib = pytest.importorskip("matplotlib")
    found = mt.phase_diagram(LRS, SCALES, seeds=range(3))
    ax = found.plot()
    assert found.plot(ax) is ax
    darkness, order = {}, matplotlib.colors.LinearSegmentedColormap.from_list("", SHADES)
    for row, colours in zip(found.cells, ax.collections[0].get_array()):
        for cell, colour in zip(row, colours):
            if cell.verdict == "converged":
                darkness[cell.steps[1]] = [*colour]
            else:
                assert matplotlib.colors.to_hex(colour).upper() == LOOKS[cell.verdict][1]
    places = [math.log(max(1, steps)) / math.log(100) for steps in darkness]
    assert len(places) >= 2 and [*darkness.values()] == [[*order(place)] for place in places]
    line = ax.patches[0]
    assert [*line.get_data().values] == found.stable_lrs
    assert [*line.get_data().edges] == edges(SCALES)
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert labels[-1] == "2 / sharpness of the start" and set(labels[:-1]) <= {*LOOKS}
    assert ax.get_legend().get_title().get_text() == "most frequent of 3 seeds"


def test_a_row_of_a_plot_is_named_by_its_seed():
    pytest.importorskip("matplotlib")
    seeds = [7, 3, *range(20, 43)]
    ax = mt.phase_diagram([0.1, 1.0], None, seeds=seeds, steps=2).plot()
    ax.figure.draw_without_rendering()
    labels = {int(tick.get_text()): tick.get_position()[1] for tick in ax.get_yticklabels()}
    assert len(labels) == 9 and all(seeds[round(row)] == seed for seed, row in labels.items())


# What the cones see (Machado, Oliveira and Fernandes 2009): all, no red, no green, no blue.
SEEN = (
    ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    ((0.152, 1.053, -0.205), (0.115, 0.786, 0.099), (-0.004, -0.048, 1.052)),
    ((0.367, 0.861, -0.228), (0.280, 0.673, 0.047), (-0.012, 0.043, 0.969)),
    ((1.256, -0.077, -0.179), (-0.078, 0.931, 0.148), (0.005, 0.691, 0.304)),
)


def lab(colour, seen):
    """Return a colour as somebody sees it, in CIELAB, in which 1 is a just noticeable distance."""
    parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    r, g, b = (min(1.0, max(0.0, sum(map(math.prod, zip(row, linear))))) for row in seen)
    x, y, z = (
        0.4124 * r + 0.3576 * g + 0.1805 * b,
        0.2126 * r + 0.7152 * g + 0.0722 * b,
        0.0193 * r + 0.1192 * g + 0.9505 * b,
    )
    x, y, z = (
        math.cbrt(t) if t > 0.008856 else 7.787 * t + 16 / 116 for t in (x / 0.9505, y, z / 1.089)
    )
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


@pytest.mark.parametrize("seen", SEEN)
def test_colour_blind_people_can_tell_the_colours_apart(seen):
    colours = [*(colour for _, colour, _ in LOOKS.values()), SHADES[0], SHADES[-1]]
    for one, other in itertools.combinations(colours, 2):
        assert math.dist(lab(one, seen), lab(other, seen)) > 16


@pytest.mark.parametrize("scales", [SCALES, None])
def test_the_legend_of_a_plot_covers_nothing(scales):
    pytest.importorskip("matplotlib")
    ax = mt.phase_diagram(LRS, scales, seeds=range(12), steps=60).plot()
    ax.figure.draw_without_rendering()
    figure, plane = ax.figure.bbox, ax.patch.get_window_extent()
    for beside in (ax.get_legend(), *ax.child_axes):
        box = beside.get_window_extent()
        assert box.x0 > plane.x1 and figure.x0 <= box.x0 and box.x1 <= figure.x1
    assert not ax.get_legend().get_window_extent().overlaps(ax.child_axes[0].get_tightbbox())


def test_a_plot_of_nothing_and_of_one_verdict():
    pytest.importorskip("matplotlib")
    assert not mt.PhaseDiagram(LRS, SCALES, [0], 5, None).plot().child_axes
    assert not mt.phase_diagram([10.0], [1.0]).plot().child_axes


def test_whether_compiling_is_worth_it_is_told_by_all_runs_of_a_start(monkeypatch):
    chosen = []

    def counted(plan, runs):
        engine, fallback = engine_for(plan, runs)
        chosen.append((runs, type(engine)))
        return engine, fallback

    monkeypatch.setattr(sweep_module, "engine_for", counted)
    few, many = (0.01, 0.1), [0.01 * k for k in range(1, 61)]
    for lrs in (few, many):
        mt.phase_diagram(lrs, (1.0,), steps=2, sharpness=False)
    assert {*chosen} == {(2, EagerEngine), (60, compiled.CompiledEngine)}
