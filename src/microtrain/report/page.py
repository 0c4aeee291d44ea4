"""Recorded runs as one HTML file; what is on it is in `data`, how it looks in the files beside."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any

from ..errors import as_list, describe, file_path
from ..lab.results import Sweep
from ..lab.sweep import rate_label
from ..nn.mlp import MLP
from ..training.history import History
from .data import Shown, data_of

WANTED = "a list of histories, or a sweep"


def report(
    runs: History | Sweep | Mapping[str, History] | Iterable[History],
    path: str | os.PathLike[str],
    title: str = "Watch it learn",
) -> None:
    """Write a page on which to watch training: one HTML file, which needs no network or server.

    runs: a `History`, a `Sweep`, several histories, or a dict from a label to each; all of them of
    one architecture and on the same data, trained with ``record=True``. Runs in which `zero_grad`
    was forgotten are shown beside those of the same label in which it was not. What the page shows
    of a run is its verdict, its losses, and at each step the network's weights and gradients, the
    predictions, the four steps worked out for one parameter, the decision boundary (for two
    inputs) and, if it was tracked, the sharpness. Of long runs, some steps are left out. A link to
    ``page.html#step=12`` begins there.

    Raises `ValueError` where runs have no recording or do not belong together.

    >>> import microtrain as mt, pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "page.html"
    >>> mt.report(mt.train(record=True), path)
    >>> path.read_text(encoding="utf-8")[:15]
    '<!DOCTYPE html>'
    """
    import html
    import json
    import string
    from importlib import resources

    if not isinstance(title, str):
        raise TypeError(f"title expects a str, got {describe(title)}")
    path = file_path("path", path)
    shown = _labelled(runs)
    data = data_of(shown)
    rows = []
    for i, run in enumerate(data["runs"]):
        forgotten = ", <code>zero_grad()</code> forgotten" if run["forgot"] else ""
        label = html.escape(run["label"]) + forgotten
        checked = "" if run["forgot"] else " checked"
        name = html.escape(f"show {run['label']}" + " forgotten" * run["forgot"], quote=True)
        rows.append(
            f'<tr><td><input type="checkbox" value="{i}" aria-label="{name}"{checked}></td>'
            f"<td>{label}</td><td>{run['verdict']}</td><td>{html.escape(run['reason'])}</td></tr>\n"
        )
    model, n = shown[0].history.model, len(data["xs"])
    subtitle = (
        f"{model if isinstance(model, MLP) else type(model).__name__}, trained on {n} samples"
    )
    folder = resources.files("microtrain.report")
    script = json.dumps(data, allow_nan=False, separators=(",", ":")).replace("<", "\\u003c")
    parts = {
        "title": html.escape(title),
        "subtitle": html.escape(subtitle),
        "style": (folder / "page.css").read_text(encoding="utf-8"),
        "script": "".join(
            (folder / name).read_text(encoding="utf-8") for name in ("pictures.js", "page.js")
        ),
        "runs": "".join(rows),
        "data": script,
    }
    template = string.Template((folder / "page.html").read_text(encoding="utf-8"))
    page = template.substitute(parts).encode("utf-8", "replace")
    with open(path, "wb") as file:
        file.write(page)


def _labelled(runs: Any) -> list[Shown]:
    """Return each run with its label, which is its own."""
    listed: list[tuple[str, Any]]
    if isinstance(runs, Sweep):
        single = len({run.seed for run in runs.runs}) == 1
        seeds = ["" if single else f", seed {run.seed}" for run in runs.runs]
        listed = [(run.label + seed, run.history) for run, seed in zip(runs.runs, seeds)]
    elif isinstance(runs, Mapping):
        listed = [(str(label), history) for label, history in runs.items()]
    else:
        histories = [runs] if isinstance(runs, History) else as_list("runs", runs, WANTED)
        listed = [(_rate(history), history) for history in histories]
    if not listed:
        raise ValueError("runs expects at least one run, got none")
    result: dict[tuple[str, bool], Shown] = {}
    for label, history in listed:
        if not isinstance(history, History):
            raise TypeError(f"runs expects {WANTED}, got {describe(history)}")
        one = Shown(label or "run", history)
        if result.setdefault((one.label, one.recording.zero_grad), one) is not one:
            raise ValueError(
                f"runs expects different labels, got {one.label} twice: give it a dict"
            )
    return list(result.values())


def _rate(history: object) -> str:
    """Return a label for a run: its learning rate, or how that went."""
    lrs = history.lrs if isinstance(history, History) else []
    if not lrs:
        return "run"
    low, high = min(lrs), max(lrs)
    return rate_label(low) if low == high else f"{low:.3g} to {high:.3g}"
