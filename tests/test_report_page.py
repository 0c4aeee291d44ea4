"""The live page, as a learner uses it: the acceptance steps of its design, in a real browser."""

from __future__ import annotations

import re

import pytest
from browser import expect, position, set_rate, settled, starts, until

import microtrain as mt
from microtrain.nn import losses

pytestmark = pytest.mark.slow  # a browser plays runs in real time

XS, YS = mt.datasets.toy()
MINUS = "\u2212"


def ghost(page):
    return int(page.locator("#curve .ghost").get_attribute("data-points"))


def trained(lr=0.05, steps=100, out="tanh", **options):
    model = mt.MLP(3, [4, 4, 1], output_activation=out)
    return mt.train(model, XS, YS, lr=lr, steps=steps, target_loss=0.01, record=True, **options)


def test_1_it_opens_paused_at_the_first_step(visit, toy):
    page = visit(toy, viewport={"width": 1280, "height": 690})
    starts(page)
    assert position(page) == "step 0 of 61"
    marks = page.locator("#samples .mark").all_inner_texts()
    assert marks == ["\u2717", "\u2713", "\u2713", "\u2717"]
    assert page.locator("#rate-number").input_value() == "0.05"
    assert float(page.locator("#loss").get_attribute("data-value")) == pytest.approx(
        7.7298, abs=5e-5
    )
    assert page.locator("#verdict").inner_text() == "2 of 4 predictions are wrong. Press Play."
    before = page.locator("main").inner_html()
    page.wait_for_timeout(300)
    assert page.locator("main").inner_html() == before
    assert page.evaluate("document.documentElement.scrollHeight") <= 690


def test_who_only_looks_is_still_asked_to_play(visit, toy):
    page = visit(toy)
    for at in (
        "#by-gradient",
        "#samples tr:nth-child(3)",
        "#network [data-layer='1']",
        "#change-open",
    ):
        page.locator(at).first.click()
        settled(page)
        expect(page, "#verdict", "Press Play.")
    page.locator("#change-close").click()
    page.keyboard.press("]")
    settled(page)
    assert "Press Play" not in page.locator("#verdict").inner_text()


def test_2_space_plays_to_the_end(visit, toy):
    page = visit(toy)
    page.keyboard.press("Space")
    until(page, "!state.playing && head() === 61", seconds=8)
    settled(page)
    assert position(page) == "step 61 of 61"
    assert page.locator("#samples .mark").all_inner_texts() == ["\u2713"] * 4
    assert page.locator("#verdict").inner_text() == (
        "\u2713 Converged at step 61: loss below 0.01. Now drag the learning rate."
    )


def test_3_and_4_a_typed_rate_and_the_swap(visit, toy):
    page = visit(toy)
    set_rate(page, 0.3)
    expect(page, "#verdict", "Converged at step 8")
    expect(page, "#verdict", "rose in 4 of 8")
    assert page.locator("#compare-text").inner_text() == "Before, at 0.05: converged at step 61."
    assert ghost(page) == 62
    page.keyboard.press("s")
    settled(page)
    assert page.locator("#rate-number").input_value() == "0.05"
    assert position(page) == "step 61 of 61" and ghost(page) == 9
    assert page.locator("#compare-text").inner_text() == "Before, at 0.3: converged at step 8."
    page.keyboard.press("s")
    settled(page)
    assert page.locator("#rate-number").input_value() == "0.3"
    assert position(page) == "step 8 of 8" and ghost(page) == 62
    page.evaluate("act(() => go(-5))")
    for _ in range(2):  # each run is looked at where it was left
        page.keyboard.press("s")
        settled(page)
    assert position(page) == "step 3 of 8"


def compared(page):
    return page.locator("#compare-text").inner_text()


def test_the_run_before_is_the_one_before(visit, toy):
    page = visit(toy)
    for rate in (0.1, 0.2, 0.3):  # faster than a second
        before = page.locator("#rate-number").input_value()
        set_rate(page, rate)
        assert compared(page).startswith(f"Before, at {before}: ")
    for key in "[[[":  # one gesture
        page.keyboard.press(key)
        settled(page)
    assert compared(page).startswith("Before, at 0.3: ")
    for key in "]]]":  # which ends where it began
        page.keyboard.press(key)
        settled(page)
    assert page.locator("#rate-number").input_value() == "0.3"
    assert compared(page).startswith("Before, at 0.2: ")


def test_keys_do_as_the_help_says(visit, toy):
    page = visit(toy, "#lr=0.05&step=3&param=w1_2_0")
    page.keyboard.press("?")
    assert page.locator("#help").is_visible()
    page.wait_for_timeout(100)
    assert page.evaluate("$('help').scrollTop") == 0
    assert page.evaluate("$('help').scrollHeight > $('help').clientHeight")
    page.keyboard.press("Escape")
    assert page.locator("#help").is_hidden() and page.evaluate("state.view") == "run"
    page.locator("#play").click()
    page.locator("#play").click()  # with the mouse, which takes the keys from nothing
    page.keyboard.press("Enter")
    settled(page)
    assert position(page).startswith("part 1 of ")
    page.keyboard.press("Escape")
    settled(page)
    neuron = page.locator("#network [data-layer='1'][data-neuron='2']")
    neuron.focus()
    page.keyboard.press("Enter")
    settled(page)
    expect(page, "#breadcrumb", "layer 1, neuron 2")
    assert page.evaluate("engine.names[state.weight]") == "w1_2_0"
    page.keyboard.press("Escape")
    settled(page)
    page.locator("#network [data-layer='0'][data-neuron='3']").focus()
    page.keyboard.press("Enter")
    settled(page)
    expect(page, "#breadcrumb", "layer 0, neuron 3")
    assert page.evaluate("engine.names[state.weight]") == "w0_3_0"


def test_before_a_step_is_the_end_of_the_step_before(visit, toy):
    page = visit(toy, "#lr=0.05&step=1&view=neuron&part=1")
    assert page.locator("#back").get_attribute("aria-disabled") == "false"
    page.keyboard.press("ArrowLeft")
    settled(page)
    expect(page, "#breadcrumb", "Step 0")
    assert position(page) == "part 41 of 41"
    page.keyboard.press("Home")
    page.keyboard.press("ArrowLeft")
    settled(page)
    expect(page, "#breadcrumb", "Step 0")
    assert position(page) == "part 1 of 41"
    assert page.locator("#back").get_attribute("aria-disabled") == "true"


def test_layers_are_taken_away_on_purpose(visit, toy):
    page = visit(toy)
    page.locator("#change-open").click()
    fewer = page.locator("#change-layers [value=fewer]").first
    for _ in range(5):
        fewer.click(force=True)
        settled(page)
    expect(page, "#summary", "3 inputs \u2192 1 tanh \u2192 4 tanh \u2192 1 tanh")
    assert fewer.get_attribute("aria-disabled") == "true"
    expect(page, "#change-layers .remark", "A layer has a neuron; \u00d7 takes the layer away.")
    page.locator("#change-layers [value=remove]").first.click()
    settled(page)
    expect(page, "#summary", "3 inputs \u2192 4 tanh \u2192 1 tanh")
    add = page.locator("#add-layer")
    for _ in range(3):
        add.click(force=True)
        settled(page)
    assert page.evaluate("state.net.length") == 3
    assert add.get_attribute("title") == "3 hidden layers are the most here."
    assert float(add.evaluate("(button) => getComputedStyle(button).opacity")) < 0.5


def test_other_data_are_looked_at_when_the_run_is_done(visit, toy):
    page = visit(toy)
    page.locator("#change-open").click()
    for name in ("xor", "moons"):
        page.locator("#change-data").select_option(name)
        settled(page)
        assert page.evaluate("head() === last()")
    expect(page, ".remark", "The learning rate is 0.1 now")


def drag(page, to, moves=30):
    """Drag the thumb to a rate; return the curves drawn, and the longest that a frame took."""
    page.evaluate(
        """() => {
          window.watched = { curves: [], longest: 0, on: true };
          let before = performance.now();
          const look = (now) => {
            if (!watched.on) return;
            watched.longest = Math.max(watched.longest, now - before);
            before = now;
            watched.curves.push(document.querySelector("#curve .past").getAttribute("points"));
            requestAnimationFrame(look);
          };
          requestAnimationFrame((now) => { before = now; look(now); });
        }"""
    )
    box = page.locator("#rate").bounding_box()
    places = "[Number($('rate').min), Number($('rate').max), toSlider(rate())]"
    low, high, now = page.evaluate(places)
    goal = page.evaluate(f"toSlider({to})")

    def x(place):
        return box["x"] + 12 + (box["width"] - 24) * (place - low) / (high - low)

    y = box["y"] + box["height"] / 2
    page.mouse.move(x(now), y)
    page.mouse.down()
    for i in range(1, moves + 1):
        page.mouse.move(x(now + (goal - now) * i / moves), y)
        page.evaluate("new Promise((done) => requestAnimationFrame(done))")
    page.mouse.up()
    settled(page)
    return page.evaluate("(watched.on = false, watched)")


def test_5_and_6_dragging_the_rate_to_where_it_gets_stuck(visit, toy):
    page = visit(toy)
    watched = drag(page, 1)
    assert len(set(watched["curves"])) >= 25
    expect(page, "#verdict", "Stuck, not solved")
    expect(page, "#verdict", "the loss stays at 8")
    assert page.locator("#rate-number").input_value() == "1"
    assert page.locator("#samples .mark.bad").count() >= 2
    assert page.locator("#verdict").get_attribute("class") == "bad"
    assert page.locator("#verdict").inner_text().startswith("\u25a0")
    assert page.locator("#lost").is_visible()
    assert starts(page) == [2]
    expect(page, "#starts-list", "\u25a0 18 saturated, \u25cf 2 converged")
    page.locator("#lost").click()
    settled(page)
    expect(page, "#breadcrumb", "the output")
    assert page.evaluate("parts()[state.part - 1].kind") == "B act"


def test_7_one_start_is_no_evidence(visit, toy):
    page = visit(toy, "#lr=0.5")
    assert starts(page) == [10]
    expect(page, "#verdict", "Converged at step 5")
    expect(page, "#starts-told", "only 10 of 20")
    assert page.locator("#starts-told.strong").count() == 1
    stuck = page.locator(".seed.bad:has-text('\u25a0')").first
    seed = stuck.get_attribute("data-seed")
    stuck.click()
    settled(page)
    expect(page, "#verdict", "Stuck")
    until(page, f"location.hash.includes('seed={seed}')")


def test_8_too_small_a_rate_crawls(visit, toy):
    page = visit(toy)
    set_rate(page, 0.001)
    expect(page, "#verdict", "crawling")
    assert position(page) == "step 99 of 99"


@pytest.mark.parametrize("size", [(1280, 740), (1920, 1080)])
def test_9_the_curve_is_a_slider(visit, toy, size):
    page = visit(toy, viewport=dict(zip(("width", "height"), size)))
    set_rate(page, 0.05)
    box = page.locator("#curve").bounding_box()
    x = "(({ width, height, grown }) => grown * curveScales(width, height).x(20))"
    x = page.evaluate(f"{x}(sizeOf($('curve')))")
    page.mouse.click(box["x"] + x, box["y"] + box["height"] / 2)
    settled(page)
    assert position(page) == "step 20 of 61"
    loss = float(page.locator("#loss").get_attribute("data-value"))
    assert loss == pytest.approx(trained().losses[20], abs=1e-10)
    thick, thin = (
        len(page.locator(f"#curve .{name}").get_attribute("points").split())
        for name in ("past", "ahead")
    )
    assert (thick, thin) == (21, 42)
    page.keyboard.press("ArrowLeft")
    settled(page)
    assert position(page) == "step 19 of 61"
    page.keyboard.press("Shift+ArrowRight")
    settled(page)
    assert position(page) == "step 29 of 61"


def test_10_and_11_both_halves_of_the_zero_grad_lesson(visit, toy):
    page = visit(toy)
    page.keyboard.press("z")
    assert len(starts(page)) == 2
    expect(page, "#verdict", "Converged at step 8")
    expect(page, "#note", "by accident")
    expect(page, "#note", "step 8, not 61")
    page.locator("#try").click()
    assert starts(page) == [20, 3]
    expect(page, "#verdict", "oscillating")
    expect(page, "#verdict", "47 of 99")
    expect(page, "#note", "With the reset: converged at step 10")
    page.locator("#forget").uncheck()
    assert len(starts(page)) == 1
    expect(page, "#verdict", "Converged at step 10")
    assert page.locator("#note").is_hidden()


def test_both_halves_of_the_zero_grad_lesson_where_the_output_is_linear(visit, moons):
    page = visit(moons)
    page.locator("#forget").check()
    expect(page, "#note", "by accident")
    with_reset, without = starts(page)
    assert with_reset < without
    page.locator("#try").click()
    expect(page, "#note", "With the reset: converged")
    with_reset, without = starts(page)
    assert without < with_reset
    assert page.locator("#rate-number").input_value() == "1"
    assert page.locator("#forget").is_checked() and page.locator("#try").is_hidden()


def test_what_is_left_over_is_no_slope(visit, toy):
    """With zero_grad forgotten, what the loss does is told apart from what the update goes by."""
    history = trained(zero_grad=False)
    for step in (1, 4, len(history.losses) - 1):
        model = mt.MLP(3, [4, 4, 1])
        for p, x in zip(model.parameters(), history.recording.parameters[step]):
            p.data = x
        sum((model(x) - y) ** 2 for x, y in zip(XS, YS)).backward()
        slope = model.parameters()[0].grad
        page = visit(toy, f"#lr=0.05&zero=0&step={step}")
        told = page.locator("#strip-3").inner_text()
        assert ("would rise" if slope > 0 else "would fall") in told and "left over" in told
        page = visit(toy, f"#lr=0.05&zero=0&step={step}&view=neuron&part=38")
        assert "left over from earlier steps" in page.locator("#sentence").inner_text()
        page.keyboard.press("ArrowRight")
        settled(page)
        held = history.recording.gradients[step][0]
        wrong = "the wrong way for this loss" in page.locator("#sentence").inner_text()
        assert wrong == (held * slope < 0)


def test_moons_that_are_learned_are_not_told_as_failed(visit, moons):
    page = visit(moons, "#lr=0.1&step=99")
    starts(page)
    expect(page, "#verdict", "98 of 100 are right")
    assert page.locator("#verdict").get_attribute("class") == "plain"
    expect(page, "#starts-told", "none gets below 0.01")
    page.locator("#forms [value=list]").click()
    settled(page)
    rows = page.locator("#samples tr").evaluate_all(
        "(rows) => rows.map((row) => [row.querySelector('.cost').textContent === '0.000',"
        " Number(row.querySelector('.error').getAttribute('width'))])"
    )
    assert {long > 0 for missing_nothing, long in rows if missing_nothing} == {False}
    assert any(long > 10 for _, long in rows)
    expect(page, "#strip-2", f"max(0, 1 {MINUS} 1 \u00d7 1.455) = 0")


def test_what_is_said_where_it_goes_wrong(visit, toy):
    page = visit(toy, "#out=l&lr=1")
    expect(page, "#verdict", "Diverged at step 1: the loss grew to 3.84e305 by step 97; after that")
    marks = page.locator("#samples .mark").all_inner_texts()
    assert marks == ["", "\u2717", "\u2717", ""]  # 3e152 is no right answer, though above 0
    expect(page, "#network-legend", "Dotted: flat to the last digit")
    expect(page, "#network-legend", "Bar below: nearly flat")
    page = visit(toy, "#lr=0.42")
    expect(page, "#verdict", "Still crawling at step 99: the loss is 7.93; it began with 7.73, so")
    assert "Layer 1, neuron 0: it is flat to the last digit, so none" in page.evaluate(
        "(change({ out: 'linear', lr: [[0, 1]] }), state.step = 97,"
        " enterWalk(), parts().map((_, i) => said(i + 1)).join(' '))"
    )
    page = visit(toy, "#lr=10&step=99")
    expect(page, "#strip-2", f"({MINUS}1.11e{MINUS}16)\u00b2 = 1.23e{MINUS}32")
    page = visit(toy, "#out=s&lr=0.1")
    expect(page, "#verdict", f"2 of 4 are right. A sigmoid output can\u2019t be {MINUS}1.")
    page = visit(toy, "#zero=0&lr=0.001")
    expect(page, "#note", "with the reset not by step 99")


def test_another_run_is_not_taken_for_the_recorded_one(visit, toy):
    page = visit(toy)
    assert "not this one" not in page.locator("#agreement").inner_text()
    page = visit(toy, "#out=l&lr=0.1")
    expect(
        page,
        "#agreement",
        "(at 0.05, with 3 inputs \u2192 4 tanh \u2192 4 tanh \u2192 1 tanh; not this one)",
    )
    expect(page, "#source-open", "The whole generated step of the recorded network")
    page.locator("#source-open").click()
    expect(page, "#source-text", "g_w1_3_3 = g_w1_3_3 + v4 * d5")
    page.keyboard.press("Escape")
    page.locator("#sharpness-open").click()
    expect(page, "#sharpness-told", "first above 2 at step 0, at most")
    expect(page, "#sharpness-told", "the loss grows")
    page.evaluate(
        "measuring.steps = []; measuring.found = [[0, 4], [2, Infinity], [1, 1e300], [3, NaN]];"
        " drawSharpness()"
    )
    assert page.locator("#sharpness-chart .measured").count() == 2
    expect(
        page, "#sharpness-told", "Measured at 4 of 100 steps, finite at 2 of them: first above 2"
    )
    assert page.locator("#sharpness-chart .grid").count() < 9


def test_the_step_that_was_too_long_is_found(visit, toy):
    page = visit(toy, "#lr=1")
    page.locator("#sharpness-open").click()
    expect(page, "#sharpness-told", "Measured at all steps: first above 2 at step 0")
    expect(page, "#sharpness-told", "at most 142 at step 2. Such a step throws")
    expect(page, "#sharpness-told", "to where the slope is gone, even if the loss fell at step 0.")
    assert page.locator("#sharpness-chart .measured").count() == 100
    assert page.locator("#sharpness-chart .over").count() == 3
    page.locator("#sharpness-go").click()
    settled(page)
    assert position(page) == "step 2 of 99" and page.locator("#sharpness").is_hidden()
    page.locator("#hide").click()
    page.locator("#sharpness-open").click()
    expect(page, "#sharpness-told", "Measured at steps 0 to 2: first above 2")
    assert (
        page.locator("#sharpness-chart .measured").count() == 3
    )  # what is to be guessed is not told
    page.keyboard.press("Escape")
    assert page.evaluate("[new Set(stepsToMeasure(99)).size, stepsToMeasure(9999).length]") == [
        100,
        300,
    ]


@pytest.mark.parametrize("net", ["4t-4t-4t", "4t-4t", "8t"])
def test_the_followed_weight_is_named_beside_the_nodes(visit, toy, net):
    page = visit(toy, f"#net={net}&lr=0.05")
    covered = """() => engine.names.filter((name, index) => {
      if (!document.querySelector(`#network .weight[data-index="${index}"]`)) return false;
      state.weight = index;
      drawNetwork();
      const box = document.querySelector("#network .chip rect").getBoundingClientRect();
      const text = document.querySelector("#network .chip text").getBoundingClientRect();
      return text.left < box.left || text.right > box.right ||
        [...document.querySelectorAll("#network .node .body")].some((node) => {
          const other = node.getBoundingClientRect();
          return Math.min(box.right, other.right) - Math.max(box.left, other.left) > 8
            && Math.min(box.bottom, other.bottom) - Math.max(box.top, other.top) > 8;
        });
    })"""
    assert page.evaluate(covered) == []


@pytest.mark.parametrize(("net", "named"), [("8t-8t-8t", False), ("8t-8t", True), ("4t", True)])
def test_the_followed_weight_is_named_where_there_is_room(visit, toy, net, named):
    page = visit(toy, f"#net={net}&lr=0.05")
    covered = """() => engine.names.flatMap((_, index) => {
      state.weight = index;
      drawNetwork();
      const box = document.querySelector("#network .chip rect").getBoundingClientRect();
      return [...document.querySelectorAll("#network .heads text")].filter((title) => {
        const other = title.getBoundingClientRect();
        return box.left < other.right && other.left < box.right && box.top < other.bottom;
      });
    }).length"""
    for _ in range(2):
        assert page.evaluate(covered) == 0
        page.locator("#by-gradient").click()
        settled(page)
    page.evaluate("act(follow, 0)")
    settled(page)
    assert page.locator("#network .chip").is_visible() == named


def test_lines_are_as_thick_as_the_largest_weight_allows(visit, toy):
    page = visit(toy, "#lr=0.05&step=0")
    expect(page, "#network-legend", "thickest: largest). Biases are not drawn.")
    p = page.evaluate("[...run.parameters(0)]")
    assert p.index(max(p, key=abs)) == page.evaluate("engine.layers[2].biases")
    lines = page.locator("#network .weight")
    drawn = lines.evaluate_all(
        "(all) => all.map((e) => [e.dataset.value, e.getAttribute('stroke-width')])"
    )
    widths = {abs(float(weight)): float(width) for weight, width in drawn}
    assert widths[max(widths)] == max(widths.values()) == 5  # whatever the biases are


def test_guess_first(visit, toy):
    page = visit(toy)
    starts(page)
    button, told = (page.locator(x).bounding_box() for x in ("#hide", "#verdict"))
    assert button["y"] < told["y"] + 20 and told["height"] < 50  # it takes no line of its own
    page.locator("#hide").click()
    settled(page)
    assert page.locator("#starts").is_hidden() and position(page) == "step 0"
    assert not page.locator("#curve .ahead").get_attribute("points")
    assert page.locator("#curve").get_attribute("aria-valuemax") == "0"
    assert page.locator("#curve-table tr").count() == 1
    assert page.locator("#agreement").inner_text() == ""
    set_rate(page, 0.3)
    expect(page, "#verdict", "Guess, then press Play")
    assert position(page) == "step 0" and "Converged" not in page.locator("#run").inner_text()
    page.keyboard.press("End")
    settled(page)
    expect(page, "#verdict", "Converged at step 8")
    expect(page, "#hide", "guess first")  # nothing is hidden any longer
    page.locator("#hide").click()
    settled(page)
    expect(page, "#hide", "show")
    page.locator("#sharpness-open").click()
    expect(page, "#sharpness-told", re.compile("Measured at step 0: (below|first above) 2"))
    page.keyboard.press("Escape")
    page.locator("#play").focus()
    page.keyboard.press("Space")
    until(page, "state.playing")
    until(page, "!state.playing && head() === 8")
    expect(page, "#verdict", "Converged at step 8")


def test_what_is_changed_is_refused_with_a_word_and_covers_nothing(visit, toy):
    size = {"width": 1366, "height": 850}
    page = visit(toy, "#lr=0.05", viewport=size)
    starts(page)
    page.locator("#change-open").click()
    for name, wanted, told in (
        ("steps", "100000", "from 1 to 10,000"),
        ("target", "-5", "above 0"),
    ):
        field = page.locator(f"#change-{name}")
        before = field.input_value()
        field.fill(wanted)
        field.press("Enter")
        row = page.locator("#change .row", has=field)
        expect(page, ".remark", told)
        assert row.locator(".remark").count() == 1  # it stands at the field
        assert field.input_value() == before
    page.locator("#change-steps").fill("90")
    page.locator("#change-steps").press("Enter")
    settled(page)
    assert page.locator(".remark").count() == 0
    top = page.locator("#change").bounding_box()["y"]
    for panel in ("#predictions", "#network-card", "#outcome"):
        box = page.locator(panel).bounding_box()
        assert box["y"] + box["height"] <= top
    starts(page)
    page.locator("#change-layers [value=more]").first.click()
    starts(page)
    told = page.locator("#starts-more").inner_text()
    assert re.fullmatch(
        r"\d+ \u2192 \d+ numbers. Converged: half of the starts by step \d+. Before: .* \d+.", told
    )
    page = visit(toy, "#lr=0.05&zero=0", viewport=size)
    starts(page)
    assert page.evaluate("document.documentElement.scrollHeight") <= 850


def overflowing(page):
    """Return the cards of the run whose content is larger than they are."""
    return page.evaluate(
        """[...document.querySelectorAll("#run > .card")].filter((card) => card.offsetHeight
          && [...card.querySelectorAll(":not(.scroll *, svg *, .unseen, .unseen *)")].some((e) =>
            e.getBoundingClientRect().bottom > card.getBoundingClientRect().bottom))
          .map((card) => card.id)"""
    )


@pytest.mark.parametrize("size", [(1280, 800), (1366, 850), (1920, 1080), (700, 800), (390, 844)])
def test_what_is_told_of_forgetting_leaves_the_curve_its_room(visit, moons, toy, size):
    width, height = size
    viewport = {"width": width, "height": height}
    page = visit(toy, "#lr=1&zero=0", viewport=viewport)
    starts(page)
    assert page.locator("#curve").bounding_box()["height"] >= (170 if width == 390 else 180)
    assert overflowing(page) == []
    if width > 1100:
        assert page.evaluate("document.documentElement.scrollHeight") <= height
    page = visit(moons, "#lr=0.1&zero=0&step=40", viewport=viewport)
    starts(page)
    assert overflowing(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    touching = page.evaluate(
        """(() => {
          const boxes = [...document.querySelectorAll("#run > .card")]
            .map((card) => card.getBoundingClientRect()).filter((box) => box.height);
          return boxes.filter((a) => boxes.some((b) => a !== b && a.left < b.right + 9
            && b.left < a.right + 9 && a.top < b.bottom + 9 && b.top < a.bottom + 9)).length;
        })()"""
    )
    assert touching == 0


def test_nothing_moves_while_it_plays(visit, toy):
    page = visit(toy, "#lr=0.05&step=5", viewport={"width": 1280, "height": 800})
    starts(page)
    places = """() => ["back", "rate", "forget", "network", "strip", "sharpness-open"].map((id) => {
      const { x, y, width, height } = $(id).getBoundingClientRect();
      return [x, y, width, height];
    })"""
    before = page.evaluate(places)
    page.keyboard.press("Space")
    until(page, "head() > 12")
    assert page.locator("#play").inner_text().endswith("Pause")
    assert page.evaluate(places) == before
    until(page, "!state.playing")
    settled(page)
    assert page.evaluate(places) == before


@pytest.mark.parametrize(
    ("target", "told"),
    [("0.01", "target loss 0.01"), ("1e-30", "\u2193 target loss 1e\u221230, off this chart")],
)
def test_a_target_off_the_chart_is_not_drawn_in_it(visit, toy, target, told):
    page = visit(toy)
    page.locator("#change-open").click()
    page.locator("#change-target").fill(target)
    page.locator("#change-target").press("Enter")
    settled(page)
    assert page.locator("#curve .target-label").text_content() == told
    assert page.locator("#curve line.target").count() == (target == "0.01")


def test_a_target_can_be_taken_away_and_the_link_says_so(visit, toy):
    page = visit(toy)
    page.locator("#change-open").click()
    for target, told in ((" ", "Descending at step 99"), ("0.01", "Converged at step 61")):
        page.locator("#change-target").fill(target)
        page.locator("#change-target").press("Enter")
        settled(page)
        expect(page, "#verdict", told)
        assert page.locator("#change .remark").count() == 0
        assert ("target=none" in page.url) == (target == " ")
    page.go_back()
    until(page, "run.options.target === null")
    settled(page)
    assert page.locator("#curve .target-label").count() == 0
    page.locator("#change-steps").fill("")
    page.locator("#change-steps").press("Enter")
    expect(page, "#change .remark", "a whole number")


def test_the_name_of_the_run_before_hides_nothing(visit, toy):
    page = visit(toy, "#lr=0.05&zero=0")
    for rate in (0.053, 0.3, 0.5, 1):
        set_rate(page, rate)
        starts(page)  # after which nothing is drawn anew
        label, knob = (page.locator(f"#curve .{x}").bounding_box() for x in ("ghost-label", "knob"))
        assert (
            label["x"] > knob["x"] + knob["width"]
            or label["x"] + label["width"] < knob["x"]
            or label["y"] > knob["y"] + knob["height"]
            or label["y"] + label["height"] < knob["y"]
        )


def test_the_marks_of_a_plane_are_explained(visit, moons, folder):
    xs = [[0.5 * i, 1.0 - i] for i in range(9)]
    numbers = mt.train(mt.MLP(2, [3, 1]), xs, [0.1 * i for i in range(9)], steps=3, record=True)
    mt.report(numbers, folder / "numbers.html")
    page = visit(folder / "numbers.html")
    expect(page, "#form-legend", "\u25a0 target above 0, \u25cf or not. Ring: sample 0. On the")
    page = visit(moons)
    for told in ("\u25a0 target 1, \u25cf target \u22121", "Red rim: wrong", "x0 runs across, x1"):
        expect(page, "#form-legend", told)
    sample = "document.querySelector('#points .sample.wrong').dataset.sample"
    page.locator(f"#points [data-sample='{page.evaluate(sample)}']").click(force=True)
    settled(page)
    (chosen,) = page.locator("#points .ring").all()
    mark = page.evaluate("state.sample")
    mark = page.locator(f"#points [data-sample='{mark}']")
    assert "wrong" in mark.get_attribute("class")
    a, b = chosen.bounding_box(), mark.bounding_box()
    assert a["x"] + a["width"] / 2 == pytest.approx(b["x"] + b["width"] / 2, abs=1)
    page = visit(moons, "#lr=0.1&step=3&view=neuron&part=1")
    expect(page, "#code", "# layer 0, neuron 0: no line runs now")
    expect(page, "#neuron", "who uses it: the largest")


def test_large_layers_stay_or_shrink_to_eight(visit, moons):
    page = visit(moons)
    page.locator("#change-open").click()
    page.locator("#change-out").select_option("tanh")
    settled(page)
    expect(page, "#summary", "2 inputs \u2192 16 relu \u2192 16 relu \u2192 1 tanh")
    page.locator("#change-layers select").first.select_option("tanh")
    settled(page)
    page = visit(moons, page.evaluate("location.hash"))
    expect(page, "#summary", "16 tanh \u2192 16 relu \u2192 1 tanh")
    page.locator("#change-open").click()
    page.locator("#change-layers [value=fewer]").last.click()
    settled(page)
    expect(page, "#summary", "16 tanh \u2192 8 relu \u2192 1 tanh")


def test_the_link_of_a_long_run_leads_back_to_its_step(visit, folder):
    mt.report(mt.train(steps=12_000, lr=1e-4, record=True), folder / "late.html")
    page = visit(folder / "late.html")
    settled(page)  # End leads to the last step that there is by then
    page.keyboard.press("End")
    for _ in range(2):
        page.keyboard.press("ArrowLeft")
    settled(page)
    page = visit(folder / "late.html", "#" + page.evaluate("fragmentOf()"))
    settled(page)
    assert position(page) == "step 11997 of 11999" and page.locator("#notice").is_hidden()


def test_weights_that_no_seed_draws_do_not_keep_the_network_from_being_changed(visit, folder):
    model = mt.MLP(3, [4, 4, 1])
    model.layers[0].neurons[0].bias.data = 0.5
    mt.report(mt.train(model, XS, YS, lr=0.1, record=True), folder / "set.html")
    page = visit(folder / "set.html", "#net=3t")
    expect(page, "#summary", "a network of 16 numbers")
    first = page.evaluate("run.losses[0]")
    page = visit(folder / "set.html")
    page.locator("#change-open").click()
    for _ in range(2):
        page.locator("#change-layers [value=remove]").last.click()
    page.locator("#add-layer").click()
    page.locator("#change-layers [value=fewer]").click()
    settled(page)
    expect(page, "#summary", "a network of 16 numbers")
    assert page.evaluate("[run.losses[0], state.seed]") == [first, 0]


def test_lines_are_weights_or_gradients(visit, toy):
    page = visit(toy, "#lr=0.05&zero=0&step=4")
    assert page.locator("#network .chip").text_content() == "w0_0_00.669"
    page.locator("#by-gradient").click()
    settled(page)
    held = trained(zero_grad=False).recording.gradients[4][0]
    assert page.locator("#network .chip").text_content() == f"w0_0_0\u2190 {held:.3f}"
    expect(page, "#network-legend", "with all that is left over")
    page.locator("#forget").uncheck()
    settled(page)
    expect(page, "#network-legend", "how the loss of all samples changes with this weight (solid +")
    gradients = "[...document.querySelectorAll('#network .weight')].map((line) =>"
    gradients += " [Number(line.dataset.value) < 0, line.matches('.minus')])"
    assert {below == dashed for below, dashed in page.evaluate(gradients)} == {True}
    height = page.evaluate("$('network').viewBox.baseVal.height - $('network').clientHeight")
    assert abs(height) <= 1


def test_a_rate_that_is_none_is_refused_with_a_word(visit, toy):
    page = visit(toy)
    before = page.locator("#run").bounding_box()
    for rate, told in (("abc", 1), ("-1", 1), ("0.1", 0)):
        set_rate(page, rate)
        assert page.locator("#bar .remark").count() == told
    assert page.locator("#rate-number").input_value() == "0.1"
    for key in ("ArrowLeft", "Tab", "Escape"):
        set_rate(page, "abc")
        assert "a number above 0" in page.locator("#bar .remark").inner_text()
        assert page.locator("#run").bounding_box() == before  # it moves nothing
        page.keyboard.press(key)
        assert page.locator(".remark").count() == 0
    set_rate(page, "1e9")
    assert page.locator("#rate-number").input_value() == "1e9"


def test_a_loss_that_comes_down_to_0_without_a_target_is_solved(visit, folder):
    model = mt.MLP(1, [3, 1], "relu", "linear")
    history = mt.train(
        *(model, [[0.0], [1.0], [2.0], [3.0]], [-1, -1, 1, 1]),
        loss=mt.hinge,
        lr=0.1,
        steps=60,
        record=True,
    )
    first = history.losses.index(0)
    assert not any(history.losses[first:])
    mt.report(history, folder / "zero.html")
    page = visit(folder / "zero.html", "#lr=0.1")
    starts(page)
    expect(page, "#verdict", f"\u2713 Solved at step {first}: from there on the loss is 0.")
    assert page.locator("#verdict").get_attribute("class") == "good"
    expect(page, "#starts-list", "solved")
    bars = page.locator("#fit .error").evaluate_all(
        "(bars) => bars.map((bar) => bar.y1.baseVal.value - bar.y2.baseVal.value)"
    )
    assert bars == [0] * 4  # the hinge misses nothing there


def huber(prediction, target):
    error = prediction - target
    return mt.where(abs(error) < 1, 0.5 * error * error, abs(error) - 0.5)


@pytest.mark.parametrize("known", [False, True])
def test_a_loss_of_which_little_is_known(visit, folder, monkeypatch, known):
    if known:  # as a new loss of the library is, of which nothing is said but what it takes
        monkeypatch.setitem(losses.TAKES, huber, "numbers")
    path = folder / f"huber{known}.html"
    mt.report(mt.train(loss=huber, steps=100, target_loss=0.01, record=True), path)
    page = visit(path, "#lr=0.05")
    expect(page, "#loss", "Loss = sum of each sample's huber = 0.009805")
    expect(page, "#strip-2", "Its loss: 0.001071. With the other three: 0.009805.")
    page.locator("#sharpness-open").click()
    expect(page, "#sharpness-told", "This loss may have kinks")
    said = page.evaluate(
        "(enterWalk(), parts().map((_, i) => said(i + 1)).filter((_, i) =>"
        " parts()[i].phase === 'loss' || parts()[i].kind === 'B1'))"
    )
    assert said[-2].startswith("With the other three samples the loss is 0.009805")
    assert said[-1].startswith("If the prediction grew a little, the loss would fall by 0.04629")
    if known:
        assert said[0] == "It says 0.95371, it should say 1: too low by 0.04629."
        assert said[1] == "The huber of that: 0.001071."
    else:
        assert said[0] == "It says 0.9537, the target is 1. The loss: 0.001071."


def test_classes_are_shown_as_their_loss_sees_them(visit, folder):
    xs = [[0.1 * i, 0.3 * (i % 4)] for i in range(12)]
    for loss, told in (
        (mt.cross_entropy, "A bar for each class: its share."),
        (mt.squared_error, "A bar for each class: its output, from 0 to 1."),
    ):
        model = mt.MLP(2, [5, 3], output_activation="linear")
        ys = [[float(i % 3 == k) for k in range(3)] for i in range(12)]
        history = mt.train(model, xs, ys, loss=loss, steps=20, record=True, reduction="mean")
        mt.report(history, folder / "classes.html")
        page = visit(folder / "classes.html", "#lr=0.05&step=19")
        page.locator("#forms [value=list]").click()
        settled(page)
        expect(page, "#classes-legend", told)
        bars = page.locator("#samples tr:first-child .class").evaluate_all(
            "(bars) => bars.map((bar) => bar.width.baseVal.value / 96)"
        )
        for p, x in zip(model.parameters(), history.recording.parameters[19]):
            p.data = x
        outputs = [y.data for y in model(xs[0])]
        shares = mt.softmax(outputs) if loss is mt.cross_entropy else outputs
        assert bars == pytest.approx([min(1, max(0, share)) for share in shares], abs=1e-3)


@pytest.mark.parametrize(("fragment", "left"), [("#lr=0.05", False), ("#lr=0.035", True)])
def test_the_dot_of_the_curve_is_not_on_the_targets_name(visit, toy, fragment, left):
    page = visit(toy, fragment)
    starts(page)
    knob, label = (page.locator(f"#curve .{x}").bounding_box() for x in ("knob", "target-label"))
    assert (label["x"] + label["width"] < knob["x"]) == left
    assert left or label["x"] > knob["x"] + knob["width"]


def test_12_a_run_that_diverges(visit, toy):
    page = visit(toy, "#out=l")
    set_rate(page, 0.1)
    starts(page)
    expect(page, "#verdict", "Diverged")
    assert page.locator("#curve .leaving path").count() == 1
    text = page.locator("body").inner_text()
    assert "NaN" not in text and "Infinity" not in text
    page.keyboard.press("Home")
    page.locator("#speed").select_option("4")
    page.keyboard.press("Space")
    until(page, "!state.playing && head() === last()")


def test_13_a_rate_from_a_step_on(visit, toy):
    page = visit(toy, "#lr=0.05,12:0.3")
    losses = page.evaluate("run.losses")
    assert losses[:13] == pytest.approx(trained().losses[:13], abs=1e-10)
    assert losses[13] != pytest.approx(trained().losses[13], rel=1e-3)
    assert page.locator("#curve .notch").get_attribute("d")
    assert page.locator("#from-label").inner_text() == "from step 12 on"
    assert page.locator("#from").is_checked()
    expect(page, "#starts-told", "20 random starts at 0.05, then 0.3 from step 12 on: ")
    set_rate(page, 0.2)
    later = page.evaluate("run.losses")
    assert later[:13] == losses[:13] and later[13] != losses[13]
    page.locator("#from").uncheck()
    settled(page)
    assert page.locator("#from-label").inner_text() == "only from here on"
    assert page.evaluate("run.losses[1]") != losses[1]


def test_after_the_last_step_nothing_is_left_to_change(visit, toy):
    page = visit(toy, "#lr=0.05")
    page.locator("#from").click()
    expect(page, "#bar .remark", "First go to an earlier step")
    settled(page)
    assert not page.locator("#from").is_checked() and page.evaluate("state.from") is None
    page.keyboard.press("ArrowLeft")
    assert page.locator(".remark").count() == 0
    page.locator("#from").check()
    settled(page)
    assert page.locator("#from-label").inner_text() == "from step 60 on"


def test_a_schedule_is_told_in_a_few_words(visit, folder):
    xs, ys = mt.datasets.moons()
    model = mt.MLP(2, [4, 1], "tanh", "linear")
    options = {"reduction": "mean", "batch_size": 20, "steps": 60, "record": True}
    lr = mt.warmup_cosine(0.3, 60, 10)
    history = mt.train(model, xs, ys, loss=mt.hinge, lr=lr, **options)
    mt.report(history, folder / "schedule.html")
    page = visit(folder / "schedule.html", "#step=30")
    starts(page)
    assert page.locator("#from-label").inner_text() == "by the schedule"
    assert page.locator("#rate-number").input_value() == f"{history.lrs[30]:.3g}"
    low, high = min(history.lrs), max(history.lrs)
    expect(page, "#starts-told", f"starts at rates from {low:.3g} to {high:.3f}: no target loss")
    assert not page.locator("#curve .notch").get_attribute("d")
    assert "lr=" not in page.evaluate("fragmentOf()")
    page.keyboard.press("ArrowRight")
    settled(page)
    assert page.locator("#rate-number").input_value() == f"{history.lrs[31]:.3g}"
    page.evaluate("change({ out: 'tanh' }, true)")
    settled(page)
    assert page.locator("#from-label").inner_text() == "by the schedule"  # another network keeps it
    page.evaluate("change({ out: 'linear' }, true)")
    set_rate(page, 0.1)
    assert not page.locator("#from").is_checked()
    expect(page, "#compare-text", "Before, at rates from")


def test_two_outputs_that_are_no_classes_fit_the_list(visit, folder):
    model = mt.MLP(3, [4, 2], output_activation="linear")
    ys = [[1.0, 2.0], [0.0, 1.0], [-1.0, 0.5], [0.3, 0.4]]
    mt.report(mt.train(model, XS, ys, lr=0.02, steps=60, record=True), folder / "two.html")
    page = visit(folder / "two.html", "#lr=0.02&step=30")
    starts(page)
    assert page.locator("#bars-head").inner_text() == "output 0"
    assert page.evaluate("$('list').offsetWidth <= $('list').parentElement.clientWidth")


def test_where_rounding_decides_the_recorded_run_is_dotted(visit, toy):
    page = visit(toy, "#lr=0.05")
    starts(page)  # after which nothing is drawn anew
    assert page.locator("#curve .chaos *").count() == 0
    page.evaluate(
        "(agreed = { digits: 3, step: 20, losses: 62 }, page.recorded[0].losses ="
        " page.recorded[0].losses.map((x, k) => (k > 20 ? 1.4 * x : x)), changed())"
    )
    settled(page)
    dotted = page.locator("#curve .python").get_attribute("points").split()
    assert len(dotted) == 62 and dotted[:21] != dotted[-21:]
    told = page.locator("#curve .chaos text")
    assert "after step 20 rounding decides" in told.text_content()
    box, curve = told.bounding_box(), page.locator("#curve").bounding_box()
    assert curve["x"] < box["x"] and box["x"] + box["width"] < curve["x"] + curve["width"]
    expect(page, "#agreement", "it agrees up to step 20; from there on rounding decides")
    set_rate(page, 0.1)
    assert page.locator("#curve .chaos *").count() == 0  # nothing was recorded of that


def test_14_a_click_on_a_row_shows_its_activations(visit, toy):
    page = visit(toy, "#lr=0.05&step=7")
    lines = "[...document.querySelectorAll('#network .weight')].map((line) => line.dataset.value)"
    before = page.evaluate(lines)
    page.locator("#samples tr").nth(2).click()
    settled(page)
    assert page.evaluate(lines) == before and len(before) == 32
    history = trained()
    for p, x in zip(history.model.parameters(), history.recording.parameters[7]):
        p.data = x
    values = XS[2]
    for at, layer in enumerate(history.model.layers):
        output = layer(values)
        values = output if isinstance(output, list) else [output]
        for j, value in enumerate(values):
            node = page.locator(f"#network [data-layer='{at}'][data-neuron='{j}']")
            assert float(node.get_attribute("data-value")) == pytest.approx(value.data, abs=1e-12)


def test_what_is_said_of_batches_and_of_dead_neurons(visit, toy, folder):
    history = mt.train(batch_size=1, steps=100, target_loss=0.01, record=True)
    mt.report(history, folder / "batches.html")
    page = visit(folder / "batches.html", "#lr=0.05")
    end = history.steps
    expect(
        page, "#verdict", f"Stopped at step {end}: the loss of its batch alone was below 0.01, by"
    )
    expect(page, "#verdict", "that of all samples is 7.")
    expect(page, "#verdict", "yet 2 of 4 predictions are wrong")
    assert page.locator("#verdict").get_attribute("class") == "plain"
    assert starts(page) == [0]
    expect(page, "#starts-list", "stopped")
    expect(page, "#strip-4", "The loss of this batch is below 0.01")
    page = visit(toy, "#batch=1")
    expect(page, "#fresh", "Each dot of the curve is the loss of one sample, others at each step")
    assert page.locator("#curve .noise circle").count() == page.evaluate("run.head + 1")
    page = visit(toy, "#out=r")
    expect(page, "#network-legend", "off for every sample")
    assert page.locator("#network .node.dead").count() >= 1


def test_21_a_neuron_more(visit, toy):
    page = visit(toy)
    set_rate(page, 0.05)
    starts(page)
    page.locator("#change-open").click()
    page.locator("#change-layers [value=more]").first.click()
    starts(page)
    expect(page, "#summary", "a network of 49 numbers")
    assert page.locator("#network [data-layer='0']").count() == 5
    assert ghost(page) == 62 and page.evaluate("run.losses.length") != 62
    expect(page, "#starts-more", "41 \u2192 49 numbers")
    model = mt.MLP(3, [5, 4, 1])
    history = mt.train(model, XS, YS, lr=0.05, steps=100, target_loss=0.01)
    assert page.evaluate("run.losses") == pytest.approx(history.losses, rel=1e-9)
    page.go_back()
    until(page, "engine.size === 41")


def test_22_the_plane_follows_the_drag(visit, moons):
    page = visit(moons)
    assert page.locator("#plane").is_visible()
    page.keyboard.press("End")
    settled(page)
    boundary = page.locator("#points .boundary").get_attribute("d")
    drag(page, 0.3, moves=10)
    assert page.locator("#points .boundary").get_attribute("d") != boundary
    expect(page, "#fresh", "New points")
    page.locator("#sharpness-open").click()
    expect(page, "#sharpness-told", "no promise here")


class Decay(mt.Module):
    def __init__(self):
        self.start, self.speed = mt.Value(1.0), mt.Value(0.5)

    def __call__(self, x):
        value = self.speed * x[0]
        return self.start * (-value).exp() if value.data < 50 else self.start * 0.0


def test_23_a_model_of_ones_own_is_replayed(visit, folder):
    xs = [[0.25 * i] for i in range(12)]
    ys = [2.0 * 0.7**i for i in range(12)]
    runs = [
        mt.train(Decay(), xs, ys, lr=lr, steps=40, reduction="mean", record=True)
        for lr in (0.05, 0.2)
    ]
    path = folder / "own.html"
    mt.report(runs, path)
    page = visit(path)
    expect(page, "#notice", "Recorded, not live")
    assert page.locator("#change-open").is_hidden() and page.locator("#starts").is_hidden()
    set_rate(page, 0.1)
    assert page.locator("#rate-number").input_value() in ("0.05", "0.2")
    assert page.locator("#fit").is_visible()
    assert page.locator("#fit .fitted").get_attribute("points")
    for side in ("Width", "Height"):  # each is drawn for the room that it has
        drawn = f"$(id).viewBox.baseVal.{side.lower()} - $(id).client{side}"
        apart = page.evaluate(f"['fit', 'curve'].map((id) => {drawn})")
        assert apart == pytest.approx([0, 0], abs=1)


def test_of_a_long_recorded_run_the_nearest_kept_step_is_shown(visit, folder):
    def own(prediction, target):  # whose branch can't be written as JavaScript
        return (prediction - target) ** 2 if prediction.data < 9 else abs(prediction - target)

    xs = [[0.01 * k for k in range(50)]] * 2
    model = mt.MLP(50, [70, 1])
    history = mt.train(model, xs, [0.5] * 2, loss=own, steps=60, lr=1e-4, record=True)
    mt.report(history, folder / "long.html")
    page = visit(folder / "long.html")
    assert page.locator("#fresh").is_hidden()
    kept = page.evaluate("run.run.frames.map(({ step }) => step)")
    missing = next(k for k in range(60) if k not in kept)
    for _ in range(missing):
        page.keyboard.press("ArrowRight")
    settled(page)
    expect(page, "#fresh", f"Shown as it was at step {missing - 1}, the nearest that was kept.")


class Line(mt.Module):
    def __init__(self):
        self.w = [mt.Value(0.1) for _ in range(3)]

    def __call__(self, x):
        return mt.dot(self.w, x).tanh()


def test_a_model_of_ones_own_is_live(visit, folder):
    mt.report(mt.train(Line(), XS, YS, lr=0.1, steps=30, record=True), folder / "line.html")
    page = visit(folder / "line.html", viewport={"width": 1366, "height": 850})
    page.keyboard.press("n")
    page.keyboard.press("z")
    settled(page)
    assert "seed" not in page.evaluate("fragmentOf()")
    expect(page, "#note", "Lower here (loss 0, not 0.0251), and by accident")
    expect(page, "#agreement", "(with the reset; not this one)")
    drawn = page.evaluate(
        "(({ baseVal }, { width, height }) => [baseVal.width - width, baseVal.height - height])"
        "($('curve').viewBox, sizeOf($('curve')))"
    )
    assert drawn == pytest.approx([0, 0], abs=1)  # the note came before it
    lefts = {page.locator(card).bounding_box()["x"] for card in ("#predictions", "#note", "#strip")}
    assert len(lefts) == 1


def test_without_a_target_the_curve_goes_down_to_its_end(visit, folder):
    history = mt.train(mt.MLP(3, [1], "tanh", "linear"), XS, YS, lr=0.01, steps=900, record=True)
    assert history.losses[-1] < 1e-7 * history.losses[0]
    mt.report(history, folder / "deep.html")
    page = visit(folder / "deep.html", "#lr=0.01&step=899")
    settled(page)
    ends = "$('curve').querySelector('.past').points"
    end, bottom = page.evaluate(f"[[...{ends}].at(-1).y, sizeOf($('curve')).height - BOTTOM]")
    assert bottom - 20 < end < bottom


def test_24_on_a_phone(visit, toy):
    phone = {"width": 390, "height": 844}
    page = visit(toy, viewport=phone)
    starts(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    for control in ("#play", "#rate"):
        box = page.locator(control).bounding_box()
        assert box["y"] >= 844 - 160 and box["y"] + box["height"] <= 844
    dock = page.locator("#bar").bounding_box()["y"]
    for shown in ("#curve", "#samples"):
        box = page.locator(shown).bounding_box()
        assert box["y"] >= 0 and box["y"] + box["height"] <= dock
    small = page.evaluate(
        "[...document.querySelectorAll('button, select, #samples tr')].filter((e) => e.offsetWidth"
        " && e.offsetHeight < (e.matches('.seed') ? 32 : 44))"
        ".map((e) => e.id || e.outerHTML.slice(0, 60))"
    )
    assert small == []
    page = visit(toy, "#lr=0.1&step=0&view=neuron&part=30", viewport=phone)
    dock = page.locator("#bar").bounding_box()["y"]
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    for shown in ("#sentence", "#neuron", "#neuron [data-slot='u3.grad']"):
        box = page.locator(shown).bounding_box()
        assert box["y"] >= 0 and box["y"] + box["height"] <= dock


CONTRASTS = """() => {
  const parse = (text) => text.match(/[\\d.]+/g).map(Number);
  const linear = (c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
  const light = ([r, g, b]) =>
    0.2126 * linear(r / 255) + 0.7152 * linear(g / 255) + 0.0722 * linear(b / 255);
  const paper = (e) => {
    for (; e; e = e.parentElement) {
      const colour = parse(getComputedStyle(e).backgroundColor);
      if (colour.length === 3 || colour[3] > 0) return colour;
    }
    return [255, 255, 255];
  };
  const says = (e) => [...e.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
  const bad = [];
  for (const e of document.querySelectorAll("body *")) {
    const apart = e.closest("svg, dialog, script, .unseen, .waiting");
    if (!says(e) || apart || !e.offsetWidth) continue;
    const [a, b] = [light(parse(getComputedStyle(e).color)), light(paper(e))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) bad.push([e.outerHTML.slice(0, 80), ratio]);
  }
  return bad;
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("forced", ["none", "active"])
def test_25_keys_alone_calm_dark_and_forced_colours(visit, toy, scheme, forced):
    options = {"color_scheme": scheme, "forced_colors": forced, "reduced_motion": "reduce"}
    page = visit(toy, "#lr=0.2&step=0", **options)
    starts(page)
    assert position(page) == "step 0 of 7"
    assert page.evaluate(CONTRASTS) == []
    page.keyboard.press("Space")
    until(page, "!state.playing && head() === 7")
    assert page.locator("#samples .mark").all_inner_texts() == ["\u2713"] * 4
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "rate-number":
            break
    page.keyboard.press("Control+a")
    page.keyboard.type("0.3")
    page.keyboard.press("Enter")
    settled(page)
    expect(page, "#verdict", "Converged at step 8")
    page.keyboard.press("Enter")
    settled(page)
    assert page.locator("#sentence").inner_text().startswith("Sample 0 goes in")
    assert page.evaluate(CONTRASTS) == []


def test_25_it_prints(visit, toy):
    page = visit(toy, "#lr=0.1&step=0&view=neuron&part=30", color_scheme="dark")
    assert page.pdf()[:4] == b"%PDF"
    page.emulate_media(media="print")
    assert page.locator("#bar").is_hidden() and page.locator("#neuron").is_visible()
    assert page.locator("#all-parts li").count() == 41
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"


@pytest.mark.parametrize(
    "bad",
    [
        "#lr=abc&step=9999&net=<b>",
        "#seed=-1&part=0&view=all",
        "#data=nothing&batch=0&steps=0",
        "#<img src=x>=1&lr=0.05,3:-1",
    ],
)
def test_25_bad_links_are_told_in_a_line(visit, toy, bad):
    page = visit(toy, bad)
    assert position(page) == "step 0 of 61"
    assert page.locator("#rate-number").input_value() == "0.05"
    assert page.locator("#notice").is_visible()
    assert page.locator("#notice b, #notice img").count() == 0


BOXES = """(selector) => [...document.querySelectorAll(selector)].map((one) => {
  const { left, top, right, bottom } = one.getBoundingClientRect();
  return [left, top, right, bottom];
})"""


def boxes(page, selector):
    return page.evaluate(BOXES, selector)


def covers(one, other):
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


@pytest.mark.parametrize("width", [1280, 390])
def test_what_is_said_of_the_rate_does_not_cover_the_title(visit, toy, width):
    page = visit(toy, viewport={"width": width, "height": 844})
    page.locator("#change-open").click()
    page.locator("#change-data").select_option("moons")
    settled(page)
    (told,), (title,), (sheet,) = (
        boxes(page, f"#change{inside}") for inside in (" .remark", " h2", "")
    )
    words = page.evaluate("""() => {
      const range = document.createRange();
      range.selectNodeContents($("change-title"));
      return range.getBoundingClientRect().right;
    }""")
    assert not covers(told, [title[0], title[1], words, title[3]])
    assert sheet[0] < told[0] and sheet[1] < told[1] and told[2] < sheet[2] and told[3] < sheet[3]


@pytest.mark.parametrize("width", [1280, 390])
def test_headings_of_the_network_stand_apart(visit, moons, width):
    size = {"width": width, "height": 844}
    page = visit(moons, "#net=16r-16r-4r&lr=0.1", viewport=size)
    for heads in ("#network .heads text", "#where .heads text"):
        found = boxes(page, heads)
        assert len(found) > 4 and all(a[2] + 3 < b[0] for a, b in zip(found, found[1:]))
        page.evaluate("act(enterWalk)")
        settled(page)


def test_numbers_of_the_steps_are_whole(visit, toy):
    page = visit(toy, "#data=xor&lr=0.01&steps=10000")
    (chart,) = boxes(page, "#curve")
    shown = page.locator("#curve > text").all_text_contents()
    assert "10000" in shown
    for left, _, right, _ in boxes(page, "#curve > text"):
        assert chart[0] <= left and right <= chart[2]


def test_the_name_of_the_run_before_is_not_among_dots(visit, toy):
    page = visit(toy, "#lr=0.05")
    page.evaluate("change({ batch: 1 })")
    starts(page)
    (label,) = boxes(page, "#curve .ghost-label")
    dots = boxes(page, "#curve .noise circle")
    assert len(dots) == 100 and sum(covers(label, dot) for dot in dots) <= 5
    order = page.locator("#curve > *").evaluate_all("(all) => all.map((one) => one.classList[0])")
    assert order.index("noise") < order.index("ghost-label")  # which has a rim


def test_what_a_run_that_leaves_the_chart_came_to_is_said_with_its_step(visit, toy):
    page = visit(toy, "#out=l&lr=0.1")
    expect(page, "#curve .leaving", "4.9e84 at step 99")
    page = visit(toy, "#out=l&lr=0.1&steps=12")
    k = page.evaluate("run.losses.findIndex(curveScales(400, 300).outside)")
    assert k == page.evaluate("last()")
    expect(page, "#curve .leaving", f"at step {k}")


def test_the_name_of_the_run_before_is_not_on_the_target(visit, toy):
    page = visit(toy, "#lr=0.05", viewport={"width": 390, "height": 844})
    for rate in (0.08, 0.02, 0.01, 0.1, 0.03, 0.01):
        set_rate(page, rate)
        (label,), (target,) = boxes(page, "#curve .ghost-label"), boxes(page, "#curve .target")
        assert label[2] > label[0]
        assert not label[1] + 2 < target[1] < label[3] - 2, rate


def test_spikes_of_a_loss_with_kinks_are_explained(visit, toy, moons):
    page = visit(moons, "#lr=0.2")
    starts(page)
    assert page.locator("#kinks").inner_text() == (
        "It can spike where a step crosses a kink of relu or hinge: beyond it another slope holds."
    )
    for quiet in ("#lr=0.001", "#lr=0.2&batch=10", "#lr=0.2&hide=1"):
        page = visit(moons, quiet)
        settled(page)
        assert page.locator("#kinks").inner_text() == ""
    assert visit(toy, "#lr=0.3").locator("#kinks").inner_text() == ""  # it has none


@pytest.mark.parametrize("width", [1100, 1200, 1240])
def test_the_page_needs_no_scrolling_at_700_pixels(visit, toy, moons, width):
    for path in (toy, moons):
        page = visit(path, "#lr=0.05", viewport={"width": width, "height": 700})
        starts(page)
        assert page.evaluate("document.documentElement.scrollHeight") <= 700
        assert overflowing(page) == []


def test_on_a_phone_on_its_side_the_sentence_stays_in_sight(visit, toy):
    page = visit(toy, "#step=0&view=neuron&part=30", viewport={"width": 844, "height": 390})
    for _ in range(2):
        page.evaluate("scrollTo(0, 300)")
        (bar,), (sentence,) = boxes(page, "#bar"), boxes(page, "#sentence")
        assert bar[3] <= sentence[1] and sentence[3] < 220
        page.locator("#fold").click()  # and with the slider
    page.keyboard.press("ArrowLeft")
    settled(page)
    (now,), (sentence,) = boxes(page, "#neuron .box.now"), boxes(page, "#sentence")
    assert now[1] >= sentence[3] and now[3] <= 390


@pytest.mark.parametrize("width", [390, 1280])
def test_a_curve_that_leaves_the_chart_is_said_to_go_on(visit, toy, width):
    page = visit(toy, "#out=l&lr=0.1", viewport={"width": width, "height": 844})
    expect(page, "#curve .leaving", "goes on to 4.9e84 at step 99")
    (told,), (curve,) = boxes(page, "#curve .leaving text"), boxes(page, "#curve")
    assert curve[0] <= told[0] and told[2] <= curve[2]
    set_rate(page, 0.07)  # the run before is marked where it leaves
    assert page.locator("#curve .leaving .past-mark").count() == 1
    assert page.locator("#curve .leaving text").count() == 0


def test_of_each_row_of_starts_one_is_reached_by_tab(visit, toy):
    reached = """[...document.querySelectorAll("#starts-rows > div")]
      .map((row) => row.querySelectorAll("[tabindex='0']").length)"""
    for fragment in ("#seed=57&zero=0&lr=0.05", "#seed=3&zero=0&lr=0.05"):
        page = visit(toy, fragment)
        starts(page)
        assert page.evaluate(reached) == [1, 1]
    page = visit(toy, "#seed=57")
    page.keyboard.press("n")  # the next of the twenty is the first
    settled(page)
    assert page.evaluate("state.seed") == 0


def test_a_seed_that_is_a_text_is_not_added_to(visit, folder):
    path, seed = folder / "large.html", 12345678901234567890
    model = mt.MLP(3, [4, 4, 1], seed=seed)
    mt.report(mt.train(model, XS, YS, lr=0.05, seed=seed, record=True), path)
    page = visit(path)
    assert page.evaluate("state.seed") == str(seed)
    page.keyboard.press("n")
    settled(page)
    assert page.evaluate("state.seed") == 0


def test_a_run_of_one_step_can_be_played_without_motion(visit, toy):
    page = visit(toy, "#steps=1", reduced_motion="reduce")
    page.keyboard.press("Space")
    until(page, "!state.playing", seconds=4)
    assert position(page) == "step 0 of 0"


def test_a_step_that_is_too_short_to_see_is_not_put_on_the_gradient(visit, toy):
    page = visit(toy, "#lr=1e-9&step=0&view=neuron&part=39")
    expect(page, "#sentence", "The step is next to nothing, so w0_0_0 stays")


def test_after_a_click_the_keys_are_the_pages(visit, toy):
    page = visit(toy, "#lr=0.05&step=3")
    page.locator("#by-gradient").click()
    page.keyboard.press("Space")
    until(page, "state.playing")
    page.locator("#walk-open").click()
    page.locator("#phases button").nth(1).click()
    page.keyboard.press("Space")
    until(page, "state.playing && state.view !== 'run'")
    page.keyboard.press("Space")
    page.locator("#phases button").nth(1).focus()  # with Tab, it is the button's
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.textContent") == "2 Loss"


def test_the_verdict_does_not_say_that_a_loss_fell_which_rose(visit, moons):
    page = visit(moons, "#lr=1&batch=2&target=none")
    settled(page)
    first, end = page.evaluate("[run.fullLoss(0), run.fullLoss(last())]")
    assert end > first and page.evaluate("run.verdict().fate") == "descending"
    expect(
        page, "#verdict", "the losses of its batches fell; that of all samples went from 0.543 to"
    )
    page = visit(moons, "#lr=1e-9&batch=2&target=none")
    settled(page)
    if page.evaluate("run.verdict().fate") == "descending":
        expect(page, "#verdict", "the loss of all samples is still 0.543;")
    page = visit(moons, "#lr=1e-9&batch=3&view=neuron&step=4")
    page.keyboard.press("4")
    page.keyboard.press("End")
    expect(page, "#sentence", "That of all samples stays at 0.5435.")


def test_what_is_alike_is_not_called_lower(visit, moons):
    page = visit(moons, "#net=&lr=1e-9&zero=0")
    settled(page)
    expect(page, "#note-text", "With the reset: loss 0.")
    assert "Lower here" not in page.locator("#note-text").inner_text()


@pytest.mark.parametrize("fragment", ["#out=t&lr=10", "#net=4l&lr=100"])
def test_kinks_are_not_blamed_for_what_else_may_do_it(visit, moons, fragment):
    page = visit(moons, fragment)
    settled(page)
    assert page.evaluate("run.losses.some((loss, k) => k && loss > 1.1 * run.losses[k - 1])")
    assert page.locator("#kinks").inner_text() == ""


def test_where_the_output_cannot_reach_the_target_no_rate_is_advised(visit, toy):
    page = visit(toy, "#out=s&lr=0.05")
    starts(page)
    expect(page, "#starts-told", "none gets below 0.01: try another output")
    page = visit(toy, "#lr=0.001")
    starts(page)
    expect(page, "#starts-told", "none gets below 0.01: try another rate")


@pytest.mark.parametrize("width", [320, 360, 390])
@pytest.mark.parametrize(
    "fragment", ["#steps=1000&target=none&lr=0.01", "#step=0&view=neuron&part=30"]
)
def test_the_bar_fits_a_small_phone(visit, toy, width, fragment):
    page = visit(toy, fragment, viewport={"width": width, "height": 640}, has_touch=True)
    settled(page)
    shown = "#bar button, #bar input, #bar label, #bar select, #position-where"
    placed = [box for box in boxes(page, shown) if box[2] - box[0] > 1]
    assert len(placed) >= 5
    for one in placed:
        assert one[0] >= 0 and one[2] <= width
    around = boxes(page, "#forth, .speed, #fold, #position-where")
    for i, one in enumerate(around):
        assert not any(covers(one, other) for other in around[i + 1 :])
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.locator("#change-open").click()
    settled(page)
    assert page.evaluate("[$('change').scrollWidth - $('change').clientWidth]") == [0]
