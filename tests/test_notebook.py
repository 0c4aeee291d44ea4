"""The tour in examples/ says what it said when it was saved.

``python tests/test_notebook.py`` runs it and saves what it shows now, with the picture in docs/.
"""

from __future__ import annotations

import base64
import json
import os
import pathlib
import tempfile

import pytest
from pages import ROOT

TOUR = ROOT / "examples" / "tour.ipynb"
PICTURE = ROOT / "docs" / "tour.png"  # of the cell with this source
PICTURED = "found.plot();"


def executed(folder: str):
    """Return the saved notebook, and what it is after running it in a folder."""
    import nbclient
    import nbformat

    saved = nbformat.read(TOUR, as_version=4)
    book = nbformat.v4.new_notebook(
        metadata=saved.metadata,
        cells=[
            cell if cell.cell_type == "markdown" else {**cell, "outputs": []}
            for cell in saved.cells
        ],
    )
    book = nbformat.from_dict(book)
    # With a salt of its own, matplotlib names the parts of a picture the same in every run.
    settings = pathlib.Path(folder, "matplotlibrc")
    settings.write_text("svg.hashsalt: tour\n", encoding="utf-8")
    client = nbclient.NotebookClient(
        book, timeout=120, record_timing=False, resources={"metadata": {"path": folder}}
    )
    client.execute(env={**os.environ, "MATPLOTLIBRC": str(settings)})
    book.metadata = saved.metadata
    return saved, book


def texts(book) -> list[list[str]]:
    """Return what each cell shows as text; errors and warnings, too, but no pictures."""
    shown = []
    for cell in book.cells:
        cell_texts: list[str] = []
        printed = False
        for output in cell.get("outputs", []):
            text = output.get("data", {}).get("text/plain", output.get("text", json.dumps(output)))
            if printed and "text" in output:  # what is printed may come in several pieces
                cell_texts[-1] += text
            else:
                cell_texts.append(text)
            printed = "text" in output
        shown.append(cell_texts)
    return shown


def picture(book) -> bytes:
    """Return what `PICTURE` shows."""
    (cell,) = (cell for cell in book["cells"] if "".join(cell["source"]) == PICTURED)
    return base64.b64decode(cell["outputs"][0]["data"]["image/png"])


def test_the_picture_of_the_tour_is_from_it():
    assert picture(json.loads(TOUR.read_text(encoding="utf-8"))) == PICTURE.read_bytes()


@pytest.mark.slow
def test_the_tour_shows_what_was_saved(tmp_path):
    for name in ("nbclient", "nbformat", "ipykernel", "matplotlib"):
        pytest.importorskip(name)
    saved, book = executed(str(tmp_path))
    assert texts(book) == texts(saved)
    assert sum(map(len, texts(saved))) > 15
    assert (tmp_path / "page.html").exists()


def test_the_tour_is_small_and_of_no_machine():
    text = TOUR.read_text(encoding="utf-8")
    assert len(text) < 500_000
    book = json.loads(text)
    kinds = [o["output_type"] for cell in book["cells"] for o in cell.get("outputs", [])]
    assert kinds and set(kinds) <= {"stream", "execute_result", "display_data"}
    streams = [o["name"] for c in book["cells"] for o in c.get("outputs", []) if "name" in o]
    assert set(streams) == {"stdout"}
    assert all(cell["metadata"] == {} for cell in book["cells"])
    for cell in book["cells"]:
        for output in cell.get("outputs", []):
            output.get("data", {}).pop("image/png", None)  # in base64, which may say anything
    for trace in (str(pathlib.Path.home()), "/tmp", "/home/", "site-packages", " at 0x"):
        assert trace not in json.dumps(book)


if __name__ == "__main__":
    import nbformat

    with tempfile.TemporaryDirectory() as folder:
        book = executed(folder)[1]
    nbformat.write(book, TOUR)
    PICTURE.write_bytes(picture(book))
