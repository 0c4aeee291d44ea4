"""What came of a run, and of the command."""

from __future__ import annotations

from microtrain.cli import main


def bits(history):
    """Return everything that a run leaves behind, with every bit of it."""
    records = (history.losses, history.lrs, history.grad_norms)
    parameters = [(p.data.hex(), p.grad.hex()) for p in history.model.parameters()]
    return [
        *([x.hex() for x in record] for record in records),
        *(history.status, history.steps, history.error, parameters),
    ]


def status_of(argv):
    """Return what the command ends with, even where it refuses its arguments."""
    try:
        return main(argv)
    except SystemExit as stop:
        return stop.code
