"""The page on which to watch a network learn: one HTML file, put together from the files beside."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..errors import as_list, expect, file_path
from ..lab.results import Sweep
from ..lab.runs import comparable
from ..nn.checkpoint import architecture_of
from ..nn.description import Description
from ..nn.module import parameter_names
from ..training import history as histories
from ..training.history import History, Recording

WANTED = "a list of histories, or a sweep"

# The scripts in `js`: the engine, which draws nothing, and what draws.
SCRIPTS = """functions twister losses sets neurons run verdict eigen engine replay listing
text told runs bar curve starts predictions plane frame network outcome strip sentences parts walk
where neuron numbers code fragment more change page"""


def report(
    runs: History | Sweep | Mapping[str, History] | Iterable[History],
    path: str | os.PathLike[str],
    title: str = "Watch it learn",
) -> None:
    """Write a page that trains in the browser: one HTML file, which needs no network or server.

    runs: a `History`, a `Sweep`, several histories, or a dict of them, whose keys only errors name;
    all of them of one architecture, loss and reduction, on the same data, trained with
    ``record=True``. The page opens with the one that converged to the lowest loss. It trains the
    model again at any learning rate, from other starts, without `zero_grad`, and takes a step
    apart; what it computes with was generated from the model, as JavaScript. A model for which that
    can't be done is shown as it was recorded, at the rates of all these runs: the page says why. A
    link to ``page.html#lr=0.5&step=12`` begins there.

    Raises `ValueError` where runs have no recording or do not belong together.

    >>> import microtrain as mt, pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "page.html"
    >>> mt.report(mt.train(record=True), path)
    >>> path.read_text(encoding="utf-8")[:15]
    '<!DOCTYPE html>'
    """
    expect(isinstance(title, str), "title", "a str", title)
    path = file_path("path", path)
    page = page_of(runs, title).encode("utf-8", "replace")
    with open(path, "wb") as file:
        file.write(page)


def page_of(runs: Any, title: str, columns: Sequence[str] = (), labels: Sequence[str] = ()) -> str:
    """Return the page of these runs as HTML; columns, labels: names of the inputs and classes."""
    import base64
    import hashlib
    import html
    import json
    import string
    from importlib import resources

    from .live import contents  # slow to import

    data, program = contents(recorded(runs), columns, labels)
    folder = resources.files("microtrain.report")
    names = ["page.html", "page.css", *(f"js/{name}.js" for name in SCRIPTS.split())]
    page, style, *scripts = ((folder / name).read_text(encoding="utf-8") for name in names)
    script = "\n".join(['"use strict";', program, *scripts]).replace("</script", "<\\/script")
    held = json.dumps(data, allow_nan=False, separators=(",", ":")).replace("<", "\\u003c")
    hashes = [hashlib.sha256(x.encode("utf-8", "replace")).digest() for x in (script, style)]
    script_hash, style_hash = (f"sha256-{base64.b64encode(x).decode('ascii')}" for x in hashes)
    return string.Template(page).substitute(
        script_hash=script_hash,
        style_hash=style_hash,
        title=html.escape(title),
        style=style,
        script=script,
        data=held,
    )


def inline(history: History) -> str:
    """Return the page of a recorded run as a frame, for a notebook."""
    import html

    page = html.escape(page_of(history, "Watch it learn"), quote=True)
    return (
        '<iframe sandbox="allow-scripts" style="width: 100%; height: 760px; border: 0" '
        f'title="Watch it learn" srcdoc="{page}"></iframe>'
    )


histories.inline = inline  # which is below, and can't import it


def recorded(runs: Any) -> list[tuple[History, Recording]]:
    """Return each history with its recording; first the one to open with."""
    if isinstance(runs, Sweep):
        runs = [run.history for run in runs.runs]
    elif isinstance(runs, History):
        runs = [runs]
    named = runs if isinstance(runs, Mapping) else dict(enumerate(as_list("runs", runs, WANTED)))
    found: list[tuple[History, Recording]] = []
    kinds: dict[Any, dict[str, Any]] = {}
    for name, history in named.items():
        expect(isinstance(history, History), "runs", WANTED, history)
        recording = history.recording
        if recording is None or not history.losses:
            raise ValueError(f"runs[{name!r}] has no recording: train (or sweep) with record=True")
        found.append((history, recording))
        kinds[name] = _kind(history, recording)
        first = next(iter(kinds))
        for part, one in kinds[first].items():
            if kinds[name][part] != one:
                raise ValueError(f"runs[{name!r}] differs from runs[{first!r}] in its {part}")
    if not found:
        raise ValueError("runs expects at least one run, got none")
    return sorted(found, key=_rank)


def _kind(history: History, recording: Recording) -> dict[str, Any]:
    """Return what is the same of all runs of a page."""
    model, parameters = history.model, history.model.parameters()
    names = parameter_names(model, parameters)
    return {
        "architecture": (Description(type(model)).text, architecture_of(model), names),
        "loss": Description(recording.loss, parameters).text,
        "data": (recording.xs, recording.ys),
        "reduction": recording.reduction,
    }


def _rank(run: tuple[History, Recording]) -> tuple[bool, bool, float]:
    """Return what is smallest for a run that was reset, converged, and ended lowest."""
    history, recording = run
    return not recording.zero_grad, history.verdict != "converged", comparable(history.final_loss)
