"""The page that runs Python in the browser, from a folder of files, without a network.

It needs the files of the npm package pyodide in the folder that PYODIDE names.
"""

from __future__ import annotations

import contextlib
import functools
import http.server
import os
import pathlib
import shutil
import threading

import pytest
from browser import chromium
from pages import ROOT

RUNTIME = os.environ.get("PYODIDE", "")
needs_runtime = pytest.mark.skipif(not RUNTIME, reason="PYODIDE names no folder")


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


@contextlib.contextmanager
def page_of(folder: pathlib.Path, runtime: str = ""):
    """Serve the page from a folder, and open it in a browser that reaches nothing else."""
    shutil.copytree(ROOT / "docs" / "try", folder, dirs_exist_ok=True)
    shutil.make_archive(str(folder / "microtrain"), "zip", ROOT / "src", "microtrain")
    if runtime:
        (folder / "pyodide").symlink_to(pathlib.Path(runtime).resolve())
    handler = functools.partial(Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        here = f"http://127.0.0.1:{server.server_port}/"
        with chromium() as browser:
            page = browser.new_page()
            page.context.route(lambda url: not url.startswith(here), lambda route: route.abort())
            page.goto(here)
            yield page
        server.shutdown()


@pytest.mark.slow
@needs_runtime
def test_the_loop_by_hand_runs_and_can_be_changed_and_stopped(tmp_path):
    with page_of(tmp_path, RUNTIME) as page:
        page.wait_for_function("!document.getElementById('run').disabled", timeout=120_000)
        page.click("#run")
        page.wait_for_function("document.getElementById('state').textContent === 'Done.'")
        output = page.text_content("#output")
        assert "step  0   loss 7.729795" in output and "prediction" in output
        (points,) = page.locator("#chart .curve").evaluate_all(
            "all => all.map(x => x.points.length)"
        )
        assert points == 60

        page.fill("#program", "import microtrain as mt\nmt.log(mt.Value(-1.0))")
        page.press("#program", "Control+Enter")
        page.wait_for_function("document.getElementById('state').textContent.includes('error')")
        output = page.text_content("#output")
        assert output.startswith('Traceback (most recent call last):\n  File "program", line 2')
        assert "DomainError" in output and not page.is_visible("#chart")

        page.fill("#program", "while True: pass")
        page.click("#run")
        page.click("#stop")
        assert "Stopped." in page.text_content("#output")
        page.click("#reset")
        page.wait_for_function("!document.getElementById('run').disabled", timeout=120_000)
        page.click("#run")
        page.wait_for_function("document.getElementById('state').textContent === 'Done.'")


@pytest.mark.slow
def test_without_a_runtime_it_says_what_to_do(tmp_path):
    with page_of(tmp_path) as page:
        page.wait_for_function("document.getElementById('state').textContent.includes('npm')")
        assert page.is_disabled("#run")
