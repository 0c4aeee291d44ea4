"""What came of a run, and of the command."""

from __future__ import annotations

import copy

import microtrain as mt
from microtrain.cli import main

XS, YS = mt.datasets.toy()


def bits(history):
    """Return everything that a run leaves behind, with every bit of it."""
    records = (history.losses, history.lrs, history.grad_norms)
    parameters = [(p.data.hex(), p.grad.hex()) for p in history.model.parameters()]
    return [
        *([x.hex() for x in record] for record in records),
        *(history.status, history.steps, history.error, parameters),
    ]


def parameters_of(model):
    """Return the parameters of a model by their names, with every bit."""
    return [(name, p.data.hex()) for name, p in model.named_parameters()]


def assert_as_eager(engine, model, xs=XS, ys=YS, **options):
    """Train two copies of a model, eagerly and by this engine, and compare; return the history."""
    pair = ("eager", engine)
    runs = [mt.train(copy.deepcopy(model), xs, ys, engine=name, **options) for name in pair]
    assert [run.engine for run in runs] == [*pair]
    assert bits(runs[0]) == bits(runs[1])
    assert repr(runs[0].sharpness) == repr(runs[1].sharpness)
    return runs[1]


def status_of(argv):
    """Return what the command ends with, even where it refuses its arguments."""
    try:
        return main(argv)
    except SystemExit as stop:
        return stop.code


def made(losses, grad_norms=None, status="finished", error=""):
    """Return a history made by hand."""
    history = mt.History(None, "eager")
    history.losses = [float(x) for x in losses]
    history.grad_norms = [1.0] * len(losses) if grad_norms is None else grad_norms
    history.lrs = [0.1] * len(losses)
    history.status, history.error = status, error
    history.steps = len(losses) - (status == "converged")
    return history
