"""The page to watch it learn: what it holds, and how it works in a browser."""

from __future__ import annotations

import json
import os
import re

import pytest
from browser import chromium

import microtrain as mt
from microtrain import MLP, Module, Value
from microtrain.cli import main
from microtrain.report.data import _chosen

XS, YS = mt.datasets.toy()


def data_of(path):
    """Return what a page holds for its script."""
    text = path.read_text(encoding="utf-8")
    (held,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', text)
    return json.loads(held, parse_constant=pytest.fail)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "page.html"


def close(x, digits=5):
    return pytest.approx(x, rel=10**-digits, abs=1e-30)


def test_everything_on_the_page_is_what_the_library_computed(path):
    history = mt.train(steps=200, target_loss=0.01, lr=0.1, record=True, track_sharpness=7)
    final = [p.data for p in history.model.parameters()]
    mt.report(history, path)
    assert [p.data for p in history.model.parameters()] == final
    data = data_of(path)
    (run,) = data["runs"]
    assert (run["label"], run["verdict"], run["forgot"]) == ("0.1", "converged", False)
    assert run["steps"] == list(range(len(history.losses)))
    assert run["losses"] == [close(x) for x in history.losses]
    assert run["edge"] == [[k, close(0.1 * s, 3)] for k, s in history.sharpness.items()]
    model = MLP(3, [4, 4, 1])
    xs, ys = mt.datasets.toy()
    for k in range(len(history.losses)):
        assert run["predictions"][k] == [close(p, 8) for p in model.predict(xs)]
        losses = [mt.squared_error(model(x), y) for x, y in zip(xs, ys)]
        assert run["sampleLosses"][k] == [close(loss.data) for loss in losses]
        assert run["fits"][k] == [p * y > 0 for p, y in zip(model.predict(xs), ys)]
        model.zero_grad()
        sum(losses).backward()
        values = model.parameters()
        assert run["parameters"][k] == [close(p.data) for p in values]
        assert run["gradients"][k] == [close(p.grad) for p in values]
        assert run["moves"][k] == [close(0.1 * p.grad) for p in values]
        for p in values:
            p.data -= 0.1 * p.grad
    assert run["predictions"][-1] == [close(p, 8) for p in history.model.predict(xs)]
    network = data["network"]
    assert network["inputs"] == 3 and network["activations"] == ["tanh"] * 3
    places = [n["weights"] + [n["bias"]] for layer in network["layers"] for n in layer]
    assert sorted(place for neuron in places for place in neuron) == list(range(41))
    for (layer, j), neuron in zip(
        [(i, j) for i, size in enumerate((4, 4, 1)) for j in range(size)], places
    ):
        assert data["names"][neuron[0]] == f"w{layer}_{j}_0"
        assert data["names"][neuron[-1]] == f"b{layer}_{j}"


@pytest.mark.slow
def test_long_runs_are_thinned_and_keep_their_ends(path):
    for n, frames in ((5, 12), (12, 12), (13, 12), (1000, 12), (1000, 400), (401, 400)):
        steps = _chosen(n, frames)
        assert steps[0] == 0 and steps[-1] == n - 1
        assert steps == sorted(set(steps)) and len(steps) <= frames
        assert n > frames or len(steps) == n
    xs, ys = mt.datasets.moons(30)
    runs = [
        mt.train(
            MLP(2, [16, 16, 1], "relu", "linear"),
            *(xs, ys),
            lr=lr,
            steps=150,
            loss=mt.hinge,
            reduction="mean",
            record=True,
        )
        for lr in (0.05, 0.1)
    ]
    mt.report(runs, path)
    assert path.stat().st_size < 2_000_000
    run = data_of(path)["runs"][0]
    assert len(run["steps"]) < 150 and run["steps"][-1] == 149
    recorded = [*runs[0].recording.parameters, [p.data for p in runs[0].model.parameters()]]
    for i, k in enumerate(run["steps"]):
        following = run["after"].get(str(i)) or run["parameters"][i + 1]
        assert following == [close(x, 4) for x in recorded[k + 1]]


def test_the_field_is_the_prediction_over_the_plane(path):
    import base64

    class Sum(Module):
        def __init__(self):
            self.w, self.b = Value(1.0), Value(0.0)

        def __call__(self, x):
            return self.w * x[0] + self.b

    xs, ys = [[-1.0, 0.0], [1.0, 2.0]], [-1.0, 1.0]
    mt.report(mt.train(Sum(), xs, ys, steps=2, lr=1e-9, record=True), path)
    data = data_of(path)
    assert data["network"] is None and data["names"] == ["w", "b"]
    grid = data["grid"]
    rows = base64.b64decode(data["runs"][0]["fields"][0])
    assert len(rows) == grid["columns"] * grid["rows"]
    first = rows[: grid["columns"]]
    assert list(first) == sorted(first) and first[0] < 128 <= first[-1]
    assert sum(value < 128 for value in first) == pytest.approx(grid["columns"] / 2, abs=1)
    assert grid["across"][0] < -1 and grid["across"][1] > 1


def test_models_that_can_not_be_compiled_or_computed_have_no_field(path):
    class Branching(Module):
        def __init__(self):
            self.w = Value(0.5)

        def __call__(self, x):
            return (self.w * x[0]).exp() if self.w > 0 else self.w * x[1]

    xs, ys = [[1.0, 0.0], [800.0, 1.0]], [0.5, 0.25]
    history = mt.train(Branching(), xs[:1], ys[:1], steps=3, record=True)
    mt.report(history, path)
    assert data_of(path)["runs"][0]["fields"] == [] and data_of(path)["grid"] is None

    class Steep(Module):
        def __init__(self):
            self.w = Value(500.0)

        def __call__(self, x):
            return (self.w * x[0]).exp() + x[1]

    history = mt.train(Steep(), [[1.0, 0.0], [1.5, 1.0]], [0.0, 1.0], steps=3, record=True)
    assert history.status == "diverged"
    mt.report(history, path)
    (run,) = data_of(path)["runs"]
    assert run["predictions"][0][1] is None and run["fits"][0][1] is None


def test_classes_and_several_outputs(path):
    xs, ys = [[0.1, 0.2], [0.3, -2.0], [1.0, 1.0]], [0, 2, 1]
    model = MLP(2, [3], output_activation="linear")
    mt.report(mt.train(model, xs, ys, loss=mt.cross_entropy, record=True), path)
    data = data_of(path)
    assert data["grid"] is None and data["loss"] == "cross entropy"
    run = data["runs"][0]
    for prediction, y, fits in zip(run["predictions"][-1], ys, run["fits"][-1]):
        assert fits == (prediction.index(max(prediction)) == y)
    assert all(len(p) == 3 for p in data["runs"][0]["predictions"][0])
    two = MLP(2, [2])
    mt.report(mt.train(two, xs[:1], [[0.5, 0.25]], record=True), path)
    assert data_of(path)["runs"][0]["fits"][0] == [None]


def test_all_kinds_of_runs(path):
    found = mt.sweep((0.01, 0.1), seeds=(0, 1), steps=20, record=True)
    mt.report(found, path)
    labels = [run["label"] for run in data_of(path)["runs"]]
    assert labels == ["0.01, seed 0", "0.01, seed 1", "0.1, seed 0", "0.1, seed 1"]
    mt.report(mt.sweep((0.01, 0.1), steps=20, record=True), path)
    assert [run["label"] for run in data_of(path)["runs"]] == ["0.01", "0.1"]
    both = [mt.train(record=True, zero_grad=z) for z in (True, False)]
    mt.report(both, path)
    assert [run["forgot"] for run in data_of(path)["runs"]] == [False, True]
    schedule = mt.train(lr=mt.warmup_cosine(0.2, 20, 4), record=True)
    mt.report([schedule], path)
    assert data_of(path)["runs"][0]["label"] == "0.00192 to 0.2"
    one_step = mt.train(steps=1, record=True)
    mt.report({"short": one_step}, path)
    assert data_of(path)["runs"][0]["verdict"] == "begun"


def test_no_text_comes_in_unescaped(path):
    bad = '</script><script>alert(1)</script>"<b>&'
    mt.report({bad: mt.train(record=True)}, path, title=bad)
    text = path.read_text(encoding="utf-8")
    assert "<script>alert" not in text and "<b>" not in text
    assert text.count("<script") == 2 and text.count("</script>") == 2
    assert data_of(path)["runs"][0]["label"] == bad


def test_what_is_refused(path):
    recorded = mt.train(record=True)
    other = mt.train(MLP(3, [2, 1]), XS, YS, record=True)
    elsewhere = mt.train(MLP(3, [4, 4, 1]), XS[:2], YS[:2], lr=0.1, record=True)
    for runs, error, message in (
        (mt.train(), ValueError, "no recording: train .* with record=True"),
        ([], ValueError, "at least one run"),
        (5, TypeError, "runs expects a list of histories, or a sweep, got int 5"),
        ("runs", TypeError, "runs expects a list of histories, or a sweep, got str"),
        ([recorded, recorded], ValueError, "0.05 twice: give it a dict"),
        ({"a": recorded, "b": other}, ValueError, "the run b is of another architecture"),
        ([recorded, elsewhere], ValueError, "the run 0.1 is on other data"),
    ):
        with pytest.raises(error, match=message):
            mt.report(runs, path)
    with pytest.raises(TypeError, match="title expects a str"):
        mt.report(recorded, path, title=5)
    with pytest.raises(TypeError):
        mt.report(recorded, 1)
    assert not path.exists()


def test_targets_of_classes_and_of_none(path):
    def fits(ys, activation="linear"):
        xs = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0]]
        model = MLP(2, [3, 1], output_activation=activation)
        mt.report(mt.train(model, xs, ys, steps=1, record=True), path)
        data = data_of(path)
        (run,) = data["runs"]
        return data["level"], run["fits"][0], run["predictions"][0]

    level, marks, predictions = fits([-1.0, 1.0, 1])
    assert level == 0.0 and marks == [p * y > 0 for p, y in zip(predictions, (-1, 1, 1))]
    level, marks, predictions = fits([0.0, 1.0, 0], "sigmoid")
    assert level == 0.5 and marks == [(p > 0.5) == y for p, y in zip(predictions, (0, 1, 0))]
    assert fits([-1.0, 0.0, 1.0])[:2] == (None, [None] * 3)
    assert fits([0.3, 1.0, 1.0])[:2] == (None, [None] * 3)


def test_numbers_that_are_not_finite_and_texts_that_are_not_utf8(path):
    model = MLP(3, [4, 1], output_activation="linear")
    history = mt.train(model, [[1e300] * 3], [-1e300], steps=3, lr=1e9, record=True)
    assert history.status == "diverged"
    mt.report({"": history}, path, title="a\udcff")
    data = data_of(path)
    assert data["runs"][0]["losses"] == [None] and data["runs"][0]["label"] == "run"
    history = mt.train(MLP(2, [1]), [[1e308, -1e308]], [1.0], steps=2, record=True)
    mt.report(history, path)
    assert data_of(path)["grid"] is None

    def odd(prediction, target):
        return prediction if target == "cat" else -prediction

    history = mt.train(MLP(3, [1]), XS[:2], ["cat", ("dog", 1)], loss=odd, steps=2, record=True)
    mt.report(history, path)
    assert data_of(path)["ys"] == ["cat", ["dog", 1.0]] and data_of(path)["loss"] == "odd"
    history = mt.train(loss=lambda p, y: p * p - y, steps=2, record=True)
    mt.report(history, path)
    assert data_of(path)["loss"] == "loss"


def test_rates_that_look_alike_keep_their_digits(path):
    mt.report([mt.train(lr=lr, record=True) for lr in (0.1234567, 0.1234568)], path)
    assert [run["label"] for run in data_of(path)["runs"]] == ["0.1234567", "0.1234568"]


# The command.


def test_the_command_writes_the_page(path, capsys):
    assert main(["report", str(path), "--steps", "30", "--lrs", "0.05", "0.2", "--seed", "3"]) == 0
    assert f"{path}: 4 runs, " in capsys.readouterr().out
    runs = data_of(path)["runs"]
    assert [(run["label"], run["forgot"]) for run in runs] == [
        *(("0.05", False), ("0.05", True), ("0.2", False), ("0.2", True))
    ]
    expected = mt.train(seed=3, lr=0.2, steps=30, target_loss=0.01)
    assert runs[2]["losses"] == [close(x) for x in expected.losses]


def test_the_default_page_is_small_enough(path, capsys):
    assert main(["report", str(path)]) == 0
    assert path.stat().st_size < 2_000_000
    data = data_of(path)
    assert len(data["runs"]) == 8
    assert data["runs"][data["first"]]["verdict"] == "converged"
    for run in data["runs"]:
        assert run["steps"] == list(range(len(run["losses"])))  # every step can be seen


def test_the_command_and_other_data(path, capsys):
    options = ["--steps", "20", "--hidden", "3", "--title", "Two moons", "--target-loss", "0"]
    assert main(["report", str(path), "--data", "moons", "--lrs", "0.1", *options]) == 0
    data = data_of(path)
    assert data["loss"] == "hinge" and data["grid"] and len(data["names"]) == 13
    assert "<title>Two moons</title>" in path.read_text(encoding="utf-8")
    assert main(["report", str(path), "--data", "xor", "--steps", "9"]) == 0
    assert len(data_of(path)["runs"]) == 6


def test_the_command_and_its_errors(path, capsys, monkeypatch):
    assert main(["report", str(path), "--steps", "0"]) == 2
    err = capsys.readouterr().err
    assert err == "microtrain report: --steps expects an int of at least 1, got 0\n"
    assert main(["report", str(path.parent / "missing" / "page.html"), "--steps", "5"]) == 1
    assert "missing: there is no such folder" in capsys.readouterr().err
    assert main(["report", str(path.parent), "--steps", "5"]) == 1
    assert "a folder can't be replaced by a file" in capsys.readouterr().err
    if os.path.exists("/dev/full"):
        assert main(["report", "/dev/full", "--steps", "5"]) == 1
        assert main(["report", "/dev/null", "--steps", "5"]) == 0
        assert capsys.readouterr().out == ""

    def interrupted(*args, **options):
        history = mt.train(steps=1)
        history.status = "interrupted"
        return history

    monkeypatch.setattr("microtrain.cli.report.train", interrupted)
    assert main(["report", str(path)]) == 130
    assert not path.exists()


# In a browser.


@pytest.fixture(scope="module")
def browser():
    with chromium() as launched:
        yield launched


@pytest.fixture
def open_page(browser):
    """Return a function that opens a page from disk, and fails if it complains or asks for more."""
    contexts, troubles, opened_pages, requests = [], [], [], []

    def opened(path, **options):
        context = browser.new_context(**options)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: troubles.append(message.text))
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("request", lambda request: requests.append(request.url))
        opened_pages.append(path.as_uri())
        page.goto(path.as_uri())
        return page

    yield opened
    for context in contexts:
        context.close()
    assert troubles == [] and requests == opened_pages


@pytest.fixture(scope="module")
def toy(tmp_path_factory):
    """A page with two rates, each with and without the reset, and the first of its models."""
    path = tmp_path_factory.mktemp("page") / "toy.html"
    runs = [
        mt.train(lr=lr, steps=25, target_loss=0.01, zero_grad=z, record=True, track_sharpness=3)
        for lr in (0.1, 1.0)
        for z in (True, False)
    ]
    mt.report(runs, path)
    return path, runs


def numbers(page, selector):
    """Return the numbers that an element shows."""
    text = page.locator(selector).inner_text().replace("\u2212", "-")
    return [float(x) for x in re.findall(r"-?\d+(?:\.\d+)?(?:e-?\d+)?", text)]


def set_step(page, frame):
    page.locator("#step").evaluate(
        "(slider, frame) => { slider.value = frame; slider.dispatchEvent(new Event('input')); }",
        frame,
    )


def test_the_slider_moves_the_numbers(open_page, toy):
    path, runs = toy
    page, history = open_page(path), runs[0]
    page.get_by_role("radio", name="0.1", exact=True).check()
    page.locator("#parameter").select_option(label="w1_2_3")
    place = data_of(path)["names"].index("w1_2_3")
    recording = history.recording
    for k in (0, 3, 20):
        set_step(page, k)
        assert page.locator("#position").inner_text() == f"step {k} of 24"
        value, gradient = recording.parameters[k][place], recording.gradients[k][place]
        assert numbers(page, "#loss")[-1] == close(history.losses[k], 4)
        assert numbers(page, "#backward")[-2:] == [
            *(close(gradient, 3), close(history.grad_norms[k], 3))
        ]
        shown = numbers(page, "#update")
        after = recording.parameters[k + 1][place]
        assert shown[3:6] == [close(value, 5), 0.1, close(gradient, 3)]
        assert shown[7:9] == [close(0.1 * gradient, 3), close(after, 5)]
    before = page.locator("#net").inner_html()
    page.locator("#gradients").check()
    assert page.locator("#net").inner_html() != before
    page.locator("#net circle.bias").first.click()
    assert "b0_0" in page.locator("#update").inner_text()
    page.locator("#net .reach").first.click(force=True)
    assert page.locator("#parameter").input_value() == "0"


@pytest.mark.slow
def test_play_runs_to_the_end_and_shows_the_final_predictions(open_page, toy):
    path, runs = toy
    from playwright.sync_api import expect

    page, history = open_page(path), runs[0]
    page.get_by_role("radio", name="0.1", exact=True).check()
    page.locator("#play").click()
    assert page.locator("#play").inner_text() == "Pause"
    expect(page.locator("#play")).to_have_text("Play", timeout=30_000)
    assert page.locator("#position").inner_text() == "step 24 of 24"
    model = MLP(3, [4, 4, 1])
    for p, x in zip(model.parameters(), history.recording.parameters[-1]):
        p.data = x
    cells = page.locator("#samples td.prediction").all_inner_texts()
    shown = [float(cell.split()[0].replace("\u2212", "-")) for cell in cells]
    assert shown == [close(p, 3) for p in model.predict(XS)]
    page.locator("#play").click()  # from the start again
    expect(page.locator("#position")).to_have_text(re.compile(r"step [1-9]\d* of 24"))
    page.locator("#play").click()
    assert page.locator("#play").inner_text() == "Play"


def test_a_converged_run_ends_with_the_models_own_predictions(open_page, path):
    history = mt.train(steps=200, target_loss=0.01, record=True)
    mt.report(history, path)
    page = open_page(path)
    set_step(page, len(history.losses) - 1)
    cells = page.locator("#samples td.prediction").all_inner_texts()
    shown = [float(cell.split()[0].replace("\u2212", "-")) for cell in cells]
    assert shown == [close(p, 3) for p in history.model.predict(XS)]
    assert "no update is made" in page.locator("#update").inner_text()
    assert page.locator("#forgetting").is_hidden() and page.locator("#stability").is_hidden()


def test_runs_are_chosen_overlaid_and_forgotten(open_page, toy):
    path, runs = toy
    page = open_page(path)
    page.get_by_role("radio", name="0.1", exact=True).check()
    assert page.locator("#curve .curve").count() == 2
    page.locator("#runs input").nth(2).uncheck()
    assert page.locator("#curve .curve").count() == 1
    set_step(page, 10)
    with_reset = numbers(page, "#loss")[-1]
    page.locator("#forgot").check()
    assert page.locator("#curve .curve").count() == 2
    assert (
        page.locator("#position")
        .inner_text()
        .startswith(f"step {min(10, len(runs[1].losses) - 1)} ")
    )
    assert numbers(page, "#loss")[-1] == close(runs[1].losses[min(10, len(runs[1].losses) - 1)], 4)
    assert numbers(page, "#loss")[-1] != with_reset
    assert "Nobody reset the gradients" in page.locator("#backward").inner_text()
    page.get_by_role("radio", name="1", exact=True).check()
    assert page.locator("#forgot").is_checked()
    assert "1, zero_grad() forgotten" in page.locator("#runs tr.current").inner_text()
    assert "2" in page.locator("#edge").text_content()


def test_it_works_with_the_keyboard_alone(open_page, toy):
    page = open_page(toy[0])
    seen = []
    for _ in range(14):
        page.keyboard.press("Tab")
        seen.append(page.evaluate("document.activeElement.id || document.activeElement.name"))
    assert {"play", "back", "forth", "step", "rate", "forgot", "parameter", "sample"} <= set(seen)
    page.locator("#step").focus()
    page.keyboard.press("Home")
    assert page.locator("#position").inner_text().startswith("step 0 ")
    page.keyboard.press("ArrowRight")
    assert page.locator("#position").inner_text().startswith("step 1 ")
    page.locator("#back").focus()
    page.keyboard.press("Enter")
    assert page.locator("#position").inner_text().startswith("step 0 ")
    assert "step 0 of" in page.locator("#step").get_attribute("aria-valuetext")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1280])
def test_it_fits_any_width_and_every_picture_has_words(open_page, toy, width, scheme):
    page = open_page(toy[0], viewport={"width": width, "height": 700}, color_scheme=scheme)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for picture in ("#net", "#curve", "#edge"):
        assert page.locator(picture).get_attribute("role") == "img"
        assert "step" in page.locator(picture).get_attribute("aria-label")
    colours = page.evaluate(
        "['color', 'backgroundColor'].map((name) => getComputedStyle(document.body)[name])"
    )
    ink, paper = (sum(map(int, re.findall(r"\d+", c)[:3])) for c in colours)
    assert (ink < paper) == (scheme == "light") and abs(ink - paper) > 400


def test_a_link_to_a_step(browser, toy):
    from playwright.sync_api import expect

    page = browser.new_page()
    page.goto(f"{toy[0].as_uri()}#step=7")
    assert page.locator("#position").inner_text().startswith("step 7 ")
    page.goto(f"{toy[0].as_uri()}#step=3")
    expect(page.locator("#position")).to_have_text(re.compile("step 3 of"))
    page.close()


def test_labels_are_shown_as_text(open_page, path):
    bad = "<script>alert(1)</script>"
    mt.report({bad: mt.train(record=True)}, path, title=bad)
    page = open_page(path)
    assert page.locator("h1").inner_text() == bad
    assert bad in page.locator("#choice").inner_text()
    assert bad in page.locator("#runs").inner_text()


def test_the_boundary_moves(open_page, path):
    xs, ys = mt.datasets.moons(20)
    model = MLP(2, [4, 1], "relu", "linear")
    history = mt.train(
        model, xs, ys, lr=0.2, steps=20, loss=mt.hinge, reduction="mean", record=True
    )
    mt.report(history, path)
    page = open_page(path)
    lines = []
    for k in (0, 19):
        set_step(page, k)
        lines.append(page.locator("#points path").get_attribute("d"))
        wrong = page.locator("#samples td.wrong").count()
        assert f"{20 - wrong} of 20 samples" in page.locator("#points").get_attribute("aria-label")
    assert lines[0] != lines[1] and len(lines[1]) > 100
    page.locator("#points rect").first.click()
    assert page.locator("#samples tr.current").count() == 1


def test_the_words_are_true_of_every_kind_of_run(open_page, path):
    def words(frame=0, **options):
        arguments = {"record": True, "steps": 6, **options}
        history = mt.train(**arguments)
        mt.report(history, path)
        page = open_page(path)
        set_step(page, len(history.losses) - 1 if frame < 0 else frame)
        return page, history

    page, history = words(batch_size=1)
    assert "of the samples in this step's mini-batches it is" in page.locator("#loss").inner_text()
    assert numbers(page, "#loss")[0] == close(history.losses[0], 4)
    page, history = words(reduction="mean")
    assert numbers(page, "#loss")[-2:] == [4, close(history.losses[0], 4)]
    xs, ys = mt.datasets.moons(10)
    page, history = words(model=MLP(2, [2, 1]), xs=xs, ys=ys)
    assert "the sum over 10 samples is" in page.locator("#loss").inner_text()

    def stop(history):
        if history.steps == 4:
            raise KeyboardInterrupt

    page, history = words(-1, on_step=stop)
    assert "no update" not in page.locator("#update").inner_text()
    assert numbers(page, "#update")[-1] == close(history.model.parameters()[0].data, 5)
    blown = MLP(1, [1], output_activation="linear")
    page, history = words(-1, model=blown, xs=[[1.0]], ys=[0.0], lr=1e200)
    assert "no longer a finite number: no update is made" in page.locator("#update").inner_text()
    assert "not finite" in page.locator("#loss").inner_text()


def test_axes_fit_what_is_shown(open_page, path):
    def labels(losses, others=()):
        runs = {}
        for name, values in (("shown", losses), *(("other", o) for o in others)):
            history = mt.train(steps=len(values), record=True)
            history.losses[:] = values
            runs[name] = history
        mt.report(runs, path)
        page = open_page(path)
        page.get_by_role("radio", name="shown").check()
        return page, [node.text_content() for node in page.locator("#curve text").all()]

    page, texts = labels([3.6, 3.5, 3.3, 3.1])
    assert {"3.2", "3.4", "3.6"} <= set(texts) or {"3.5"} <= set(texts)
    page, texts = labels([2.0, 0.0, -2.0])
    assert {"0", "\u22122", "2"} <= set(texts)
    assert len(page.locator("#curve polyline").get_attribute("points").split()) == 3
    page, texts = labels([1.0, 1e-30, 1e-31], [[1.0, 1e80, 1e300]])
    assert not any("e+" in text for text in texts)
    page, texts = labels([5.0] * 4)
    assert "5" in texts
    page.locator("#runs input").first.uncheck()
    assert page.locator("#curve circle").count() == 0


def test_long_words_do_not_widen_the_page(open_page, path):
    runs = {"W" * 200 + str(i): mt.train(steps=3, record=True) for i in range(9)}
    mt.report(runs, path, title="W" * 200)
    page = open_page(path, viewport={"width": 320, "height": 640})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    assert page.locator("#controls").bounding_box()["height"] < 320


def test_left_out_steps_are_told(open_page, path):
    mt.report(mt.train(steps=1500, target_loss=None, record=True), path)
    page = open_page(path)
    assert (
        "Of up to 1500 steps of a run, up to 400 are shown" in page.locator("#thinned").inner_text()
    )


def test_it_prints_and_says_something_without_scripts(browser, open_page, toy):
    page = open_page(toy[0])
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    assert page.locator("#play").is_hidden() and page.locator("#runs").is_visible()
    page = open_page(toy[0], java_script_enabled=False)
    assert "need JavaScript" in page.locator("noscript").inner_text()
    assert "forgotten" in page.locator("#runs").inner_text()
