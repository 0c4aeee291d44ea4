"""Chromium without a screen, for the tests of pages, and what they do there."""

from __future__ import annotations

import contextlib
import shutil

import pytest

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)


@contextlib.contextmanager
def chromium():
    """Start the browser; a test that asks for it is skipped where there is none."""
    playwright = pytest.importorskip("playwright.sync_api")
    if CHROMIUM is None:
        pytest.skip("there is no Chromium")
    with playwright.sync_playwright() as running:
        launched = running.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield launched
        launched.close()


def expect(page, selector, text):
    """Wait until the element's text contains this, or matches it."""
    from playwright.sync_api import expect as expecting

    expecting(page.locator(selector)).to_contain_text(text)


def until(page, condition, seconds=20):
    """Wait until this is true in the page, whose policy forbids to evaluate texts."""
    fulfilled = page.evaluate(
        f"""new Promise((done) => {{
          const end = performance.now() + {1000 * seconds};
          const look = () => {{
            if ({condition}) done(true);
            else if (performance.now() > end) done(false);
            else requestAnimationFrame(look);
          }};
          look();
        }})"""
    )
    assert fulfilled, condition


def position(page):
    return page.locator("#position").inner_text()


def set_rate(page, rate):
    page.locator("#rate-number").fill(str(rate))
    page.locator("#rate-number").press("Enter")
    settled(page)


def settled(page):
    """Wait until what was changed has been drawn, and the run is done."""
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    until(page, "run.done")


def starts(page):
    """Wait for the starts; return how many of each row converged."""
    until(page, "startsReady()")
    settled(page)
    rows = page.locator("#starts-rows > :not([hidden])")
    return [rows.nth(i).locator(".seed.good").count() for i in range(rows.count())]
