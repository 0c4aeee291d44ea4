"""The drawing of one neuron: every number has its place, and no place covers another."""

import functools
import itertools
import pathlib
import re
from xml.etree import ElementTree

import pytest
from scripts import NODE, node

import microtrain as mt

pytestmark = pytest.mark.skipif(NODE is None, reason="needs Node")

SVG = "{http://www.w3.org/2000/svg}"
HEADINGS = 28  # the height of their line
SHAPES = [
    (n, m, portrait) for n in (1, 3, 4, 5, 8, 9, 16) for m in (1, 4, 5, 16) for portrait in (0, 1)
]


@functools.cache
def drawings():
    script = pathlib.Path(mt.__file__).parent / "report" / "js" / "drawing.js"
    code = f"const SVG = '{SVG[1:-1]}';\n{script.read_text(encoding='utf-8')}"
    found = node(code, f"{[*map(list, SHAPES)]}.map(([n, m, tall]) => neuronSvg(tall, n, m))")
    return dict(zip(SHAPES, map(ElementTree.fromstring, found)))


def placed(svg):
    """Return every box with its name and place: (left, top, right, bottom)."""
    found = {}

    def look(group, down):
        moved = re.match(r"translate\(0 (.*)\)", group.get("transform", ""))
        down += float(moved[1]) if moved else 0.0
        rect = group.find(f"{SVG}rect")
        if rect is not None:
            x, y, wide, high = (float(rect.get(a)) for a in ("x", "y", "width", "height"))
            found[group.get("data-node", "now")] = (x, down + y, x + wide, down + y + high)
        for inner in group.findall(f"{SVG}g"):
            look(inner, down)

    look(svg, 0.0)
    return found


def slots(svg):
    return [e for e in svg.iter() if e.get("data-slot")]


@pytest.mark.parametrize(("n", "m", "portrait"), SHAPES)
def test_every_number_has_one_place_and_all_are_open(n, m, portrait):
    svg = drawings()[n, m, portrait]
    names = [e.get("data-slot") for e in slots(svg)]
    assert len(set(names)) == len(names)
    expected = {"b.name", "b.value", "b.grad", "s.grad", "a.name", "a.value", "a.grad", "u.head"}
    expected |= {"added.name", "added.grad", "now.title", "now.first", "now.second"}
    for i in range(n):
        expected |= {f"w{i}.name", f"w{i}.value", f"w{i}.grad", f"x{i}.value", f"x{i}.times"}
    expected |= {"b.sum"} | {f"p{i}.sum" for i in range(n)}
    expected |= {f"u{k}.{what}" for k in range(m) for what in ("name", "product", "grad")}
    more = {
        f"{kind}{i}.{what}" for kind in "xp" for i in range(n) for what in ("name", "value", "grad")
    }
    assert expected <= set(names) <= expected | more
    assert not any(e.text for e in slots(svg))


@pytest.mark.parametrize(("n", "m", "portrait"), SHAPES)
def test_no_box_covers_another_and_all_are_in_the_picture(n, m, portrait):
    svg = drawings()[n, m, portrait]
    boxes = placed(svg)
    left, top, wide, high = map(float, svg.get("viewBox").split())
    for x0, y0, x1, y1 in boxes.values():
        assert left <= x0 < x1 <= left + wide
        assert top + HEADINGS - 8 <= y0 < y1 <= top + high
    if portrait:  # where the arithmetic stands in the activation's box, beside the curve
        inner, outer = boxes.pop("now"), boxes["a"]
        assert outer[0] < inner[0] < inner[2] < outer[2]
        assert outer[1] < inner[1] < inner[3] < outer[3]
    for a, b in itertools.combinations(boxes.values(), 2):
        assert a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1]


@pytest.mark.parametrize(("n", "m", "portrait"), SHAPES)
def test_values_go_right_or_down_and_gradients_come_back(n, m, portrait):
    edges = {
        e.get("data-edge"): e
        for e in drawings()[n, m, portrait].iter(f"{SVG}g")
        if e.get("data-edge")
    }
    assert {"b", "s"} | {f"p{i}" for i in range(n)} <= set(edges)
    assert ("u" in edges) if portrait else {f"u{k}" for k in range(m)} <= set(edges)
    for edge in edges.values():
        forth, back = (
            list(map(float, re.findall(r"-?[\d.]+", e.get("d"))))[:2] for e in list(edge)[1:]
        )
        assert forth[0] > back[0] or (forth[0] == back[0] and forth[1] > back[1])
