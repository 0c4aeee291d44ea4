"""Take the picture of the page that the README shows: docs/page.png.

    python docs/picture.py

It needs the extra `dev`, and Chromium.
"""

from __future__ import annotations

import pathlib
import sys
import tempfile

import microtrain as mt

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tests"))

from browser import chromium, starts  # noqa: E402

STEP = 6

with tempfile.TemporaryDirectory() as folder, chromium() as browser:
    path = pathlib.Path(folder, "page.html")
    mt.report(mt.train(steps=100, target_loss=0.01, record=True), path)
    page = browser.new_page(viewport={"width": 1280, "height": 700}, device_scale_factor=1.5)
    page.goto(path.as_uri())
    rate = page.locator("#rate-number")
    rate.fill("0.1")
    rate.press("Enter")
    rate.blur()
    page.keyboard.press("Home")
    for _ in range(STEP):
        page.keyboard.press("ArrowRight")
    starts(page)  # until they are computed
    page.screenshot(path=HERE / "page.png")
