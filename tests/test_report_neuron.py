"""The drawing of one neuron: every number has its place, and no place covers another."""

import itertools
import re
from xml.etree import ElementTree

import pytest

from microtrain.engine.value import Value
from microtrain.nn.mlp import ACTIVATIONS
from microtrain.report.neuron import HEADINGS, drawings

SVG = "{http://www.w3.org/2000/svg}"
INPUTS, USERS = (1, 3, 4, 5, 8, 9, 16), (1, 4, 5, 16)
SHAPES = [
    (n, activation, m, portrait)
    for n, activation in zip(INPUTS, itertools.cycle(ACTIVATIONS))
    for m in USERS
    for portrait in (False, True)
]
DRAWINGS = drawings(INPUTS, USERS)


def drawing(n, activation, m, portrait):
    """Put a drawing together from its parts, as the page does."""
    form = DRAWINGS["tall" if portrait else "wide"]
    parts = [form["inputs"][n], form["activations"][activation], form["users"][m]]
    heights = [part["height"] for part in parts]
    feet = [*itertools.accumulate(heights)] if portrait else [max(heights)] * 3
    groups = [
        f"{part['head']}<g transform='translate(0 {HEADINGS + foot})'>{part['svg']}</g>"
        for part, foot in zip(parts, feet)
    ]
    size = f"0 0 {form['width']} {HEADINGS + feet[-1] + 1}"
    return ElementTree.fromstring(
        f"<svg xmlns='{SVG[1:-1]}' viewBox='{size}'>{''.join(groups)}</svg>"
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


@pytest.mark.parametrize(("n", "activation", "m", "portrait"), SHAPES)
def test_every_number_has_one_place_and_all_are_open(n, activation, m, portrait):
    svg = drawing(n, activation, m, portrait)
    names = [e.get("data-slot") for e in slots(svg)]
    assert len(set(names)) == len(names)
    expected = {"b.name", "b.value", "b.grad", "s.grad", "a.value", "a.grad", "u.head"}
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


@pytest.mark.parametrize(("n", "activation", "m", "portrait"), SHAPES)
def test_no_box_covers_another_and_all_are_in_the_picture(n, activation, m, portrait):
    svg = drawing(n, activation, m, portrait)
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


@pytest.mark.parametrize(("n", "activation", "m", "portrait"), SHAPES)
def test_values_go_right_or_down_and_gradients_come_back(n, activation, m, portrait):
    svg = drawing(n, activation, m, portrait)
    edges = {e.get("data-edge"): e.get("d") for e in svg.iter(f"{SVG}path") if e.get("data-edge")}
    assert {"b", "s"} | {f"p{i}" for i in range(n)} <= set(edges)
    assert ("u" in edges) if portrait else {f"u{k}" for k in range(m)} <= set(edges)
    for path in edges.values():
        x, y, *_, to_x, to_y = map(float, re.findall(r"-?[\d.]+", path))
        assert x < to_x or (x == to_x and y < to_y)


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("portrait", [False, True])
def test_a_curve_stays_in_its_box_and_shows_the_activation(activation, portrait):
    svg = drawing(4, activation, 1, portrait)
    (name,) = [e.text for e in svg.iter(f"{SVG}text") if "activation" in e.get("class", "")]
    assert name == activation
    (plot,) = [e for e in svg.iter(f"{SVG}g") if e.get("class") == "plot"]
    x, y, wide, high = map(float, plot.get("data-box").split())
    reach, low, top = map(float, plot.get("data-of").split())
    (curve,) = [e.get("d") for e in plot if e.get("class") == "curve"]
    numbers = [float(number) for number in re.findall(r"-?[\d.]+", curve)]
    for across, down in zip(numbers[::2], numbers[1::2]):
        assert x <= across <= x + wide and y <= down <= y + high
        z = (across - x) / wide * 2 * reach - reach
        value = top - (down - y) / high * (top - low)
        assert value == pytest.approx(ACTIVATIONS[activation](Value(z)).data, abs=0.05)
