"""The page on which to watch a network learn: one HTML file, put together from the files beside."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..errors import as_list, expect, file_path
from ..lab.results import Sweep
from ..lab.sweep import rate_label
from ..training import history as histories
from ..training.history import History
from .shown import Shown

WANTED = "a list of histories, or a sweep"

# The scripts in `js`: the engine, which draws nothing, and what draws.
SCRIPTS = """functions twister neurons run verdict eigen engine trace replay listing
text told runs bar curve starts predictions plane frame network outcome strip sentences parts walk
where neuron numbers dots code fragment more change sharpness page"""


def report(
    runs: History | Sweep | Mapping[str, History] | Iterable[History],
    path: str | os.PathLike[str],
    title: str = "Watch it learn",
) -> None:
    """Write a page that trains in the browser: one HTML file, which needs no network or server.

    runs: a `History`, a `Sweep`, several histories, or a dict from a label to each; all of them of
    one architecture and on the same data, trained with ``record=True``. The page opens with the one
    that converged to the lowest loss. It trains the model again at any learning rate, from other
    starts, without `zero_grad`, and takes a step apart; what it computes with was generated from
    the model, as JavaScript. A model for which that can't be done is shown as it was recorded: the
    page says why. A link to ``page.html#lr=0.5&step=12`` begins there.

    Raises `ValueError` where runs have no recording or do not belong together.

    >>> import microtrain as mt, pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "page.html"
    >>> mt.report(mt.train(record=True), path)
    >>> path.read_text(encoding="utf-8")[:15]
    '<!DOCTYPE html>'
    """
    expect(isinstance(title, str), "title", "a str", title)
    path = file_path("path", path)
    page = page_of(labelled(runs), title).encode("utf-8", "replace")
    with open(path, "wb") as file:
        file.write(page)


def page_of(
    shown: Sequence[Shown], title: str, columns: Sequence[str] = (), labels: Sequence[str] = ()
) -> str:
    """Return the page of these runs as HTML; columns, labels: names of the inputs and classes."""
    import html
    import json
    import string
    from importlib import resources

    from .live import contents  # slow to import

    data, program = contents(shown, title, columns, labels)
    folder = resources.files("microtrain.report")

    def text(name: str) -> str:
        return (folder / name).read_text(encoding="utf-8")

    scripts = [text(f"js/{name}.js") for name in SCRIPTS.split()]
    script = "\n".join(['"use strict";', program, *scripts])
    script = script.replace("</script", "<\\/script")
    style = text("page.css")
    held = json.dumps(data, allow_nan=False, separators=(",", ":")).replace("<", "\\u003c")
    policy = (
        f"default-src 'none'; script-src {_hash(script)}; style-src {_hash(style)}; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )
    return string.Template(text("page.html")).substitute(
        csp=f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
        title=html.escape(title),
        style=style,
        script=script,
        data=held,
    )


def _hash(text: str) -> str:
    """Return the source of a content-security policy that allows this text alone."""
    import base64
    import hashlib

    digest = hashlib.sha256(text.encode("utf-8", "replace")).digest()
    return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"


def inline(history: History) -> str:
    """Return the page of a recorded run as a frame, for a notebook."""
    import html

    page = html.escape(page_of(labelled(history), "Watch it learn"), quote=True)
    return (
        '<iframe sandbox="allow-scripts" style="width: 100%; height: 760px; border: 0" '
        f'title="Watch it learn" srcdoc="{page}"></iframe>'
    )


histories.inline = inline  # which is below, and can't import it


def labelled(runs: Any) -> list[Shown]:
    """Return each run with its label, which is its own; first the one to open with."""
    listed: list[tuple[str, Any]]
    if isinstance(runs, Sweep):
        single = len({run.seed for run in runs.runs}) == 1
        seeds = ["" if single else f", seed {run.seed}" for run in runs.runs]
        listed = [(run.label + seed, run.history) for run, seed in zip(runs.runs, seeds)]
    elif isinstance(runs, Mapping):
        listed = [(str(label), history) for label, history in runs.items()]
    else:
        several = [runs] if isinstance(runs, History) else as_list("runs", runs, WANTED)
        listed = [(_rate(history), history) for history in several]
    if not listed:
        raise ValueError("runs expects at least one run, got none")
    result: dict[tuple[str, bool], Shown] = {}
    for label, history in listed:
        expect(isinstance(history, History), "runs", WANTED, history)
        one = Shown(label or "run", history)
        if result.setdefault((one.label, one.recording.zero_grad), one) is not one:
            raise ValueError(
                f"runs expects different labels, got {one.label} twice: give it a dict"
            )
    shown = list(result.values())
    for run in shown:
        run.check(shown[0])
    best = min(shown, key=Shown.rank)
    return [best, *(run for run in shown if run is not best)]


def _rate(history: object) -> str:
    """Return a label for a run: its learning rate, or how that went."""
    lrs = history.lrs if isinstance(history, History) else []
    if not lrs:
        return "run"
    low, high = min(lrs), max(lrs)
    return rate_label(low) if low == high else f"{low:.3g} to {high:.3g}"
