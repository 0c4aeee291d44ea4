"""What became of a training run, in a word and in a sentence that its own numbers bear out."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..errors import counted

if TYPE_CHECKING:
    from .history import History

RISE, NOISE = 1e-9, 1e-15  # a loss rises by more than this part of itself, and of the first loss
OFTEN = 1 / 5  # of the steps: where the loss rises in so many, it oscillates
FLAT = 0.01  # of the loss: a gradient below this has vanished, a smaller change is none
BLOWN = 10  # times the first loss: a run that ends above this, with a gradient, has diverged
LATE = 10  # steps at least, or the later half of them: the end of a run, which decides
FAR = 10  # times the steps taken: what is further off than this is crawled to


def verdict(history: History, target_loss: float | None = None) -> tuple[str, str]:
    """Return what became of a run, and the reason.

    The first of these that is true:

    converged
        the last loss, maybe that of a mini-batch alone, is below `target_loss`.
    diverged
        the last loss is not finite.
    begun
        there are fewer than two losses (or, of mini-batches, two passes), too few to tell.
    saturated
        the gradient has vanished above the target: its length is below 1 % of the loss, so that
        moving the parameters by 1 would hardly change it; and the loss is stuck: the last step
        changed it by less than 1 %, and it did not fall by 1 % in the last quarter of the steps (in
        five, if that is more). With a tanh output that is what too high a rate does: the outputs
        end where the tanh is flat. (A minimum that lies above the target looks the same.) Of a loss
        above 10 times the first, those 10 times count: beside a loss that blew up, any gradient is
        small.
    diverged
        the loss grew: it is above 10 times the first; or in the later half of the steps (of ten, if
        that is more), the last and its mean over the second part are above its maximum over the
        first.
    oscillating
        there, the loss rose in a fifth of the steps or more. (`rises` says what counts.)
    crawling
        at its pace (`steps_to_go`) the target is further off than 10 times the steps taken.
    descending
        the loss fell, but is not below the target yet.

    Without a target, the first loss takes its place: no run is converged, one that is below its
    first loss is not saturated, and only one that is not below it is crawling.

    Where each loss is that of a mini-batch, a rise may be due to its samples: no such run is
    oscillating, and instead of the losses count their means over each pass over the samples.

    It depends on nothing but the losses of the later half of the steps (of ten, if that is more),
    the last gradient, how many steps there were, the target and the first loss.

    >>> import microtrain as mt
    >>> verdict(mt.train(lr=0.1, steps=100, target_loss=0.01), 0.01)
    ('converged', 'the loss is below 0.01 at step 33')
    """
    steps, k = history.losses, history.per_pass
    moves = len(steps) - 1
    losses, what = steps, "the loss"
    if k > 1:
        starts = range(len(steps) % k, len(steps), k)  # the last pass ends with the last step
        losses = [_mean(steps[start : start + k]) for start in starts]
        what = "the mean loss of a pass"
    late = losses[-1 - max(LATE, (len(losses) - 1) // 2) :]
    rose, of = rises(late), len(late) - 1
    oscillates = k == 1 and of > 0 and rose >= OFTEN * of
    swings = f"rose in {rose} of the last {counted(of, 'step')}"
    if target_loss is not None and steps and steps[-1] < target_loss:
        swung = f", though it {swings}" if oscillates else ""
        whose = "the loss" if k == 1 else "the loss of a mini-batch, not of all samples,"
        return "converged", f"{whose} is below {target_loss:g} at step {moves}{swung}"
    if steps and not math.isfinite(steps[-1]):
        told = not_finite(history)
        if history.error not in ("", told):
            told = f"there is no finite loss at step {moves}: {history.error}"
        return "diverged", told
    if len(losses) < 2:
        two = "two losses" if k == 1 else "two passes over the samples"
        return "begun", f"there are fewer than {two}, too few to tell"
    first, before, last = losses[0], losses[-2], losses[-1]
    length = history.grad_norms[-1] if history.grad_norms else math.nan
    fell = target_loss is None and last < first
    bound = BLOWN * abs(first)
    vanished = length < FLAT * min(bound, abs(last))
    half, flat = len(late) // 2, FLAT * abs(last)
    stuck = abs(before - last) < flat and late[half] - last < flat
    if not fell and vanished and stuck:
        gone = f"the gradient has vanished (its length is {length:.1g})"
        return "saturated", f"{gone} and the loss is stuck at {last:.3g}"
    grew = rises([max(late[:half]), min(last, _mean(late[half:]))])
    if grew or last > bound:
        return "diverged", f"{what} grew to {last:.3g}"
    if oscillates:
        return "oscillating", f"the loss {swings}, and is {last:.3g}"
    if fell:
        return "descending", f"{what} fell from {first:.3g} to {last:.3g}"
    if target_loss is None or last >= late[0]:
        return "crawling", f"{what} is {last:.3g}, and does not fall"
    togo = k * steps_to_go(losses, target_loss)
    fell_to = f"{what} fell to {last:.3g}; at this pace the target is"
    if togo > 10 * FAR * moves:
        return "crawling", f"{fell_to} more than {10 * FAR * moves:,} steps away"
    some = "1 step" if togo <= 1 else f"some {float(f'{togo:.2g}'):,.0f} steps"
    return "crawling" if togo > FAR * moves else "descending", f"{fell_to} {some} away"


def _mean(losses: Sequence[float]) -> float:
    return functools.reduce(lambda mean, loss: mean + loss / len(losses), losses, 0.0)


def rises(losses: Sequence[float]) -> int:
    """Return in how many steps the loss rose, by more than rounding might make it.

    >>> rises([1.0, 1.1, 1.0, 1.0 + 1e-15])
    1
    """
    noise = NOISE * abs(losses[0]) if losses and math.isfinite(losses[0]) else 0.0
    return sum(
        after > before + RISE * abs(before) + noise for before, after in zip(losses, losses[1:])
    )


def steps_to_go(losses: Sequence[float], target_loss: float) -> float:
    """Return how many more steps it takes to bring the loss to the target, at the pace it has.

    The pace, at which the logarithm of the loss falls, is taken from the last two quarters of the
    steps. Where it slackened between them, it is expected to go on so: as a power of the steps, at
    most as 1/step. (On a quadratic the pace of gradient descent is constant; on the toy network it
    falls as 1/step.) Where the loss did not fall, or is no longer positive, the result is infinite.

    On the toy (40 seeds), the median prediction was 0.92 of the truth after 50 steps at a rate of
    0.05, 0.81 after 100 at 0.01, but 0.31 after 100 at 0.001, before the loss shows its slackening.

    >>> losses = [0.99**k for k in range(101)]
    >>> round(steps_to_go(losses, 0.99**150))
    50
    """
    moves = len(losses) - 1
    quarter = max(1, moves // 4)
    span = min(moves, 2 * quarter)
    start, middle, last = losses[-1 - span], losses[-1 - quarter], losses[-1]
    if not (target_loss > 0 and 0 < last < start < math.inf):
        return math.inf
    before = pace = math.log(start / last) / span  # all that can be told of a bumpy way down
    if last < middle < start:
        before, pace = math.log(start / middle) / quarter, math.log(middle / last) / quarter
    slackening = 0.0  # the power of the steps by which the pace falls
    if before > pace:
        early, late = moves - 3 * quarter / 2, moves - quarter / 2  # the middles of the quarters
        slackening = min(1.0, math.log(before / pace) / math.log(late / early))
        pace *= (late / moves) ** slackening
    # After s times the steps taken, the pace is s**-slackening times that of now.
    distance = max(0.0, math.log(last / target_loss)) / (pace * moves)
    left = 1 - slackening
    try:
        growth = math.exp(distance) if left < 1e-9 else (1 + left * distance) ** (1 / left)
    except OverflowError:
        return math.inf
    return moves * (growth - 1)


def not_finite(history: History) -> str:
    """Say which step the last loss, which is not finite, is of, and whether a gradient was NaN."""
    k = len(history.losses) - 1
    told = f"the loss is {history.losses[k]} at step {k}"
    if any(map(math.isnan, history.grad_norms[max(0, k - 1) : k])):
        told += f", after a gradient that was nan at step {k - 1}"
    return told
