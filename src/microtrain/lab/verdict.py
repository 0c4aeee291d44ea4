"""What became of a training run, in a word and in a sentence that its own numbers bear."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ..training.history import History, why_diverged

RISE, NOISE = 1e-9, 1e-15  # a loss rises by more than this part of itself, and of the first loss
OFTEN = 1 / 5  # of the steps: where the loss rises in so many, it oscillates
GONE = 1e-3  # of its largest length: what is left of a gradient that has vanished
STUCK = 0.01  # of the loss: less than this has changed in the last fifth of the steps
FAR = 10  # times the steps taken: what is further off than this is crawled to


def verdict(history: History, target_loss: float | None = None) -> tuple[str, str]:
    """Return what became of a run, and the reason.

    The first of these that is true:

    converged
        the last loss is below `target_loss`.
    diverged
        the last loss is not finite.
    saturated
        the gradient is gone, its last length below a thousandth of its largest, and the loss is
        stuck above the target: over the last fifth of the steps it changed by less than 1 %. With a
        tanh output that is what too high a rate does: the outputs end where the tanh is flat. (A
        minimum that lies above the target looks the same.)
    diverged
        the last loss is above the first.
    oscillating
        the loss rose in a fifth of the steps or more. (`rises` says what counts.)
    crawling
        at its pace (`steps_to_go`) the target is further off than 10 times the steps taken, or the
        loss did not fall at all.
    descending
        the loss fell, but is not below the target yet.

    Without a target, no run is converged or saturated, and only one that does not fall is crawling.
    Raises `ValueError` for a history of fewer than two losses, if it is neither converged nor
    diverged.

    >>> import microtrain as mt
    >>> verdict(mt.train(lr=0.1, steps=100, target_loss=0.01), 0.01)
    ('converged', 'the loss is below 0.01 at step 33')
    """
    losses = history.losses
    first, last = (losses[0], losses[-1]) if losses else (math.nan, math.nan)
    rose = rises(losses)
    moves = len(losses) - 1
    oscillates = moves > 0 and rose >= OFTEN * moves
    swings = f"rose in {rose} of {moves} steps"
    if target_loss is not None and last < target_loss:
        swung = f", though it {swings}" if oscillates else ""
        return "converged", f"the loss is below {target_loss:g} at step {moves}{swung}"
    if losses and not math.isfinite(last):
        return "diverged", why_diverged(history)
    if moves < 1:
        raise ValueError("a verdict needs at least two losses: train for more steps")
    share = _share_left(history.grad_norms)
    stuck = abs(losses[-1 - max(1, moves // 5)] - last) < STUCK * abs(last)
    if target_loss is not None and share < GONE and stuck:
        return "saturated", (
            f"the gradient has vanished (to {share:.1g} of its largest) "
            f"and the loss is stuck at {last:.3g}"
        )
    if rises([first, last]):
        return "diverged", f"the loss ended at {last:.3g}, above the {first:.3g} it began with"
    if oscillates:
        return "oscillating", f"the loss {swings}, and is {last:.3g}"
    if last >= first:
        return "crawling", f"the loss is {last:.3g}, as it was at the beginning"
    if target_loss is None:
        return "descending", f"the loss fell from {first:.3g} to {last:.3g}"
    togo = steps_to_go(losses, target_loss)
    fell = f"the loss fell to {last:.3g}; at this pace the target is"
    if togo > 10 * FAR * moves:
        return "crawling", f"{fell} more than {10 * FAR * moves:,} steps away"
    some = "1 step" if togo <= 1 else f"some {float(f'{togo:.2g}'):,.0f} steps"
    return "crawling" if togo > FAR * moves else "descending", f"{fell} {some} away"


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

    The pace is the rate at which the logarithm of the loss falls. It is taken from the last two
    quarters of the steps, and where it slackened from the one to the other, it is expected to go on
    slackening in the same way: as a power of the steps, at most as fast as 1/step. (A constant pace
    is what gradient descent does on a quadratic; a pace that falls as 1/step, where the loss falls
    as a power of the steps, is what the toy network does.) It is infinite where the loss has not
    fallen, or is no longer positive.

    It looks no further than the curve does. On the toy (40 seeds), the median prediction was 0.92
    of the truth after 50 steps at a rate of 0.05, 0.81 after 100 at 0.01, but 0.31 after 100 at
    0.001, where the loss has yet to show how it slackens.

    >>> losses = [0.99**k for k in range(101)]
    >>> round(steps_to_go(losses, 0.99**150))
    50
    """
    moves = len(losses) - 1
    first, last = losses[0], losses[-1]
    if not (target_loss > 0 and 0 < last < first < math.inf):
        return math.inf
    if last <= target_loss:
        return 0.0
    quarter = max(1, moves // 4)
    middle, start = losses[-1 - quarter], losses[max(0, moves - 2 * quarter)]
    slackening = 0.0  # the power of the steps by which the pace falls
    if not last < middle < start:  # a bumpy way down: all that can be told is its mean
        pace = math.log(first / last) / moves
    else:
        before, pace = (math.log(a / b) / quarter for a, b in ((start, middle), (middle, last)))
        early, late = moves - 3 * quarter / 2, moves - quarter / 2  # the middles of the quarters
        if before > pace and early > 0:
            slackening = min(1.0, math.log(before / pace) / math.log(late / early))
            pace *= (late / moves) ** slackening
    # After s times the steps taken, the pace is s**-slackening times that of now.
    distance = math.log(last / target_loss) / (pace * moves)
    left = 1 - slackening
    try:
        growth = math.exp(distance) if left < 1e-9 else (1 + left * distance) ** (1 / left)
    except OverflowError:
        return math.inf
    return moves * (growth - 1)


def _share_left(lengths: Sequence[float]) -> float:
    """Return the gradient's last length as a share of its largest; 1 if that is not known."""
    largest = max(lengths, default=math.nan)
    if not (lengths and math.isfinite(largest) and math.isfinite(lengths[-1])):
        return 1.0
    return lengths[-1] / largest if largest > 0 else 0.0
