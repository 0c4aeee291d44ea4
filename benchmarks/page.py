"""How many steps of training the live page makes in a frame of 16 ms, in Chromium.

    python benchmarks/page.py [--rounds N]

The page is opened as it is written, and its engine asked: the toy network as it was recorded, the
same put together of generated neurons, two networks on the moons (337 parameters, 100 samples), and
compiled Python on the same machine. Rounds alternate; shown are the best round and the median, as a
busy machine only ever makes them slower. Needs Chromium and `pip install playwright`.
"""

from __future__ import annotations

import argparse
import copy
import pathlib
import shutil
import statistics
import tempfile
import time

from playwright.sync_api import sync_playwright

import microtrain as mt

FRAME = 0.016  # seconds
CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)

# Runs for so many milliseconds, again and again from the start, and counts the steps.
COUNT = """([spec, lr, milliseconds]) => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const engine = makeEngine(data, spec || data.spec);
  const start = performance.now();
  let steps = 0;
  while (performance.now() - start < milliseconds) {
    const run = engine.start({ seed: 0, lr: [[0, lr]], steps: 2000, target: null });
    run.advance(milliseconds - (performance.now() - start));
    steps += run.losses.length;
  }
  return (steps / (performance.now() - start)) * 16;
}"""

TOY = {"data": "toy", "net": [{"n": 4, "activation": "tanh"}] * 2, "out": "tanh"}


def runs():
    """Return what is measured: a name, the run on the page, the one that Python repeats, the
    network asked for, the learning rate, the goal."""
    xs, ys = mt.datasets.moons()
    options = {"xs": xs, "ys": ys, "reduction": "mean", "steps": 50, "record": True}
    relu = mt.train(mt.MLP(2, [16, 16, 1], "relu", "linear"), loss=mt.hinge, **options)
    tanh = mt.train(mt.MLP(2, [16, 16, 1]), **options)
    toy = mt.train(steps=100, record=True)
    other = mt.train(mt.MLP(3, [2, 1]), *mt.datasets.toy(), steps=2, record=True)
    return [
        ("toy, as recorded", toy, toy, None, 0.01, 15_000),
        ("toy, of neurons", other, toy, TOY, 0.01, 8_000),
        ("moons, relu and hinge", relu, relu, None, 0.01, 100),
        ("moons, tanh", tanh, tanh, None, 0.01, 100),
    ]


def compiled(history, lr):
    """Return how many steps compiled Python makes in a frame, of the same training."""
    recording, steps = history.recording, 400
    start = time.perf_counter()
    mt.train(
        copy.deepcopy(history.model),
        *(recording.xs, recording.ys),
        loss=recording.loss,
        reduction=recording.reduction,
        lr=lr,
        steps=steps,
        engine="compiled",
    )
    return FRAME * steps / (time.perf_counter() - start)


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=9)
    rounds = parser.parse_args().rounds
    if CHROMIUM is None:
        raise SystemExit("there is no Chromium")
    folder = pathlib.Path(tempfile.mkdtemp())
    with sync_playwright() as running:
        browser = running.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        contestants = []
        for i, (name, history, same, spec, lr, goal) in enumerate(runs()):
            path = folder / f"{i}.html"
            mt.report(history, path)
            page = browser.new_page()
            page.goto(path.as_uri())
            page.wait_for_timeout(2000)
            contestants.append((name, same, spec, lr, goal, page, [], []))
        for _ in range(rounds):
            for _, history, spec, lr, _, page, found, python in contestants:
                found.append(page.evaluate(COUNT, [spec, lr, 160]))
                python.append(compiled(history, lr))
        browser.close()
    print(f"{'steps in 16 ms':<24}{'best':>9}{'median':>9}{'goal':>9}   times compiled Python")
    for name, _, _, _, goal, _, found, python in contestants:
        ratio = statistics.median(a / b for a, b in zip(found, python))
        print(f"{name:<24}{max(found):>9,.0f}{statistics.median(found):>9,.0f}{goal:>9,}", end="")
        print(f"{ratio:>14.1f}")


if __name__ == "__main__":
    main()
