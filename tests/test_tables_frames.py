"""Tables of other libraries come in as their rows, or are refused."""

from __future__ import annotations

import collections
import types

import pytest

import microtrain as mt

COLUMNS = {"a": [2.0, 3.0, 0.5, 1.0], "b": [3, -1, 1, 1], "c": [-1.0, 0.5, 1.0, -1.0]}
YS = [1, -1, -1, 1]
XS = [[*map(float, row)] for row in zip(*COLUMNS.values())]


class Polars:
    """The interface of a Polars frame: iterated over, it gives its columns."""

    def __init__(self):
        self.columns = [*COLUMNS]

    def __iter__(self):
        return iter(COLUMNS.values())

    def iter_rows(self):
        return zip(*COLUMNS.values())


class Arrow:
    """The interface of an Arrow table: it has columns, and no iterator over rows."""

    def __init__(self):
        self.columns = [*COLUMNS.values()]

    def __getitem__(self, i):
        return self.columns[i]


def pandas():
    """A frame and a series, whose index has nothing to do with the order of the rows."""
    pd = pytest.importorskip("pandas")
    index = [7, 7, 0, -1]
    return pd.DataFrame(COLUMNS, index), pd.Series(YS, index)


def trained(xs, ys, **options):
    model = mt.MLP(3, [4, 1])
    return mt.train(model, xs, ys, steps=5, **options).losses, model


@pytest.mark.parametrize("frame", [lambda: (Polars(), YS), pandas])
def test_a_frame_comes_in_as_its_rows(frame):
    xs, ys = frame()
    losses, model = trained(xs, ys)
    assert losses == trained(XS, YS)[0]
    assert model.predict(xs) == model.predict(XS)
    assert mt.sharpness(model, xs, ys) == mt.sharpness(model, XS, YS)
    (run,), (same,) = (
        mt.sweep([0.1], seeds=[1], steps=5, xs=x, ys=y).runs for x, y in ((xs, ys), (XS, YS))
    )
    assert run.history.losses == same.history.losses


def test_targets_may_be_a_frame():
    frame, ys = pandas()
    assert trained(frame, ys.to_frame())[0] == trained(XS, YS)[0]
    model = mt.MLP(3, [2])
    targets = frame[["a", "b"]]
    assert mt.sharpness(model, frame, targets) == mt.sharpness(model, XS, targets.values.tolist())


def test_a_boundary_is_drawn_around_the_rows_of_a_frame():
    pytest.importorskip("matplotlib").use("agg")
    frame, ys = pandas()
    axes = mt.MLP(2, [1]).plot_boundary(frame[["a", "b"]], ys)
    assert sorted(map(tuple, axes.collections[-1].get_offsets())) or axes


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (
            {"a": [1.0, float("nan"), 2.0, 3.0]},
            ValueError,
            r"xs\[1\]\[0\] expects a finite number, got nan|xs\[1\] .*nan",
        ),
        ({"c": [1, 2, "x", 3]}, TypeError, r"xs\[2\]\[2\] expects a number, got str 'x'"),
        (
            {"b": [True, False, True, True]},
            TypeError,
            r"xs\[0\]\[1\] expects a number, got bool True",
        ),
        ({"b": [1, None, 2, 3]}, ValueError, r"xs\[1\]\[1\] expects a finite number, got nan"),
    ],
)
def test_what_is_no_number_in_a_frame_is_named_with_its_row(change, error, message):
    pd = pytest.importorskip("pandas")
    with pytest.raises(error, match=message):
        trained(pd.DataFrame({**COLUMNS, **change}), YS)


@pytest.mark.parametrize(
    "xs",
    [
        COLUMNS,
        types.MappingProxyType(COLUMNS),
        collections.UserDict(COLUMNS),
        Arrow(),
        frozenset([1, 2]),
    ],
)
def test_tables_without_rows_are_refused(xs):
    with pytest.raises(TypeError, match="xs expects a list, got"):
        trained(xs, YS)
    with pytest.raises(TypeError, match="xs expects a list, got"):
        mt.MLP(3, [1]).predict(xs)
