"""The live page of a table, with its long list and its long names, and what was found on it."""

from __future__ import annotations

import pytest
from browser import expect, set_rate, settled, starts
from pages import ROOT

from microtrain.cli import main

pytestmark = pytest.mark.slow  # a browser plays runs in real time

WIDE, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def iris(folder):
    path = folder / "iris.html"
    table = str(ROOT / "examples" / "iris.csv")
    assert main(["report", str(path), "--csv", table, "--target", "species", "--quiet"]) == 0
    return path


def heights(page):
    return page.evaluate("[document.body.scrollHeight, innerHeight]")


@pytest.mark.parametrize("height", [740, 800, 900])
def test_the_page_of_a_table_fits_the_window(visit, iris, height):
    page = visit(iris, viewport={"width": 1280, "height": height})
    starts(page)
    page_is, window = heights(page)
    assert page_is <= window
    page.evaluate("change({ batch: 2 })")
    starts(page)
    assert page.evaluate("document.documentElement.scrollHeight") <= height


@pytest.mark.parametrize("width", [1100, 1280, 390])
def test_a_list_of_classes_is_as_wide_as_its_card(visit, iris, width):
    page = visit(iris, viewport={"width": width, "height": 844})
    box = page.locator("#predictions .scroll")
    assert box.evaluate("(box) => [box.scrollWidth - box.clientWidth, box.clientWidth > 200]") == [
        0,
        True,
    ]
    order = "from the top: setosa, versicolor, virginica."
    assert order in page.locator("#classes-legend").inner_text()
    assert page.evaluate("[nodeName(0, 3), nodeName(1, 2)]") == ["layer 0, neuron 3", "output 2"]
    cut = "(heads) => heads.filter((th) => th.scrollWidth > th.clientWidth).length"
    assert page.locator("#list th").evaluate_all(cut) == 0


def test_a_long_list_scrolls_on_a_phone(visit, iris):
    page = visit(iris, viewport=PHONE)
    box = page.locator("#predictions .scroll")
    shown, all_of_it = box.evaluate("(box) => [box.clientHeight, box.scrollHeight]")
    assert 250 < shown < 350 and all_of_it > 150 * 44
    assert page.locator("#walk-open").bounding_box()["y"] < 2 * 844
    last = page.locator("#samples tr").last
    last.scroll_into_view_if_needed()
    last.click()
    settled(page)
    assert page.evaluate("state.sample") == 149


@pytest.mark.parametrize("unit", ["", " in centimetres"])
@pytest.mark.parametrize("inputs", [4, 7])
def test_names_of_inputs_stay_in_the_picture(visit, folder, unit, inputs):
    columns = [f"petal length {k}{unit}" for k in range(inputs)]
    rows = [[f"{(7 * i + 3 * k) % 11}" for k in range(inputs)] + [str(i % 2)] for i in range(20)]
    table, path = folder / "table.csv", folder / "named.html"
    table.write_text("\n".join(",".join(row) for row in [[*columns, "kind"], *rows]))
    asked = ["--csv", str(table), "--target", "kind", "--classes", "--quiet"]
    assert main(["report", str(path), *asked]) == 0
    page = visit(path, "#view=neuron&part=1", viewport={"width": 1280, "height": 740})
    names = page.evaluate(
        """engine.set.columns.map((name, k) => {
          const [label, above] = ["x", "w"].map((node) =>
            document.querySelector(`#neuron [data-slot="${node}${k}.name"]`)),
            { left, right } = label.getBoundingClientRect();
          return [left > $("neuron-card").getBoundingClientRect().left,
            right < above.getBoundingClientRect().left, label.textContent, label.innerHTML];
        })"""
    )
    for name, (inside, apart, text, inner) in zip(columns, names):
        assert inside and apart
        assert inner.startswith("petal length") and name in text
        assert ("\u2026<title>" in inner) == bool(unit)


def test_names_are_told_in_sentences_whatever_is_in_them(visit, folder):
    table, path = folder / "odd.csv", folder / "odd.html"
    rows = [f"{i % 7},{i % 3},{('a|b', 'c]}d')[i % 2]}" for i in range(20)]
    table.write_text("\n".join(["length [cm],{x|y},kind", *rows]))
    assert main(["report", str(path), "--csv", str(table), "--target", "kind", "--quiet"]) == 0
    page = visit(path, "#view=neuron&part=3")
    expect(page, "#sentence", "Input 0 (length (cm)) is")
    page.keyboard.press("ArrowRight")
    expect(page, "#sentence", "Input 1 ((x/y)) is")
    name = page.evaluate("targetText(engine.set, engine.set.ys[0])")
    told = {"a|b": "a/b", "c]}d": "c))d"}[name]
    page.keyboard.press("Home")
    expect(page, "#sentence", f"The target is {told}.")
    page.keyboard.press("Escape")
    expect(page, "#strip-1", f"the target is {told}.")


def test_long_names_of_many_classes_leave_the_plane_its_room(visit, folder):
    table, path = folder / "kinds.csv", folder / "kinds.html"
    rows = [f"{i % 10},{i % 7},{i % 10} is a kind with a rather long name" for i in range(70)]
    table.write_text("\n".join(["a,b,kind", *rows]))
    assert main(["report", str(path), "--csv", str(table), "--target", "kind", "--quiet"]) == 0
    page = visit(path, viewport=WIDE)
    expect(page, "#form-legend", "9 is a kind wit\u2026. Ring: sample 0.")
    plane, card = (page.locator(x).bounding_box()["height"] for x in ("#plane", "#predictions"))
    assert plane > card / 2


@pytest.mark.parametrize("number", [-10.67, -99.96, -123.4, -9999.7, -23456.0, 0.0, -0.362, 1e-9])
@pytest.mark.parametrize("view", ["run", "neuron"])
def test_every_number_stays_in_its_node(visit, toy, number, view):
    page = visit(toy, f"#step=3&view={view}")
    overrun = """([svg, number]) => [[".input", inInput], [":not(.input)", inNode]]
      .flatMap(([kind, text]) => [...document.querySelectorAll(`${svg} .node${kind}`)]
        .map((node) => {
          const [body, value] = [".body", ".value"].map((name) => node.querySelector(name));
          value.textContent = text(number);
          const [a, b] = [body, value].map((part) => part.getBoundingClientRect());
          return [value.textContent, a.left < b.left && b.right < a.right];
        }).filter(([, fits]) => !fits))"""
    assert page.evaluate(overrun, ["#network" if view == "run" else "#where", number]) == []


def drawn(page, line):
    """Return the places of a line of the curve, one coordinate after the other."""
    points = "[...$('curve').querySelector(line).points].flatMap(({ x, y }) => [x, y])"
    return page.evaluate(f"((line) => {points})('{line}')")


def test_the_run_before_is_shown_by_the_loss_of_all_samples(visit, toy):
    page = visit(toy, "#lr=0.1&batch=2")
    starts(page)
    set_rate(page, 0.05)
    starts(page)  # whose words decide how high the chart is
    before = drawn(page, ".ghost")
    page.evaluate("act(swap)")
    starts(page)
    assert len(before) == 2 * 100
    assert before == pytest.approx(drawn(page, ".past"), abs=0.06)


def test_the_run_before_ends_where_the_chart_ends(visit, toy):
    page = visit(toy, "#lr=0.3&batch=2")
    starts(page)
    set_rate(page, 0.05)
    assert page.evaluate("ghost.losses.every((_, k) => k < 50 || ghost.fullLoss(k) < scale.low)")
    assert len(drawn(page, ".ghost")) < 2 * 50
    page.evaluate("change({ steps: 5 })")  # fewer than the run before had
    settled(page)
    assert drawn(page, ".ghost")[-2] <= page.evaluate("sizeOf($('curve')).width - 14")


@pytest.mark.parametrize("seed", [0, 3])
def test_the_name_of_the_run_before_is_above_the_axis(visit, moons, seed):
    page = visit(moons, f"#lr=0.3&batch=2&seed={seed}")
    for rate in (0.1, 0.02, 1):
        set_rate(page, rate)
        starts(page)  # after which nothing is drawn anew
        box = page.locator("#curve .ghost-label").bounding_box()
        assert box["y"] + box["height"] <= page.evaluate(
            "$('curve').getBoundingClientRect().bottom - 22 * sizeOf($('curve')).grown"
        )


def test_the_sheet_of_changes_is_seen_whole_on_a_phone(visit, toy):
    page = visit(toy, viewport=PHONE)
    page.locator("#change-open").click()
    settled(page)
    assert page.evaluate("$('change').scrollHeight <= $('change').clientHeight")
    small = "(e) => e.filter(({ offsetHeight }) => offsetHeight < 44).map(({ id }) => id)"
    assert page.locator("#change :is(button, select, input)").evaluate_all(small) == []


@pytest.mark.parametrize("height", [844, 667])
def test_the_end_of_a_long_sheet_of_changes_can_be_reached(visit, toy, height):
    page = visit(toy, "#net=8t-8r-3s", viewport={"width": 390, "height": height})
    page.locator("#change-open").click()
    page.locator("#change-target").fill("-1")
    page.locator("#change-target").press("Enter")
    assert page.locator(".remark").bounding_box()["y"] > page.locator("#change").bounding_box()["y"]
    page.locator("#change-close").click(timeout=5000)
    assert page.locator("#change").is_hidden()


def test_what_stands_at_the_end_of_a_walk_covers_nothing(visit, iris):
    page = visit(iris, "#lr=0.05&step=3&view=neuron", viewport=PHONE)
    page.evaluate("act(() => go(Infinity))")
    settled(page)
    places = page.evaluate(
        """["told", "next-step", "walk-back"].map((id) => {
          const { left, right, top } = $(id).getBoundingClientRect();
          return [left, right, top];
        })"""
    )
    (left, right, _), (first, _, top), (_, end, below) = places
    assert left + 11 <= first and end <= right - 11 and top == below
    words = page.evaluate(
        "(() => { const all = document.createRange(); all.selectNodeContents($('sentence'));"
        " return all.getBoundingClientRect().bottom; })()"
    )
    assert words <= top


def test_whose_run_python_repeated(visit, iris, toy):
    page = visit(toy)
    page.locator("#change-open").click()
    page.locator("#change-data").select_option("xor")
    settled(page)
    expect(
        page, "#agreement", "Python\u2019s run (on the data of the recording; not this one): all 62"
    )
    page.locator("#change-back").click()
    page.locator("#change-mean").select_option("1")
    settled(page)
    expect(page, "#agreement", "Python\u2019s run (by the sum of the losses; not this one)")


def test_starts_of_less_than_two_passes_are_too_short(visit, iris):
    page = visit(iris, "#batch=2")
    starts(page)
    assert page.locator("#starts-list").inner_text() == (
        "\u00b7 20 too short to tell. Click one to try it."
    )
    assert "too short to tell" in page.locator(".seed").first.get_attribute("aria-label")
