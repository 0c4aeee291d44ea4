"""The terminal chart."""

from __future__ import annotations

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microtrain.draw.chart import line_chart


def dots(text: str) -> int:
    return sum(bin(ord(c) - 0x2800).count("1") for c in text if 0x2800 < ord(c) < 0x2900)


@given(
    st.lists(st.floats()),
    st.integers(20, 100),
    st.integers(3, 20),
    st.sampled_from([None, True, False]),
    st.booleans(),
)
def test_any_numbers_make_a_chart_of_the_size_asked_for(ys, width, height, log, ascii):
    text = line_chart(
        ys, title="loss", x_label="step", width=width, height=height, log=log, ascii=ascii
    )
    lines = text.splitlines()
    assert lines[0] == "loss"
    if "no finite numbers" in text:
        assert not any(abs(y) < 8e307 and (y > 0 or not log) for y in ys)
        return
    assert len(lines) == height + 3
    margin = lines[-2].index("+" if ascii else "└")
    assert max(map(len, lines)) <= max(width, margin + 10)
    assert text.isascii() == ascii
    if not ascii:
        assert dots(text) > 0
    ticks = [float(line[:margin]) for line in lines[1:-2] if line[:margin].strip()]
    assert ticks == sorted(ticks, reverse=True)


def test_a_falling_curve_falls():
    lines = line_chart([4.0, 3.0, 2.0, 1.0], width=12, height=4, ascii=True).splitlines()
    assert lines == [
        "4 |'..",
        "3 |   '.",
        "2 |    '.",
        "1 |      ''.",
        "  +---------",
        "   0       3",
    ]


def test_a_wide_range_of_positive_numbers_gets_a_log_scale():
    text = line_chart([100.0, 10.0, 1.0, 0.1, 0.01], ascii=True)
    for label in ("100", "10", "1", "0.1", "0.01"):
        assert f"{label} |" in text
    assert line_chart([95.0, 96.0], height=4, ascii=True, log=True).startswith("96 |")
    assert "0 |" in line_chart([100.0, 10.0, 1.0, 0.1, 0.0], ascii=True)
    assert " 80 |" in line_chart([100.0, 10.0, 1.0, 0.1, 0.01], ascii=True, log=False)


def test_gaps_and_single_points():
    assert dots(line_chart([1.0])) == 1
    assert dots(line_chart([1.0, math.nan, 1.0])) == 2
    assert line_chart([math.inf]) == "(no finite numbers to draw)"


@pytest.mark.parametrize(
    "ys", [[5e-324, 1e-310], [1.0, 1 + 1e-15], [-1e307, 1e307], [-3.0], [5e-324], [0.0, 5e-324]]
)
def test_extremes_have_labels(ys):
    assert line_chart(ys, height=4).count("┤") >= 1
    assert line_chart(ys, height=0, width=0).count("\n") == 3


def test_labels_differ():
    text = line_chart([1e6, 1e6 + 1], ascii=True)
    labels = [line.partition("|")[0].strip() for line in text.splitlines()[:-2]]
    assert len(set(filter(None, labels))) == len(list(filter(None, labels))) >= 3


def test_several_curves_share_the_axes_and_have_letters():
    text = line_chart({"one": [3.0, 2.0, 1.0, 0.0], "two": [0.0, 3.0]}, width=40, height=6)
    lines = text.splitlines()
    assert lines[-1].split() == ["a", "one", "b", "two"]
    picture = "\n".join(lines[:-1])
    assert picture.count("a") == picture.count("b") == 2
    ends = {letter: max(line.rfind(letter) for line in lines[:-1]) for letter in "ab"}
    assert ends["b"] < ends["a"]  # the second curve stops where its numbers do
    assert "\033" not in text


def test_long_legends_are_broken():
    text = line_chart({f"a long name {i}": [i, 0] for i in range(9)}, width=40, height=8)
    legend = text.splitlines()[
        text.splitlines().index(next(x for x in text.splitlines() if "└" in x)) + 2 :
    ]
    assert len(legend) == 5 and max(map(len, text.splitlines())) <= 40


def test_colours_change_nothing_but_colour():
    curves = {"one": [3.0, 2.0, 1.0], "two": [0.0, 3.0, math.nan], "none": [math.nan]}
    plain, coloured = line_chart(curves), line_chart(curves, colour=True)
    assert re.sub(r"\033\[\d+m", "", coloured) == plain
    assert "\033[36m" in coloured and "\033[33m" in coloured
    assert plain.splitlines()[-1].split() == ["a", "one", "b", "two", "c", "none"]


@given(
    st.dictionaries(st.text("xyz", min_size=1), st.lists(st.floats()), min_size=1),
    st.booleans(),
    st.booleans(),
)
def test_any_curves_make_a_chart(curves, ascii, colour):
    text = line_chart(curves, width=50, height=5, ascii=ascii, colour=colour)
    assert text.isascii() or not ascii
    if "no finite" not in text:
        for name in curves:
            assert name in text


def test_by_itself_a_chart_fits_the_terminal_and_its_encoding(monkeypatch):
    class Output:
        encoding = "latin-1"

    monkeypatch.setenv("COLUMNS", "50")
    assert max(map(len, line_chart([3.0, 2.0, 1.0]).splitlines())) == 50
    monkeypatch.setenv("COLUMNS", "300")
    text = line_chart([3.0, 2.0, 1.0])
    assert max(map(len, text.splitlines())) == 80 and not text.isascii()
    monkeypatch.setattr("sys.stdout", Output())
    assert line_chart([3.0, 2.0, 1.0]).isascii()
