"""The walk through a step of the live page, as its design wants it, in a real browser."""

from __future__ import annotations

import math
import re

import pytest
from browser import expect, position, set_rate, settled, until

import microtrain as mt

pytestmark = pytest.mark.slow  # a browser plays runs in real time

XS, YS = mt.datasets.toy()
MINUS = "\u2212"
PART_30 = "#lr=0.1&step=0&view=neuron&part=30"


def test_15_and_16_the_walk_part_by_part(visit, toy):
    page = visit(toy)
    page.keyboard.press("Enter")
    settled(page)
    assert position(page) == "part 1 of 41"
    assert page.locator("#phases [aria-pressed=true]").inner_text().startswith("1 Forward")
    assert page.locator("#sentence").inner_text().startswith("Sample 0 goes in")
    nodes = page.locator("#where .node:not(.input) .value").all_text_contents()
    assert nodes == ["\u00b7"] * 9
    above, up = -1, []
    for part in range(1, 42):
        assert position(page) == f"part {part} of 41"
        (line,) = page.locator("#code .marked").evaluate_all(
            "(lines) => lines.map((line) => Number(line.dataset.line))"
        )
        if line < above:
            up.append(part)
        above = line
        words = page.locator("#sentence").inner_text().split()
        assert 3 <= len(words) <= 34
        page.keyboard.press("ArrowRight")
        settled(page)
    assert up == [18]
    assert position(page) == "part 41 of 41"
    page.locator("#next-step").click()
    settled(page)
    assert position(page) == "part 1 of 41"
    expect(page, "#breadcrumb", "Step 1")
    page.go_back()
    until(page, "state.view === 'run'")


def test_a_reset_that_is_forgotten_is_not_in_the_code(visit, toy):
    page = visit(toy, "#lr=0.05&zero=0&step=6&view=neuron&part=18")
    expect(page, "#sentence", "Forgotten")
    code, whole = page.locator("#code"), page.locator("#source-text")
    told = "# zero_grad() is forgotten: no line sets the gradients to 0"
    assert code.locator(".marked").inner_text().strip() == told
    assert "g_w0_0_0 = g_w0_0_1" not in code.inner_text()
    page.keyboard.press("z")
    settled(page)
    assert "g_w0_0_0 = g_w0_0_1" in code.inner_text() and "forgotten" not in code.inner_text()
    page.keyboard.press("Escape")
    for key, forgotten in (("z", True), ("z", False)):
        page.keyboard.press(key)
        settled(page)
        page.locator("#source-open").click()
        assert (told in whole.text_content()) == forgotten
        assert ("= 0.0\n[batch]" in whole.text_content()) != forgotten
        page.keyboard.press("Escape")


def test_17_the_flat_tanh(visit, toy):
    page = visit(toy, PART_30)
    sum_ = page.locator("#arithmetic").text_content()
    assert sum_ == f"{MINUS}0.2477 \u00d7 0.02173 = {MINUS}0.005383"
    text = page.locator("#sentence").inner_text()
    assert "nearly flat" in text and "2 %" in text
    drawn = page.locator("#neuron .now-box").text_content()
    assert "gradient \u00d7 slope" in drawn and f"= {MINUS}0.005383" in drawn


def gradients(samples):
    model = mt.MLP(3, [4, 4, 1])
    model.zero_grad()
    sum((model(x) - y) ** 2 for x, y in samples).backward()
    return [p.grad for p in model.parameters()]


def test_18_the_gradients_are_those_of_backward(visit, toy):
    page = visit(toy, "#lr=0.1&step=0&view=neuron&part=37")
    shown = """() => engine.names.map((_, i) => {
      const line = document.querySelector(`#where .weight[data-index="${i}"]`);
      if (line) return Number(line.dataset.value);
      const { l, j } = placeOf(i);
      const node = document.querySelector(`#where [data-layer="${l}"][data-neuron="${j}"]`);
      return Number(node.dataset.biasGradient);
    })"""
    pairs = list(zip(XS, YS))
    assert page.evaluate(shown) == pytest.approx(gradients(pairs[:1]), abs=1e-12)
    page.keyboard.press("ArrowRight")
    settled(page)
    assert page.evaluate(shown) == pytest.approx(gradients(pairs), abs=1e-12)


def boxes(page):
    """Return where everything is, but for the mark of the run before."""
    return page.evaluate(
        """() => {
          const all = "#walk section, #walk svg, #sentence, #bar :not([id=ghost-mark])";
          return [...document.querySelectorAll(all)].map((e) => {
            const { x, y, width, height } = e.getBoundingClientRect();
            return [x, y, width, height];
          });
        }"""
    )


def test_the_walk_shows_nothing_before_it_is_there(visit, toy):
    def slot(name):
        return page.locator(f"#neuron [data-slot='{name}']").text_content()

    page = visit(toy, "#lr=0.1&step=0&view=neuron&part=3")
    assert [slot(f"p{k}.value") for k in range(3)] == ["1.378", "\u00b7", "\u00b7"]
    assert page.locator("#code .values").text_content().split() == [f"{MINUS}0.4822", "1.378"]
    page = visit(toy, "#lr=0.1&step=0&view=neuron&part=18")
    assert slot("w0.grad") == "\u2190 0"
    assert "".join(page.locator("#code .values").all_text_contents()).strip() == ""
    page.keyboard.press("End")
    settled(page)
    weight = mt.MLP(3, [4, 4, 1]).parameters()[0].data - 0.1 * gradients(zip(XS, YS))[0]
    assert slot("w0.value") == f"\u2192 {weight:.4f}"


def test_19_the_update_follows_the_rate(visit, toy):
    page = visit(toy, "#lr=0.1&step=0&view=neuron&part=39")
    before, boxed = page.locator("#sentence").inner_text(), boxes(page)
    set_rate(page, 0.2)
    assert position(page) == "part 39 of 41"
    after = page.locator("#sentence").inner_text()
    assert after != before and "0.2 \u00d7" in after
    weight = mt.MLP(3, [4, 4, 1]).parameters()[0].data
    shown = float(page.locator("#sentence .number").last.get_attribute("data-value"))
    assert shown == pytest.approx(weight - 0.2 * gradients(zip(XS, YS))[0], abs=1e-12)
    moved = [(a, b) for a, b in zip(boxed, boxes(page)) if a != pytest.approx(b, abs=1)]
    assert moved == []


def test_20_another_neuron_is_opened_in_place(visit, toy):
    page = visit(toy, PART_30)
    page.locator("#where [data-layer='1'][data-neuron='2']").click()
    settled(page)
    expect(page, "#breadcrumb", "layer 1, neuron 2")
    at, total = map(int, re.findall(r"\d+", position(page)))
    assert total > 41
    page.keyboard.press("Escape")
    settled(page)
    after, total = map(int, re.findall(r"\d+", position(page)))
    assert total == 41
    kinds = page.evaluate(
        "[parts()[state.part - 2], parts()[state.part - 1]].map((p) => [p.kind, p.l, p.j])"
    )
    assert kinds[0] == ["B closed", 1, 2] and after <= at + 1
    page.keyboard.press("Escape")
    settled(page)
    assert page.locator("#run").is_visible() and position(page) == "step 0 of 33"


def test_a_shorter_run_in_the_walk(visit, toy):
    page = visit(toy, "#lr=0.05&step=10&view=neuron&part=39")
    set_rate(page, 0.5)
    expect(page, "#breadcrumb", "Step 5 (this run has no step 10)")
    for would in ("would shrink if training did not end here", "would move", "would go from"):
        expect(page, "#sentence", would)
        page.keyboard.press("ArrowRight")
        settled(page)
    set_rate(page, 0.05)
    assert "Step 10" in page.locator("#breadcrumb").inner_text()
    expect(page, "#sentence", "The loss goes from")


def test_the_gradient_is_lost_where_most_arrives(visit, toy):
    page = visit(toy, "#lr=1")
    settled(page)
    page.locator("#lost").click()
    settled(page)
    assert "the output" in page.locator("#breadcrumb").inner_text()
    assert page.evaluate("scrollY") == 0


@pytest.mark.parametrize("back", ["act(leave)", "history.back()"])
def test_after_the_walk_the_sample_is_the_one_chosen_before(visit, toy, back):
    page = visit(toy, "#lr=1&sample=2")
    settled(page)
    page.wait_for_timeout(300)  # until the link is written
    page.locator("#lost").click()
    settled(page)
    assert page.evaluate("state.sample") == 3  # it has the largest loss
    page.evaluate(back)
    until(page, "state.view === 'run'")
    settled(page)
    assert page.locator("#samples [aria-selected=true]").inner_text().startswith("2")
    expect(page, "#network-title", "for sample 2")


HOLD = """() => {
  const animate = Element.prototype.animate;
  Element.prototype.animate = function (...given) {
    const flight = animate.apply(this, given);
    flight.pause(); // until it was looked at, however long that takes
    return flight;
  };
}"""
DOTS = """() => [...document.querySelectorAll("#walk .dot")].map((dot) => {
  const [flight] = dot.getAnimations(),
    where = (time) => {
      flight.currentTime = time;
      const { x, y, width, height } = dot.getBoundingClientRect();
      return [x + width / 2, y + height / 2];
    };
  const places = [1, 150, 299].map(where);
  flight.play();
  return { svg: dot.ownerSVGElement.id || "neuron", back: dot.matches(".back"), places };
})"""


@pytest.mark.parametrize(
    ("part", "svgs", "to_the_left"),
    [
        (3, ["where", "neuron"], False),  # a product
        (8, ["where"] * 3, False),  # a neuron that stays closed has three inputs
        (16, ["where"], False),  # the loss
        (19, ["where"], True),
        (21, ["where"], True),  # of layer 1, which the output alone uses
        (25, ["where", "neuron"], True),  # a user passes back
        (30, ["neuron"], True),  # through the activation
        (34, ["neuron"], True),  # to a weight
        (18, [], None),  # the reset
        (39, [], None),  # the update
    ],
)
def test_a_dot_moves_along_each_edge_that_a_part_goes(visit, toy, part, svgs, to_the_left):
    page = visit(toy, f"#lr=0.1&step=0&view=neuron&part={part - 1}")
    assert page.locator("#walk .dot").count() == 0
    page.evaluate(HOLD)
    page.keyboard.press("ArrowRight")
    settled(page)
    dots = page.evaluate(DOTS)
    assert [dot["svg"] for dot in dots] == svgs
    for dot in dots:
        (x0, _), (x1, _), (x2, _) = dot["places"]
        assert (x0 > x1 > x2) if to_the_left else (x0 < x1 < x2)
        assert dot["back"] == to_the_left
    until(page, "!document.querySelector('#walk .dot')", seconds=3)
    page.locator("#rate-number").fill("0.2")  # draws the part anew: nothing moves
    page.locator("#rate-number").press("Enter")
    settled(page)
    assert page.locator("#walk .dot").count() == 0


def test_a_dot_stays_on_its_edge_and_none_moves_for_who_wants_none(visit, toy):
    page = visit(toy, PART_30.replace("30", "24"))
    page.evaluate(HOLD)
    page.keyboard.press("ArrowRight")
    settled(page)
    neuron = page.evaluate(DOTS)[1]
    line = page.evaluate(
        """() => {
          const path = document.querySelector("#neuron [data-edge=u0]"),
            { x, y } = path.getPointAtLength(path.getTotalLength() / 2)
              .matrixTransform(path.getScreenCTM());
          return [x, y];
        }"""
    )
    assert neuron["places"][1] == pytest.approx(line, abs=1)
    page = visit(toy, PART_30.replace("30", "24"), reduced_motion="reduce")
    page.evaluate(HOLD)
    page.keyboard.press("ArrowRight")
    settled(page)
    assert position(page) == "part 25 of 41" and page.locator("#walk .dot").count() == 0


@pytest.mark.parametrize(
    "viewport", [{"width": 1280, "height": 740}, {"width": 390, "height": 844}]
)
@pytest.mark.parametrize(("net", "part", "nodes"), [("8t-8t", 53, 17), ("8t-8t-8t", 71, 25)])
def test_numbers_have_room_in_layers_of_eight(visit, toy, viewport, net, part, nodes):
    page = visit(toy, f"#net={net}&lr=0.1&step=0&view=neuron&part={part}", viewport=viewport)
    assert page.locator("#where .node.done").count() == nodes
    struck = page.locator("#where .node:not(.input)").evaluate_all(
        """(nodes) => {
          const box = (node, name) => node.querySelector(name).getBoundingClientRect();
          return nodes.filter((node, i) => {
            const body = box(node, ".body"), value = box(node, ".value"), grad = box(node, ".grad"),
              below = nodes[i + 1] ? box(nodes[i + 1], ".body") : body;
            const inside = body.left < value.left && value.right < body.right;
            return !inside || (below.top > body.top && grad.bottom - 0.5 > below.top);
          }).map((node) => node.textContent);
        }"""
    )
    assert struck == []


@pytest.mark.parametrize("size", [(1280, 740), (390, 844), (360, 640)])
@pytest.mark.parametrize("net", ["8t-8t-8t", "7t-8t-6t"])
def test_no_text_of_a_large_network_covers_another(visit, toy, net, size):
    page = visit(toy, f"#net={net}&step=3", viewport=dict(zip(("width", "height"), size)))
    covered = """(id) => {
      const texts = [...document.querySelectorAll(`#${id} text`)]
        .map((text) => [text.textContent, text.getBoundingClientRect()])
        .filter(([, box]) => box.width);
      return texts.flatMap(([one, a], i) => texts.slice(i + 1).flatMap(([other, b]) =>
        Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1 &&
        Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 4 ? [[one, other]] : []));
    }"""
    assert page.evaluate(covered, "network") == []
    page.evaluate("act(() => { enterWalk(); goToPart(parts().length - 2); })")
    until(page, "state.view !== 'run'")
    settled(page)
    grads = page.locator("#where .node:not(.input) .grad").all_text_contents()
    assert len(grads) == page.evaluate("engine.layers.reduce((sum, { n }) => sum + n, 0)")
    for grad in grads:
        assert re.fullmatch(r"(\u2190 )?\u2212?\d[\d.]*(e\u2212\d+)?", grad)
    assert page.evaluate(covered, "where") == []


@pytest.mark.parametrize(
    ("fragment", "parts"),
    [
        ("#lr=0.1&step=0", range(1, 42)),
        ("#lr=1&step=99", range(19, 42, 3)),
        ("#net=8t-8t&lr=0.1&step=0&param=w1_0_3", range(20, 64, 4)),
        ("#net=4t-8t-4t&lr=0.1&step=3&param=w0_1_2", range(20, 52, 4)),
    ],
)
def test_every_number_stays_in_its_box(visit, toy, fragment, parts):
    page = visit(toy, f"{fragment}&view=neuron&part=1")
    outside = """() => [...document.querySelectorAll("#neuron .box, #neuron .now-box.shown")]
      .flatMap((box) => {
        const { left, right } = box.querySelector("rect").getBoundingClientRect();
        const totals = document.querySelectorAll("#neuron [data-slot$='.sum']"),
          texts = [...box.querySelectorAll("text"), ...(box.dataset.node === "s" ? totals : [])];
        return texts.filter((text) => {
          const inner = text.getBoundingClientRect();
          return inner.width && (inner.left < left + 1 || inner.right > right - 1)
            && !text.matches(".name");
        }).map((text) => text.textContent);
      })"""
    for part in parts:
        page.evaluate(f"(goToPart({part}), render())")
        assert page.evaluate(outside) == []


def test_what_a_part_tells_is_in_sight_on_a_magnified_page(visit, toy):
    page = visit(toy, "#lr=0.1&step=0&view=neuron&part=1", viewport={"width": 640, "height": 400})
    marked = 0
    for part in range(1, 42):
        page.evaluate(f"(goToPart({part}), render())")
        sentence, bar = (page.locator(x).bounding_box() for x in ("#sentence", "#bar"))
        assert sentence["y"] >= 0
        for box in page.locator("#neuron .box.now:not([data-node=a])").all()[:1]:
            place = box.bounding_box()
            assert place["y"] + place["height"] <= bar["y"]
            if place["height"] < 60:
                assert place["y"] >= sentence["y"] + sentence["height"]
            marked += 1
    assert marked > 10


def test_users_that_come_together_are_marked_together(visit, moons):
    page = visit(moons, "#lr=0.1&step=3&view=neuron&part=18")
    assert page.evaluate("parts()[17].kind") == "B rest"
    marked = "[...document.querySelectorAll('#neuron .box.now')].map((box) => box.dataset.node)"
    assert page.evaluate(marked) == ["u1", "u2", "u3", "u6"]
    assert page.locator("#neuron [data-slot='u6.grad']").text_content().startswith("= ")
    page.keyboard.press("ArrowLeft")
    settled(page)
    page.evaluate(HOLD)
    page.keyboard.press("ArrowRight")
    settled(page)
    assert page.locator("#neuron .dot").count() == 4


ACTIVATIONS = {
    "tanh": math.tanh,
    "relu": lambda z: max(0.0, z),
    "sigmoid": lambda z: 1 / (1 + math.exp(-z)),
    "linear": lambda z: z,
}


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_the_curve_is_that_of_the_activation(visit, toy, name):
    page = visit(toy, f"#net=4{name[0]}-4{name[0]}&step=0&view=neuron&part=6")
    plot = page.locator("#neuron .plot")
    x, y, wide, high = map(float, plot.get_attribute("data-box").split())
    assert page.locator("#neuron .activation").text_content() == name
    numbers = re.findall(r"-?[\d.]+", plot.locator(".curve").get_attribute("d"))
    points = [*zip(*[iter(map(float, numbers))] * 2)]
    (left, _), (right, _) = points[0], points[-1]
    assert (left, right) == pytest.approx((x, x + wide), abs=0.01)
    assert all(y < down < y + high for _, down in points)
    values = [ACTIVATIONS[name](8 * (across - left) / wide - 4) for across, _ in points]
    unit = (points[0][1] - points[-1][1]) / (values[-1] - values[0])  # pixels of a value of 1
    for (_, down), value in zip(points, values):
        assert down == pytest.approx(points[0][1] - unit * (value - values[0]), abs=0.05)
    axis = re.findall(r"-?[\d.]+", plot.locator(".axis").get_attribute("d"))
    assert float(axis[1]) == pytest.approx(points[0][1] + unit * values[0], abs=0.05)
    point = plot.locator(".point")
    z = page.evaluate("tracing().layers[0][0].z")
    assert -4 < z < 4
    assert float(point.get_attribute("cx")) == pytest.approx(x + wide * (z + 4) / 8)
    place = points[0][1] - unit * (ACTIVATIONS[name](z) - values[0])
    assert float(point.get_attribute("cy")) == pytest.approx(place, abs=0.05)


def test_inputs_that_come_together_are_no_product(visit, folder):
    xs = [[0.1 * k - i for k in range(20)] for i in range(2)]
    history = mt.train(mt.MLP(20, [2, 1]), xs, [1.0, -1.0], steps=2, record=True)
    mt.report(history, folder / "twenty.html")
    page = visit(folder / "twenty.html", "#view=neuron&part=1")
    assert page.locator("#neuron [data-slot='w9.value']").text_content() == "11 more"
    signs = page.locator("#neuron [data-slot$='.times']").all_text_contents()
    assert signs == ["\u00d7"] * 9 + [""]


@pytest.mark.parametrize("size", [{"width": 1280, "height": 740}, {"width": 390, "height": 844}])
def test_the_line_that_runs_fits(visit, toy, moons, size):
    for path, fragment in ((toy, "#lr=0.1&step=0"), (moons, "#lr=0.1&step=3")):
        page = visit(path, f"{fragment}&view=neuron&part=1", viewport=size)
        heights = set()
        for part in range(1, page.evaluate("parts().length") + 1):
            page.evaluate(f"(goToPart({part}), render())")
            assert page.evaluate("$('code').scrollWidth <= $('code').clientWidth")
            heights.add(page.evaluate("$('code').offsetHeight"))
            for told in page.locator("#code .values").all_inner_texts():
                assert not re.search(r"[.e\u2212]( |$)", told), told  # no number is cut
            if page.locator("#code .marked").count():
                assert page.locator("#code u").first.text_content()
        assert len(heights) == 1  # nothing below it moves
    page = visit(toy, "#lr=0.1&step=0&view=neuron&part=40")
    assert page.locator("#code .alike").count() == 3  # of the 41 lines, those that are in sight


def test_a_tiny_loss_stays_in_its_box(visit, toy):
    page = visit(toy, "#lr=5&step=1&view=neuron&part=1")
    page.evaluate("(goToPart(parts().findIndex(({ kind }) => kind === 'L2') + 1), render())")
    assert 0 < page.evaluate("tracing().loss") < 1e-9
    box, told = (
        page.locator(f"#where .loss-node {name}").bounding_box() for name in (".body", ".value")
    )
    assert box["x"] + 3 < told["x"]
    assert told["x"] + told["width"] < box["x"] + box["width"] - 3


def test_on_a_phone_nothing_of_a_neuron_runs_into_its_neighbour(visit, toy, moons):
    phone = {"width": 390, "height": 844}
    page = visit(moons, "#lr=0.1&step=3&view=neuron&part=6", viewport=phone)
    tangent, name = (
        page.locator(f"#neuron {one}").bounding_box() for one in (".tangent", ".activation")
    )
    assert tangent["y"] + tangent["height"] < name["y"] + 3
    for fragment in ("#lr=0.05&step=3", "#lr=0.05&zero=0&step=2", "#lr=1&step=1"):
        page = visit(toy, f"{fragment}&view=neuron&part=36", viewport=phone)
        for row in range(3):
            grad, sign, value = (
                page.locator(f"#neuron [data-slot='{slot}']").bounding_box()
                for slot in (f"w{row}.grad", f"x{row}.times", f"x{row}.value")
            )
            assert grad["x"] + grad["width"] < sign["x"] < sign["x"] + sign["width"] < value["x"]
    page = visit(moons, "#batch=1&step=0&view=neuron&part=12", viewport=phone)
    sign, value, product = (
        page.locator(f"#neuron [data-slot='{slot}']").bounding_box()
        for slot in ("x0.times", "x0.value", "p0.value")
    )
    assert sign["x"] + sign["width"] < value["x"]
    assert value["x"] + value["width"] + 5 < product["x"]  # with room for =


def test_a_walk_that_became_shorter_can_be_left(visit, toy):
    page = visit(toy, "#lr=0.05")
    page.evaluate("change({ net: [] }, true)")
    page.keyboard.press("s")
    page.keyboard.press("Enter")
    page.keyboard.press("End")
    settled(page)
    page.evaluate("act(swap); act(leaveWalk)")  # before anything is drawn
    settled(page)
    assert page.evaluate("state.view") == "run"


def test_a_walk_that_plays_stops_where_a_link_leads_elsewhere(visit, toy):
    page = visit(toy)
    page.keyboard.press("Enter")
    page.keyboard.press("Space")
    until(page, "state.playing")
    page.go_back()  # to the run, which has not been played
    settled(page)
    assert page.evaluate("[state.view, state.playing]") == ["run", False]
    assert position(page) == "step 0 of 61"
