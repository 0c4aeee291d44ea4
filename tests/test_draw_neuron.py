"""The drawing of one neuron: every number has its place, and no place covers another."""

import itertools
import re
from xml.etree import ElementTree

import pytest

from microtrain.draw.neuron import HEAD, drawings
from microtrain.draw.svg import arrow_head, element

SVG = "{http://www.w3.org/2000/svg}"
SHAPES = [
    (n, m, portrait) for n in (1, 3, 4, 5, 8, 9, 16) for m in (1, 4, 5, 16) for portrait in (0, 1)
]


def raised(markup, up):
    return f'<g transform="translate(0 {-up:g})">{markup}</g>'


def stacked(parts, n):
    """Return what a part with n rows draws, its height, and its headings."""
    none = {"most": 0, "pitch": 0, "reach": 0, "room": 0, "first": "", "links": [], "head": ""}
    part = none | next(part for part in parts if n <= part.get("most", 0))
    high = part["foot"] + part["pitch"] * n + part["reach"]
    rows = [raised(part["first"], part["foot"] + part["pitch"] * n)]
    for i in range(n):
        k = n - 1 - i
        drawn = "".join(part["links"][k : k + 1])
        drawn += raised(part["row"], part["foot"] + part["pitch"] * k)
        rows.append(drawn.replace("#", str(i)))
    return part["svg"].replace("#", f"{high:g}") + "".join(rows), high + part["room"], part["head"]


def drawn(n, m, portrait):
    """Put a drawing together from its parts, as the page does."""
    parts = drawings(16)["tall" if portrait else "wide"]
    pieces = [
        stacked(parts["inputs"], n),
        stacked([parts["activated"]], 0),
        stacked(parts["users"], m),
    ]
    bottoms = [*itertools.accumulate(height for _, height, _ in pieces)]
    if not portrait:
        bottoms = [max(height for _, height, _ in pieces)] * len(pieces)
    width, height = parts["width"], HEAD + bottoms[-1] + 1
    groups = [
        raised(markup, -HEAD - bottom) + head for (markup, _, head), bottom in zip(pieces, bottoms)
    ]
    return ElementTree.fromstring(
        f'<svg xmlns="{SVG[1:-1]}" viewBox="0 0 {width} {height:g}">{"".join(groups)}</svg>'
    )


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
    svg = drawn(n, m, portrait)
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
    svg = drawn(n, m, portrait)
    boxes = placed(svg)
    left, top, wide, high = map(float, svg.get("viewBox").split())
    for x0, y0, x1, y1 in boxes.values():
        assert left <= x0 < x1 <= left + wide
        assert top + HEAD - 8 <= y0 < y1 <= top + high
    if portrait:  # where the arithmetic stands in the activation's box, beside the curve
        inner, outer = boxes.pop("now"), boxes["a"]
        assert outer[0] < inner[0] < inner[2] < outer[2]
        assert outer[1] < inner[1] < inner[3] < outer[3]
    for a, b in itertools.combinations(boxes.values(), 2):
        assert a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1]


@pytest.mark.parametrize(("n", "m", "portrait"), SHAPES)
def test_values_go_right_or_down_and_gradients_come_back(n, m, portrait):
    edges = {
        e.get("data-edge"): e for e in drawn(n, m, portrait).iter(f"{SVG}g") if e.get("data-edge")
    }
    assert {"b", "s"} | {f"p{i}" for i in range(n)} <= set(edges)
    assert ("u" in edges) if portrait else {f"u{k}" for k in range(m)} <= set(edges)
    for edge in edges.values():
        forth, back = (
            list(map(float, re.findall(r"-?[\d.]+", e.get("d"))))[:2] for e in list(edge)[1:]
        )
        assert forth[0] > back[0] or (forth[0] == back[0] and forth[1] > back[1])


def test_elements_are_escaped():
    assert element("a", class_='"') == '<a class="&quot;"/>'
    assert arrow_head(0, 0, "up") == "M0 0l-3.5 8h7z"
