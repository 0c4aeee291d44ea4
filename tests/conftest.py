"""What tests of several files share: how thorough the property tests are, and pages in a browser.

``pytest --hypothesis-profile=thorough`` tries fifty times as many cases, ``exhaustive`` 2,500
times as many; ``mutation`` is for benchmarks/mutation.py.
"""

import contextlib
import signal

import pytest
from browser import chromium, until
from hypothesis import HealthCheck, Phase, settings

from microtrain.cli import main

settings.register_profile(
    "everyday",
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("thorough", settings.get_profile("everyday"), max_examples=2000)
settings.register_profile(
    "mutation",
    settings.get_profile("everyday"),
    max_examples=25,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
)
settings.register_profile(
    "exhaustive", settings.get_profile("everyday"), max_examples=100_000, database=None
)
settings.load_profile("everyday")

# Tests interrupt themselves. A shell that starts them in the background has Ctrl-C ignored.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="module")
def browser():
    with chromium() as launched:
        yield launched


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("pages")


@pytest.fixture(scope="module")
def toy(folder):
    path = folder / "toy.html"
    assert main(["report", str(path), "--quiet"]) == 0
    return path


@pytest.fixture(scope="module")
def moons(folder):
    path = folder / "moons.html"
    assert main(["report", str(path), "--data", "moons", "--quiet"]) == 0
    return path


@pytest.fixture
def visit(browser):
    """Return a function that opens a page from disk; the test fails if it complains or asks."""
    with contextlib.ExitStack() as stack:
        complaints: list[str] = []

        def opened(path, fragment="", **options):
            options.setdefault("viewport", {"width": 1280, "height": 740})
            context = browser.new_context(**options)
            stack.callback(context.close)
            page = context.new_page()
            page.on("console", lambda message: complaints.append(message.text))
            page.on("pageerror", lambda error: complaints.append(str(error)))
            page.on(
                "request",
                lambda request: (
                    complaints.append(request.url)
                    if not request.url.startswith(("file:", "data:"))
                    else None
                ),
            )
            page.goto(path.as_uri() + fragment)
            until(page, "document.querySelector('#position').textContent")
            return page

        yield opened
        assert complaints == []
