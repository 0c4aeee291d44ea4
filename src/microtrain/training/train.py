"""`train`: the four steps, repeated; checked before, watched during, recorded after."""

from __future__ import annotations

import contextlib
import math
import os
import time
from collections.abc import Callable, Container, Sequence
from typing import Any

from ..engine.value import Value
from ..nn.checkpoint import architecture_of
from ..nn.losses import squared_error, takes
from ..nn.module import Module
from ..nn.optim import Schedule
from .compiled import CompiledEngine
from .curvature import product_of, sharpness_at
from .eager import EagerEngine, State, Whole, set_state, state_of
from .history import History, Recording
from .plan import Plan, Watcher
from .purity import inspect, may_look
from .resume import RunFile
from .verdict import not_finite

# Samples to go through, in all steps together, for compiling (some milliseconds) to pay.
WORTH_COMPILING = 400


def train(
    model: Module | None = None,
    xs: Any = None,
    ys: Any = None,
    *,
    steps: int = 20,
    lr: float | Schedule = 0.05,
    loss: Callable[[Any, Any], Value] = squared_error,
    reduction: str = "sum",
    batch_size: int | None = None,
    accumulate: int = 1,
    zero_grad: bool = True,
    target_loss: float | None = None,
    seed: int = 0,
    engine: str = "auto",
    on_step: Callable[[History], object] | None = None,
    track_sharpness: int | Container[int] | None = None,
    record: bool = False,
    checkpoint: str | os.PathLike[str] | None = None,
    checkpoint_every: int | None = None,
) -> History:
    """Train `model` on `xs` and `ys` by gradient descent, and return the `History` of it.

    Without arguments it trains ``MLP(3, [4, 4, 1])`` on the four samples of `datasets.toy`.

    Args:
        model: what to train, in place; called on one sample, it returns a Value or a list of them.
            By default ``MLP(n, [4, 4, 1], seed=seed)`` for samples of n numbers.
        xs: n samples, each a list of n_in floats (or, for a model of your own, a float).
        ys: their n targets, in the form that `loss` takes.
        steps: how many updates to make.
        lr: the learning rate, a number above 0, or a schedule: a callable from the step, counted
            from 0, to a rate of at least 0. It may look at the model, but not change it.
        loss: of one sample, from its prediction and target: `squared_error`, `hinge`,
            `cross_entropy`, or a function of yours that returns a Value.
        reduction: the loss of a batch is the "sum" or the "mean" of its samples' losses.
        batch_size: how many samples go into a mini-batch; None takes all, in the order given. Mini-
            batches are drawn by shuffling all the samples anew each time they have been used up;
            the last may be smaller. Where a step always sees every sample, nothing is shuffled.
        accumulate: how many mini-batches' gradients (and losses, or means) one update adds up.
        zero_grad: False leaves each step's gradients for the next one to add to: the most common
            bug in training loops, to be watched here.
        target_loss: stop as soon as a step's loss is below this. With mini-batches, that is the
            loss of the step's own samples, not of all.
        seed: decides the shuffling, and the initial parameters of the default model.
        engine: "eager" performs one operation at a time; "compiled" runs the model and the loss
            once, over symbols, and then generated Python, with the same results, to the bit. What
            it can't know about a model or loss of your own stays as it was in that one run: random
            numbers drawn inside, numbers from outside, attributes that change in between, a
            computation that depends on which sample it is, or on the type of a number. (And the
            built-in `sum` of plain inputs is not their plain sum since Python 3.12.) "native"
            does the same in C, made by this machine's C compiler (that of the environment variable
            MICROTRAIN_CC, or cc), with many steps in each call, unless `on_step`, `record` or a
            schedule that may look at the run has to see each. "auto" compiles where there is work
            enough and the results are sure to be the same; for that it looks through the code of a
            model, a loss or a schedule of your own. `fallback` of the history says what it found.
        on_step: called with the history after each step.
        track_sharpness: at every so many steps, beginning with the first, or at those in a range or
            set, put the `sharpness` of the loss of all samples into the history. Each time costs
            about as much as a few gradients for each parameter.
        record: keep all parameters and gradients of every step, in the history's `recording`.
        checkpoint: a file to write the state of the run to, every `checkpoint_every` steps (None:
            about every second, or more rarely, so as to take less than a tenth of the time), after
            Ctrl-C and at the end. Where it can't be written, a warning says so, and again at the
            end if it still can't. If it is there already, the run goes on from it, and ends with
            the same bits as one that was never stopped; if it is of another run, that is a
            `CheckpointError`. Compared are the samples, the options, and of model, loss and
            schedule all that decides what they compute: code, defaults, closures, attributes, and
            the globals that they read; of installed modules only the names. Where that can't be
            told, as of a generator, an open file or a `random.Random`, it is a `TypeError` before
            the first step. Not compared are `steps`, of which there may be more now, `engine`,
            `target_loss`, `track_sharpness` and `on_step`. The code of a function of yours is that
            of one version of Python.

    Warns where targets of an MLP are out of reach of its output, or where inputs differ by orders
    of magnitude. Raises `ValueError` or `TypeError` for arguments that do not fit, before anything
    is trained, and `CompileError` for a computation that can't be compiled, where that was asked
    for. If an error comes up later, or Ctrl-C, the model is left as it was after the last whole
    step.

    >>> history = train(steps=200, target_loss=0.01)
    >>> history.status, history.final_loss < 0.01
    ('converged', True)
    """
    plan = Plan(**locals())
    plan.objective.warn()
    return run(plan)


def run(plan: Plan, chosen: tuple[EagerEngine, str] | None = None) -> History:
    """Repeat the four steps as planned, and return the history of it.

    `chosen` is what `engine_for` returned for this plan, or for one that differs in the rate only.
    """
    start = time.perf_counter()
    engine, fallback = chosen or engine_for(plan)
    parameters, on_step = plan.objective.parameters, plan.on_step
    history = History(plan.objective.model, engine.name, engine.source, fallback)
    history.target_loss, history.per_pass = plan.target_loss, plan.per_pass
    history.recording = recording = Recording(plan) if plan.record else None
    state = state_of(parameters)
    # One assignment, so that Ctrl-C falls before or after it; the loss before the last is finite.
    whole: Whole = 0, state, state
    keeper = RunFile(plan.checkpoint, plan, history) if plan.checkpoint else None
    if keeper is not None and (kept := keeper.restore()):
        whole, seconds = kept
        start -= seconds
        set_state(parameters, whole[1])
    batches = plan.batches(whole[0])
    watches = isinstance(on_step, Watcher | None)  # else it may see the model, and change it
    # Whether somebody may look at the model after a step: then it is put up to date.
    shows = engine.name != "eager" and (not watches or may_look(plan.lr, plan.tracked) != "")
    together = engine.chunk and not (shows or plan.record)  # makes it many at a time
    # What was recorded, to notice if `on_step` changes it.
    described = plan.objective.described() if shows and not watches else ""
    end: tuple[Any, int, State] | None = None  # the status, the steps made, the state after them
    try:
        while (k := whole[0]) < plan.steps:
            if keeper is not None:
                keeper.save(whole, start)
            _, state, before = whole
            rates = plan.rates(k, engine.chunk) if together else [plan.rate(k)]
            if k in plan.tracked:
                history.sharpness[k] = math.nan
                with contextlib.suppress(ArithmeticError):  # where the loss has no Hessian
                    history.sharpness[k] = sharpness_at(plan.objective, state[0])
            try:
                losses, norms, after, last = engine.steps(state, batches, rates, plan.least)
            except ArithmeticError as error:
                losses, norms, after, last = [math.nan], [math.nan], state, state
                history.error = str(error) or type(error).__name__
            loss, norm, made = losses[-1], norms[-1], len(losses)
            if recording is not None:
                recording.parameters.append(state[0])
                recording.gradients.append(after[1] if norm == norm else (norm,) * len(parameters))
            history.losses += losses
            history.lrs += rates[:made]
            history.grad_norms += norms
            if not math.isfinite(loss):
                end = "diverged", max(0, k - 1), (before[0], state[1])
                break
            if loss < plan.least:
                end = "converged", k, (state[0], after[1])
                break
            whole = k + made, after, last
            if shows:
                set_state(parameters, after)
            if on_step is not None:
                history.steps, history.seconds = k + made, time.perf_counter() - start
                on_step(history)
                if not watches:
                    whole = k + 1, state_of(parameters), state
                    if engine.name != "eager" and plan.objective.described() != described:
                        engine = EagerEngine(plan.objective, plan.zero_grad)
        else:
            end = "finished", whole[0], whole[1]
    except KeyboardInterrupt:
        pass
    finally:
        while True:
            try:
                _finish(history, parameters, *(end or ("interrupted", whole[0], whole[1])))
                break
            except KeyboardInterrupt:  # whoever presses Ctrl-C again is kept waiting
                continue
        history.seconds = time.perf_counter() - start
    if keeper is not None:
        keeper.save(whole, start, at_the_end=True)
    return history


def engine_for(plan: Plan, runs: int = 1) -> tuple[EagerEngine, str]:
    """Return what makes the steps of so many runs, and why "auto" did not compile, if it tried.

    Raises `CompileError` where "compiled" or "native" was asked for, or the sharpness.
    """
    objective, options, fallback = plan.objective, (plan.zero_grad, plan.accumulate), ""
    if plan.tracks:
        product_of(objective)  # what it refuses is refused before the first step
    if plan.engine == "native":
        from .native import NativeEngine  # it loads ctypes, which takes time

        return NativeEngine(objective, *options), ""
    if plan.engine == "compiled":
        return CompiledEngine(objective, *options), ""
    work = plan.steps * plan.accumulate * plan.batch_size  # samples to go through, in each run
    if plan.engine == "auto" and work * runs >= WORTH_COMPILING:
        is_plain = takes(objective.loss) and architecture_of(objective.model)
        try:
            if not (fallback := may_look(plan.lr, plan.tracked)):
                check = None if is_plain else inspect(objective)
                compiled = CompiledEngine(objective, *options, check)
                if check is None or compiled.agrees(work // 20):
                    return compiled, ""
                fallback = "the first step gave another result"
        except Exception as error:  # of any kind: whatever is wrong, the steps will show it
            fallback = str(error) or type(error).__name__
    return EagerEngine(objective, plan.zero_grad), fallback


def _finish(history: History, parameters: Sequence[Value], status: Any, n: int, state: Any) -> None:
    """Leave the model in its final state, and in an interrupted history whole steps only."""
    set_state(parameters, state)
    history.status, history.steps = status, n
    if status == "diverged":
        history.error = history.error or not_finite(history)
    if status == "interrupted":
        history.error = ""  # of a step that is taken back
        records: list[list[Any]] = [history.losses, history.lrs, history.grad_norms]
        if history.recording is not None:
            records += history.recording.parameters, history.recording.gradients
        for record in records:
            del record[n:]
        history.sharpness = {k: x for k, x in history.sharpness.items() if k < n}
