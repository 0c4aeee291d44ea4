"""What the live page says: sums that come out by hand, words that fit what they stand beside."""

from __future__ import annotations

import math
import re

import pytest
from browser import expect, position, set_rate, settled, starts

import microtrain as mt

pytestmark = pytest.mark.slow  # a browser plays runs in real time

XS, YS = mt.datasets.toy()
MINUS = "\u2212"
RESULT = rf"({MINUS}?\d+(?:\.\d+)?(?:e{MINUS}?\d+)?)"
FIRST = rf"(?<![\w.])((?:tanh\(|sigmoid\(|relu\(|max\(0, )?[({MINUS}]*\d"
SUM = re.compile(rf"{FIRST}[\de.()²\u00d7+{MINUS} ]*) = {RESULT}")
FUNCTIONS = {
    "max": max,
    "tanh": math.tanh,
    "relu": lambda z: max(0, z),
    "sigmoid": lambda z: 1 / (1 + math.exp(-z)),
}


def by_hand(text):
    """Return what the sums in a text come to, with as many digits as their results, and these."""
    for told, result in SUM.findall(text):
        left, right = (
            x.replace("\u00d7", "*").replace("²", "**2").replace(MINUS, "-") for x in (told, result)
        )
        digits = len(re.sub(r"e.*|[-.]", "", right).lstrip("0")) or 1
        yield f"{told} = {result}", float(f"{eval(left, FUNCTIONS):.{digits}g}"), float(right)


def test_sums_are_found_in_texts():
    told = f"w: 0.5 {MINUS} 0.1 \u00d7 ({MINUS}2) = 0.7. ({MINUS}1.5 {MINUS} 1)² = 6.25, 1 + 2 = 4."
    assert [pair[1:] for pair in by_hand(told)] == [(0.7, 0.7), (6.25, 6.25), (3, 4)]


ALL = """() => {
  state.view === "run" && enterWalk();
  leaveWalk(), render();
  const told = [1, 2, 3, 4].map((i) => $(`strip-${i}`).textContent);
  enterWalk();
  parts().forEach((part, i) => {
    const sum = arithmetic(part, tracing());
    told.push(said(i + 1));
    if (sum) told.push(unmarked(`${sum[1]} ${sum[2]}`));
  });
  goToPart(Infinity), render();
  for (const product of document.querySelectorAll("#neuron [data-slot$='.product']"))
    told.push(product.parentNode.textContent);
  return told;
}"""


@pytest.mark.parametrize(
    ("data", "fragment", "least"),
    [
        *[("toy", f"#lr={lr}&step={k}", 20) for lr in (0.05, 0.1, 0.23) for k in (0, 1, 3)],
        ("toy", "#lr=1&step=40&param=w1_1_2", 8),
        ("toy", "#lr=0.05&zero=0&step=4&param=w0_2_1", 20),
        ("toy", "#lr=0.05&batch=2&step=3&param=w2_0_3", 20),
        ("toy", "#out=l&lr=0.07&step=7&net=8s-3r", 8),
        ("moons", "#lr=0.1&step=50", 15),
    ],
)
def test_sums_come_out_as_shown(visit, toy, moons, data, fragment, least):
    page = visit({"toy": toy, "moons": moons}[data], fragment)
    found = list(by_hand(" ; ".join(page.evaluate(ALL))))
    assert len(found) >= least
    assert [told for told, a, b in found if a != pytest.approx(b, rel=1e-9)] == []


def test_a_verdict_is_of_the_whole_run(visit, toy):
    page = visit(toy, "#lr=0.05&step=10")
    expect(page, "#verdict", "Converges at step 61: loss below 0.01.")
    page.keyboard.press("End")
    settled(page)
    expect(page, "#verdict", "Converged at step 61")
    page = visit(toy, "#lr=1&step=1")
    expect(page, "#verdict", "Gets stuck, not solved (saturated): the gradient vanishes at step 3")
    page = visit(toy, "#out=l&lr=0.1&step=2")
    expect(page, "#verdict", "Diverges at step 9: the loss grows to 4.94e84 by step 99.")
    page = visit(toy, "#steps=50&lr=0.05&step=7")
    expect(
        page,
        "#verdict",
        "Still descending at step 49: the loss falls from 7.73 to 0.0132; all 4 are right then.",
    )
    page = visit(toy, "#lr=0.05&target=1e-5")
    expect(page, "#verdict", "Still crawling at step 99: the loss is 0.00535; the target loss is")
    page = visit(toy, "#lr=0.2")
    expect(page, "#verdict", "though it rose in 1 of 7 steps")
    page = visit(toy, "#steps=1&lr=0.05")
    page.keyboard.press("Space")
    settled(page)
    expect(page, "#verdict", "There is one step only: one loss is too few to tell.")


def test_the_way_to_the_step_where_the_gradient_was_lost(visit, toy):
    history = mt.train(lr=1.0, steps=100, target_loss=0.01)
    lost = next(k for k in range(100) if max(history.grad_norms[k:]) < 0.01 * history.losses[k])
    page = visit(toy, "#lr=1")
    page.locator("#lost").click()
    settled(page)
    expect(page, "#breadcrumb", f"Step {lost}")
    expect(page, "#sentence", "One step ago its slope was 0.9055")
    assert page.evaluate("run.sampleLoss(head(), state.sample)") == pytest.approx(4, abs=1e-6)
    page.keyboard.press("End")
    settled(page)
    expect(page, "#sentence", "The loss stays at 8.000")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    settled(page)
    expect(page, "#sentence", "so w2_0_0 stays")


@pytest.mark.parametrize("out", ["t", "l"])
def test_samples_that_cancel_are_not_called_flat(visit, toy, out):
    page = visit(toy, f"#data=xor&net=&lr=0.1&out={out}")  # without a hidden layer, which it needs
    starts(page)
    slopes = page.evaluate("engine.flat(run.parameters(last()))")
    assert min(slopes[0]) > 0.9
    expect(page, "#verdict", "(saturated): nothing is flat, but from step 2")
    expect(page, "#verdict", "can hardly do better than 4.00; 1 of 4 is right.")
    expect(page, "#starts-told", "none gets below 0.01: try a larger network")
    page.get_by_text("See how the gradients cancel").click()
    settled(page)
    assert page.evaluate("engine.names[state.weight]") == "b0_0"
    said = page.locator("#sentence").inner_text()
    parts = page.evaluate("[...tracing().contributions(state.weight)]")
    assert abs(sum(parts)) < 0.01 * sum(map(abs, parts)) and min(map(abs, parts)) > 1
    assert "Each sample has its say" in said and said.endswith("They nearly cancel.")


def test_a_layer_that_is_off_is_blamed_though_the_samples_cancel_after_it(visit, toy):
    page = visit(toy, "#data=xor&net=1r&out=l&lr=0.05")
    expect(page, "#verdict", "(saturated): the gradient vanished at step 63")
    page.get_by_text("See where the gradient is lost").click()
    settled(page)
    expect(page, "#sentence", "The neuron is off: slope 0")


def test_what_forgetting_the_reset_gains_a_larger_rate_gains_too(visit, toy, moons):
    page = visit(toy, "#lr=0.05&zero=0")
    expect(page, "#note", "it gathers speed; only the flat ends of tanh stop it.")
    expect(page, "#note", "With the reset a larger rate does as well (0.2: converged at step 7)")
    assert mt.train(lr=0.2, steps=100, target_loss=0.01).steps == 7
    assert "momentum" not in page.locator("#note").inner_text()
    page = visit(toy, "#lr=0.003&zero=0")
    expect(page, "#note", "step 34")
    expect(page, "#note", "a larger rate helps too, if less (0.012: loss 0.0370 at step 99)")
    page = visit(toy, "#lr=0.2&zero=0")
    expect(page, "#note", "flat to the last digit: only what is left over still moves it.")
    page = visit(toy, "#lr=0.05&zero=0&out=l")
    expect(page, "#note", "Layer 0 ends flat to the last digit: every sample gets the same output")
    page = visit(moons, "#lr=0.1&zero=0")
    expect(page, "#note", "Lower here (loss 0.0441, not 0.0608), and by accident")
    expect(page, "#note", "a larger rate does as well (0.4: converged at step 82)")


def test_what_is_left_over_is_added_with_its_sign_and_blamed(visit, toy):
    page = visit(toy, "#lr=0.05&zero=0&step=8")
    expect(page, "#strip-3", "would fall by 0.001501 times that")
    expect(page, "#strip-3", f"left over: 0.9437 {MINUS} 0.0015 = 0.9422.")
    blame = "() => (enterWalk(), goToPart(Infinity), [said(41), tracing().total, run.losses])"
    page = visit(toy, "#lr=0.05&zero=0&step=6")
    told, total, losses = page.evaluate(blame)
    own = float(
        re.findall(r"up: without what was left over it would go down, to ([\d.]+)\.", told)[0]
    )
    assert own < total == losses[6] < losses[7]
    page = visit(toy, "#lr=0.3&step=0")
    for k in range(8):
        page.evaluate(f"(leaveWalk(), state.step = {k})")
        told, total, losses = page.evaluate(blame)
        assert ("the step was too long for this slope" in told) == (losses[k + 1] > total)


def test_the_strip_of_a_mini_batch_is_of_what_it_sees(visit, toy):
    page = visit(toy, "#batch=1&step=0")
    (seen,) = page.evaluate("[...run.batch(0)]")
    assert seen != page.evaluate("state.sample")
    expect(page, "#strip-1", f"Sample {seen}, which this step sees alone: it says")
    expect(page, "#strip-2", "This step sees no other sample.")
    assert page.evaluate("run.losses[0]") == page.evaluate(f"run.sampleLoss(0, {seen})")
    page.keyboard.press("Enter")
    expect(page, "#sentence", f"Sample {seen}, which this step sees alone, goes in: ")
    page = visit(toy, "#batch=2&step=3")
    expect(page, "#strip-1", "of the two that this step sees")
    both = page.evaluate("run.losses[3]")
    expect(page, "#strip-2", f"With the other one: {both:#.4g}.")


@pytest.mark.parametrize("size", [1, 2])
def test_a_mini_batch_shows_one_of_its_samples_everywhere(visit, toy, size):
    page = visit(toy, f"#batch={size}&step=0")
    for step in range(4):
        page.evaluate(f"act(() => {{ leaveWalk(); state.step = {step}; }})")
        settled(page)
        row = page.locator("#samples [aria-selected=true]")
        shown = int(row.get_attribute("data-sample"))
        seen = page.evaluate(f"[...run.batch({step})]")
        assert shown in seen and len(seen) == size
        expect(page, "#network-title", f"The network, for sample {shown}")
        expect(page, "#strip-1", f"Sample {shown}, ")
        unseen = page.locator("#samples [title]").evaluate_all("(rows) => rows.length")
        assert unseen == 4 - size
        page.locator("#samples [title]").first.click()
        settled(page)
        expect(page, "#predictions .remark", "This step does not see sample")
        assert (
            int(row.get_attribute("data-sample")) in seen
        )  # another may be chosen, but is not shown
        shown = int(row.get_attribute("data-sample"))
        page.keyboard.press("Enter")
        settled(page)
        assert page.locator(".remark").count() == 0
        expect(page, "#sentence", f"Sample {shown}, ")
        assert "largest" not in page.locator("#sentence").inner_text()


def test_the_loss_of_a_batch_and_that_of_all_samples_are_told_apart(visit, toy):
    page = visit(toy, "#batch=1&step=4&view=neuron&part=1")
    page.keyboard.press("End")
    settled(page)
    before, after = page.evaluate("[run.fullLoss(4), run.fullLoss(5)]")
    assert before < after
    expect(page, "#sentence", "The loss of this batch goes from ")
    told = f": down. That of all samples goes from {before:#.4g} to {after:#.4g}: up."
    expect(page, "#sentence", told)
    expect(page, "#small-told", f"{after:#.4g}")


def test_batches_that_the_page_chose_do_not_stop_at_one_batch(visit, toy):
    page = visit(toy, "#batch=1")
    starts(page)
    assert position(page) == "step 99 of 99"
    expect(
        page, "#verdict", "\u2198 Descending at step 99: the loss of all samples fell from 7.73 to"
    )
    expect(page, "#starts-told", "in batches there is no target loss")
    assert page.locator("#curve .target-label").count() == 0
    page.locator("#change-open").click()
    target = page.locator("#change-target")
    assert target.is_disabled() and target.input_value() == ""
    assert target.get_attribute("placeholder") == "none"
    page.locator("#change-batch").select_option("")
    starts(page)
    assert target.is_enabled() and target.input_value() == "0.01"
    expect(page, "#verdict", "Converged at step 61")
    page.locator("#change-batch").select_option("1")
    starts(page)
    page.locator("#change-close").click()
    page.keyboard.press("z")
    starts(page)
    assert "converge" not in page.locator("#starts-told").inner_text()


def test_the_walk_begins_where_there_is_something_to_learn(visit, moons):
    page = visit(moons, "#lr=0.1&step=99")
    assert page.evaluate("run.sampleLoss(99, state.sample)") == 0
    page.locator("#walk-open").click()
    settled(page)
    losses = page.evaluate("engine.set.xs.map((_, i) => run.sampleLoss(99, i))")
    assert page.evaluate("state.sample") == losses.index(max(losses))
    worst = page.evaluate("state.sample")
    why = f"Sample 0 has no loss: sample {worst}, which has the largest loss, goes in: "
    expect(page, "#sentence", why)
    page.keyboard.press("Escape")
    assert page.evaluate("state.sample") == 0  # which was chosen
    page.keyboard.press("Enter")
    settled(page)
    expect(page, "#sentence", why)
    told = page.evaluate("parts().map((_, i) => said(i + 1))")
    assert "Layer 1: all 16 neurons do the same" in " ".join(told)


def test_a_weight_changes_the_loss_that_is_a_mean_by_its_share(visit, toy):
    for fragment, loss in (
        ("#lr=0.05", "the loss of sample 0 would fall by {} times that."),
        ("#lr=0.05&mean=1", "the mean loss would fall by {} times that, through sample 0."),
    ):
        page = visit(toy, f"{fragment}&step=0&view=neuron&part=34")
        change = page.evaluate("""() => {
          const [a, b] = [-1e-6, 1e-6].map((by) => {
            const p = tracing().p.slice();
            p[0] += by;
            return engine.sampleLoss(p, 0) / (state.mean ? 4 : 1);
          });
          return (b - a) / 2e-6;
        }""")
        expect(page, "#sentence", loss.format(f"{-change:#.4g}"))


def test_what_is_left_over_stays_in_the_box_that_is_added_to(visit, toy):
    page = visit(toy, "#lr=0.05&zero=0&step=1&view=neuron&part=18")
    held = page.locator("#neuron [data-slot='w0.grad']")
    assert held.text_content() == "\u2190 0.09868"
    page.evaluate("(goToPart(34), render())")
    expect(page, "#sentence", f"left over: 0.09868 {MINUS} 0.02470 = 0.07398.")
    assert held.text_content() == "\u2190 0.07398"
    assert "0.07398" in page.locator("#code .values").first.text_content()
    page.evaluate("(goToPart(37), render())")  # the bias
    added = page.locator("#sentence").inner_text().split(" = ")[1].strip(".")
    assert page.locator("#neuron [data-slot='b.grad']").text_content() == f"\u2190 {added}"


def test_the_curve_of_the_walk_and_its_words_are_of_one_step(visit, toy):
    page = visit(toy, "#lr=0.05&step=0&view=neuron&part=40")
    expect(page, "#small-told", "at step 0 the loss is 7.730")
    page.keyboard.press("ArrowRight")
    settled(page)
    expect(page, "#small-told", "at step 1 the loss is 7.251")
    assert page.locator("#where").text_content().count("\u2190 1") == 0


def test_the_loss_of_all_is_what_is_shown_of_it(visit, toy):
    page = visit(toy, "#lr=0.05&step=0&view=neuron&part=17")
    expect(page, "#sentence", "the loss is 7.730")
    assert page.locator("#where .loss-node .value").text_content() == "7.73"
    assert page.locator("#code .values").text_content().strip() == ""
    page.keyboard.press("ArrowLeft")
    settled(page)
    assert page.locator("#where .loss-node .value").text_content() == "3.66"


def test_nearly_all_is_not_all(visit, toy):
    share = "said(parts().findIndex((part) => part.kind === 'B act') + 1)"
    page = visit(toy, "#mean=1&batch=2&out=s&net=4t&lr=0.05&step=0")
    expect(page, "#strip-2", "The mean of both: ")
    page = visit(toy, "#lr=0.05&view=neuron&part=1")
    told = page.evaluate(
        f"""engine.set.xs.flatMap((_, i) => engine.names.flatMap((_, w) => {{
          Object.assign(state, {{ sample: i, weight: w, part: 1 }});
          return tracing().layers[placeOf(w).l][placeOf(w).j].slope < 1 ? [{share}] : [];
        }}))"""
    )
    assert any("more than 99 %" in text for text in told)
    assert not any("100 %" in text for text in told)


def test_a_change_of_the_network_is_compared_at_the_same_rate_or_not_at_all(visit, toy):
    page = visit(toy, "#lr=0.05")
    starts(page)
    page.evaluate("change({ net: [...state.net, { n: 4, activation: 'tanh' }] }, true)")
    starts(page)
    half = "half of the starts by step"
    told = f"41 \u2192 61 numbers. Converged: {half} 68. Before: {half} 64."
    assert page.locator("#starts-more").inner_text() == told
    steps = sorted(
        history.steps if history.losses[-1] < 0.01 else 999
        for history in (
            mt.train(mt.MLP(3, [4, 4, 1], seed=seed), lr=0.05, steps=100, target_loss=0.01)
            for seed in range(20)
        )
    )
    assert steps[9] == 64
    set_rate(page, 0.1)
    starts(page)
    assert page.locator("#starts-more").inner_text() == ""


def test_the_gradient_is_called_so_where_it_is_met_first(visit, toy):
    page = visit(toy, "#lr=0.05&step=0")
    g = page.evaluate("run.gradients(0)[0]")
    told = f"would rise by {g:#.4g} times that: its gradient is {g:#.4g}."
    expect(page, "#strip-3", told)


def test_after_the_update_old_sums_are_called_so(visit, toy):
    for part, told in ((38, "of all samples"), (39, "before it"), (41, "before it")):
        page = visit(toy, f"#lr=0.05&step=0&view=neuron&part={part}")
        expect(page, "#neuron-hint", told)
        moved = page.locator("#neuron [data-slot='w0.value']").text_content().startswith("\u2192")
        assert moved == (part > 38)


def test_a_run_that_has_ended_makes_no_step(visit, toy):
    for step, told in ((60, "That was one step."), (61, "No step was made.")):
        page = visit(toy, f"#lr=0.05&step={step}&view=neuron&part=41")
        expect(page, "#end-told", told)


def test_nothing_tells_what_is_to_be_guessed(visit, toy):
    page = visit(toy, "#lr=0.05&hide=1&step=4")
    starts(page)
    assert page.locator("#agreement").inner_text() == ""
    page.keyboard.press("End")
    settled(page)
    expect(page, "#agreement", "all 62 losses")


def test_a_loss_that_fell_before_it_diverged_grew_again(visit, toy):
    page = visit(toy)
    told = """(losses) => toldVerdict({
      head: losses.length - 1, losses, status: "finished", config: run.config,
      fullLoss: (k) => losses[k], verdict: () => ({ fate: "diverged", rose: 3, of: 6 }),
    }, 0, 0)[1]"""
    assert page.evaluate(told, [5, 1, 0.5, 1, 2, 3]).startswith(": the loss grew again, to 3.00 by")
    assert page.evaluate(told, [5, 1, 0.5, 1, 2, 9]).startswith(": the loss grew to 9.00 by step 5")
