"""The toy data, and tables from files."""

from __future__ import annotations

import json
import math
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from microtrain.nn import datasets


def test_toy_and_xor_are_new_lists_each_time():
    for make in (datasets.toy, datasets.xor):
        xs, ys = make()
        xs[0][0] = ys[0] = 7.0
        assert make() != (xs, ys)
        assert [len(x) for x in make()[0]] == [len(xs[0])] * 4


@pytest.mark.parametrize("n", [2, 3, 101])
def test_moons_without_noise_lie_on_two_half_circles(n):
    xs, ys = datasets.moons(n, noise=0)
    assert len(xs) == len(ys) == n
    assert abs(sum(ys)) <= 1
    for (x, y), target in zip(xs, ys):
        centre, sign = ((0.0, 0.0), 1) if target < 0 else ((1.0, 0.5), -1)
        assert math.dist((x, y), centre) == pytest.approx(1)
        assert sign * (y - centre[1]) >= -1e-12


def test_moons_reach_from_end_to_end_of_both_arcs():
    xs, ys = datasets.moons(9, noise=0)
    upper = [x for x, y in zip(xs, ys) if y < 0]
    lower = [x for x, y in zip(xs, ys) if y > 0]
    assert (len(upper), len(lower)) == (4, 5)
    for arc, ends in ((upper, [(-1, 0), (1, 0)]), (lower, [(0, 0.5), (2, 0.5)])):
        for end, x in zip(ends, (min(arc), max(arc))):
            assert x == pytest.approx(end, abs=1e-12)


def test_moons_go_by_the_seed():
    assert datasets.moons() == datasets.moons(100, 0.1, 0)
    assert datasets.moons(9, 0.2, 1) == datasets.moons(9, 0.2, 1) != datasets.moons(9, 0.2, 2)
    assert datasets.moons(9, 0.2, 1) != datasets.moons(9, 0.1, 1)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((1,), ValueError, "n expects an int of at least 2, got 1"),
        ((2.5,), TypeError, "n expects an int, got float 2.5"),
        ((9, -1), ValueError, "noise expects a finite number of at least 0, got -1"),
        ((9, math.nan), ValueError, "noise expects .* got nan"),
        ((9, "a"), TypeError, "noise expects a number, got str 'a'"),
        ((9, 0.1, None), TypeError, "seed expects an int, got None"),
    ],
)
def test_moons_refuse(arguments, error, message):
    with pytest.raises(error, match=message):
        datasets.moons(*arguments)


def test_read_csv(tmp_path):
    path = tmp_path / "table.csv"
    path.write_bytes(b'\xef\xbb\xbfa,"the, target",b\r\n1,-1,2e3\r\n\r\n"3",1, 4 \r\n')
    assert datasets.read_csv(path, "the, target") == ([[1.0, 2000.0], [3.0, 4.0]], [-1.0, 1.0])
    assert datasets.read_csv(str(path), "a") == ([[-1.0, 2000.0], [1.0, 4.0]], [1.0, 3.0])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "target names column 'y', which is not in .*; its columns are none: it is empty"),
        ("a,b\n1,2\n", "target names column 'y', which is not in .*; its columns are 'a', 'b'"),
        ("a,y\n", "table.csv has no rows"),
        ("y,x,y\n1,2,3\n", "two columns of the same name, 'y'"),
        ("y\n1\n", "no column but the target"),
        ("a,y\n1_000,2\n", "line 2: column 'a' expects a number, got '1_000'"),
        ("a,y\n1,2\n3\n", "line 3: expected 2 cells, got 1"),
        (
            "a,y\n1,2\n3,\n",
            "line 3: column 'y' expects a value, got ''; skip_empty leaves such rows out",
        ),
        (
            "a,y\n1,nan\n",
            "line 2: column 'y' expects numbers or texts, got 'nan'",
        ),
        ("a,y\nred,1\n", "line 2: column 'a' expects a number, got 'red'"),
        ("a,y\n" + "1" * 200_000 + ",1\n", "line 2: field larger than"),
        (
            'a,y\n1,2\n3,"4\n5,6\n7,8\n',
            r"line 3: unexpected end of data \(is there a quote too many",
        ),
        ('a,y\n1,2\n3,"4"5\n', r"line 3: ',' expected after '\"' \(is there a quote too many"),
        ('a,y\n1,"2\n3"\n4,5,6\n', "line 4: expected 2 cells, got 3"),
    ],
)
def test_read_csv_says_where_a_table_is_wrong(tmp_path, text, message):
    path = tmp_path / "table.csv"
    path.write_text(text)
    with pytest.raises(ValueError, match=message):
        datasets.read_csv(path, "y")


def test_read_csv_of_what_is_no_text(tmp_path):
    path = tmp_path / "table.csv"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ValueError, match="is not UTF-8 text: save it as such, or use iconv"):
        datasets.read_csv(path, "y")
    with pytest.raises(FileNotFoundError):
        datasets.read_csv(tmp_path / "none.csv", "y")


# Standardized columns.

floats = st.floats(-1e6, 1e6)


@given(st.lists(st.tuples(floats, floats, st.just(3.0)), min_size=1, max_size=20))
@example([(0.1, 699050.8690864479, 3.0)] * 3)  # whose mean is not exactly that
@example([(0.1, 0.0, 3.0), (0.1, 5.8e-223, 3.0)])  # whose square is 0
def test_standardized_columns_have_mean_0_and_deviation_1_or_0(rows):
    scaler = datasets.standardize(rows)
    new = scaler(rows)
    for column, before in zip(zip(*new), zip(*rows)):
        n = len(column)
        mean = math.fsum(column) / n
        spread = max(before) - min(before)
        if spread > max(1e-6 * max(map(abs, before)), 1e-300):  # else it is lost to rounding
            assert mean == pytest.approx(0, abs=1e-6)
            assert math.fsum((x - mean) ** 2 for x in column) / n == pytest.approx(1, abs=1e-6)
        elif spread == 0:
            assert {*column} == {0.0}
    for row, again in zip(rows, scaler.inverse(new)):
        assert again == pytest.approx(row, rel=1e-9, abs=1e-6)
    kept = datasets.Standardizer(**json.loads(json.dumps(vars(scaler))))
    assert kept(rows) == new and repr(kept) == repr(scaler)


def test_targets_are_standardized_as_numbers():
    scaler = datasets.standardize([1, 2, 3.0])
    assert scaler([2, 2 + scaler.scales[0]]) == [0.0, pytest.approx(1.0)]
    assert scaler.inverse([0.0, -1.0]) == [2.0, 2 - scaler.scales[0]]
    assert scaler([[2]]) == [[0.0]]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([], "rows expects at least one row, got none"),
        ([[1.0, 2.0], [1.0]], r"rows\[1\] expects 2 numbers, got 1"),
        ([[1.7e308], [-1.7e308]], "column 0 has numbers too large to standardize"),
        ([[1.7e308], [1.6e308]], "column 0 has numbers too large to standardize"),
        *(([[0.0, 1.0], [1.0, x]], "column 1 has .* or not finite") for x in (math.inf, math.nan)),
        ([math.inf, math.inf], "column 0 has .* or not finite"),
        ([math.nan], "column 0 has .* or not finite"),
    ],
)
def test_what_can_not_be_standardized_is_refused(rows, message):
    with pytest.raises(ValueError, match=message):
        datasets.standardize(rows)
    with pytest.raises(ValueError, match=r"rows\[0\] expects 2 numbers, got 1"):
        datasets.standardize([[1.0, 2.0]])([3.0])
    with pytest.raises(TypeError, match=r"rows\[0\]\[1\] expects a number, got str"):
        datasets.standardize([[1.0, "a"]])


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_targets_that_are_not_finite_are_refused_in_any_form(bad):
    for ys, place in (([1.0, bad], "ys[1]"), ([1.0, (0.0, [bad])], "ys[1][1][0]")):
        with pytest.raises(ValueError, match=f"{re.escape(place)} expects a finite number, got"):
            datasets.pairs_of([[0.0], [1.0]], ys)
    np = pytest.importorskip("numpy")
    for ys, place in (
        (np.array([1.0, bad], dtype=np.float32), "ys[1]"),
        (np.array([[0.0, 1.0], [bad, 1.0]]), "ys[1][0]"),
        ([np.array([0.0, bad]), [np.float16(bad)]], "ys[0][1]"),
    ):
        with pytest.raises(ValueError, match=f"{re.escape(place)} expects a finite number, got"):
            datasets.pairs_of([[0.0], [1.0]], ys)
