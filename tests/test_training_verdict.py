"""What became of a run: the definitions, their limits, and that like ends have the same word."""

from __future__ import annotations

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from outcomes import bits, made

import microtrain as mt
from microtrain import MLP, Module, Value
from microtrain.cli import main
from microtrain.training.verdict import rises, steps_to_go, verdict

FALLING = [0.95**k for k in range(50)]
VANISHED = [1.0] * 49 + [1e-4]
WORDS = ("converged", "diverged", "saturated", "oscillating", "crawling", "descending")
SPIKE = [1.0] * 45 + [10.0, 100.0, 50.0, 200.0, 1000.0]


@pytest.mark.parametrize(
    ("expected", "history", "reason"),
    [
        ("converged", made([1.0, 0.5, 0.009]), "below 0.01 at step 2$"),
        ("converged", made([0.001]), "below 0.01 at step 0"),
        ("converged", made([1, 2, 1, 2, 0.001]), "though it rose in 2 of the last 4 steps"),
        ("diverged", made([1.0, 5.0, math.inf]), "^the loss is inf at step 2$"),
        (
            "diverged",
            made([1.0, math.nan], error="exp(1e3)"),
            r"no finite loss at step 1: exp\(1e3\)",
        ),
        ("diverged", made([math.nan]), "^the loss is nan at step 0$"),
        ("diverged", made([1.0, 1.1]), "^the loss grew to 1.1$"),
        ("diverged", made([9.0, *FALLING, 100.0]), "grew to 100"),
        ("diverged", made(SPIKE), "grew to 1e.03"),
        ("diverged", made([1.01**k for k in range(21)]), "grew to 1.22"),
        ("diverged", made([1.0] + [1e9, 1e157] * 5 + [1e157], [1e79] * 12), "grew to 1e.157"),
        ("diverged", made([1.0, *[1e90] * 50, *[1e80] * 50]), "^the loss grew to 1e.80$"),
        ("oscillating", made([175.3, 211.1, 166.6]), "rose in 1 of the last 2 steps, and is 167"),
        ("begun", made([]), "fewer than two losses"),
        ("begun", made([1.0], status="running"), "fewer than two losses"),
        ("saturated", made([6.0] + [8.0] * 49, VANISHED), "is 0.0001. and .* stuck at 8"),
        ("saturated", made([8.0] * 50, [0.0] * 50), "its length is 0"),
        ("saturated", made([9.0, 8.0, 8.0], [1e-9] * 3), "stuck at 8"),
        ("oscillating", made([1.0, 1.1, 1.0] * 10 + [0.9]), "rose in 5 of the last 15 steps, and"),
        ("oscillating", made([0.1, 3.0, 1.0] * 10), "rose in"),
        ("saturated", made([0.02] + [8.0] * 49, VANISHED), "stuck at 8"),
        ("saturated", made([0.8] + [8.0] * 49, [0.079] * 50), "stuck at 8"),
        ("crawling", made([0.8] + [8.0] * 49, [0.081] * 50), "does not fall"),
        ("crawling", made([1 - 1e-4 * k for k in range(50)]), "more than 4,900 steps away"),
        ("crawling", made([1 - 3e-3 * k for k in range(50)]), r"some 1,\d00 steps away"),
        ("crawling", made([2.0] * 30), "is 2, and does not fall"),
        ("descending", made(FALLING), "fell to 0.081; at this pace .* some 41 steps away"),
    ],
)
def test_verdicts_of_hand_made_histories(expected, history, reason):
    history.target_loss = 0.01
    assert history.verdict == expected
    assert re.search(reason, history.reason)


def test_a_loss_that_still_falls_is_not_stuck_however_large_it_is_beside_its_gradient():
    xs, ys = [[0.5], [-1.0], [2.0]], [1e4, 1.2e4, 0.9e4]
    for lr in (0.0001, 0.0003):
        model = MLP(1, [3, 1], output_activation="linear")
        history = mt.train(model, xs, ys, lr=lr, steps=100, target_loss=0.01, reduction="mean")
        assert history.grad_norms[-1] < 0.01 * history.final_loss
        assert 0.99 < history.losses[-1] / history.losses[-2] < 1
        assert history.verdict == "crawling"
    slow = [0.998**k for k in range(101)]
    assert verdict(made(slow, [1e-9] * 101), 0.01)[0] == "crawling"
    slow = [0.9998**k for k in range(101)]
    assert verdict(made(slow, [1e-9] * 101), 0.01)[0] == "saturated"


def test_of_a_short_run_the_last_ten_steps_count():
    assert "rose in 5 of the last 10 steps" in verdict(made([1.0, 1.1] * 7 + [1.0]), 0.01)[1]
    assert "rose in 7 of the last 14 steps" in verdict(made([1.0, 1.1] * 14 + [1.0]), 0.01)[1]


def test_the_first_verdict_that_is_true_is_given():
    rising = [1.0 + 0.1 * (k % 2) for k in range(39)] + [1.2 + 0.1 * (k % 2) for k in range(11)]
    assert verdict(made(rising), 0.01)[0] == "diverged"  # and it oscillates
    stuck = [5.0] + [5.001 + 0.001 * (k % 2) for k in range(49)]
    assert verdict(made(stuck), 0.01)[0] == "oscillating"
    assert verdict(made(stuck, VANISHED), 0.01)[0] == "saturated"
    slow = [1.0 - 1e-5 * k + 1e-4 * (k % 2) for k in range(50)]
    assert verdict(made(slow), 0.01)[0] == "oscillating"  # and it crawls


def test_the_limits_of_each_verdict():
    def rises(n):  # n of the last 20 steps
        losses = [2.0] * 21
        for k in range(20):
            losses.append(losses[-1] + 0.001 if k >= 20 - n else losses[-1] - 0.02)
        return made(losses)

    assert verdict(rises(4), 1.0)[0] == "oscillating"
    assert verdict(rises(3), 1.0)[0] == "descending"
    flat = [2.0] * 50
    assert verdict(made(flat, [1.0] * 49 + [0.0199]), 0.5)[0] == "saturated"
    assert verdict(made(flat, [1.0] * 49 + [0.0201]), 0.5)[0] == "crawling"
    moving = [2.0] * 49 + [1.981]  # by less than 1 % in the last step
    assert verdict(made(moving, VANISHED), 0.5)[0] == "saturated"
    moving = [2.0] * 49 + [1.979]
    assert verdict(made(moving, VANISHED), 0.5)[0] != "saturated"
    pace = [math.exp(-0.01 * k) for k in range(51)]
    near, far = (verdict(made(pace), math.exp(-0.01 * 50 * n))[1] for n in (99, 103))
    assert "some 4,900 steps away" in near and "more than 5,000 steps away" in far
    assert verdict(made(pace), math.exp(-0.01 * 549))[0] == "descending"
    assert verdict(made(pace), math.exp(-0.01 * 551))[0] == "crawling"

    assert verdict(made(flat, [0.02] * 50), 0.5)[0] == "crawling"  # 1 % is not below 1 %
    moving = [100.0] * 48 + [101.0, 100.0]
    assert verdict(made(moving, VANISHED), 0.5)[0] != "saturated"
    assert verdict(made([1.0, 0.5]), 0.5)[0] != "converged"
    assert verdict(made([0.001]), 0.01)[1] == "the loss is below 0.01 at step 0"


def test_a_mini_batch_that_ends_a_run_is_not_taken_for_all_samples():
    history = mt.train(batch_size=1, target_loss=0.01, steps=50)
    assert (history.status, history.per_pass) == ("converged", 4)
    told = f"the loss of a mini-batch, not of all samples, is below 0.01 at step {history.steps}"
    assert history.reason == told
    whole = mt.train(batch_size=2, accumulate=2, target_loss=0.01, steps=200)
    assert whole.reason == f"the loss is below 0.01 at step {whole.steps}"


def test_a_rise_is_more_than_rounding():
    assert rises([0.0, 0.0]) == rises([]) == 0
    assert rises([1e6, 1e-3, 1e-3 + 5e-10]) == 0 and rises([1.0, 1e-3, 1e-3 + 5e-10]) == 1
    assert rises([math.inf, 1.0, 1.1]) == 1 and rises([math.inf, 1.0, 0.5]) == 0


def test_only_the_gradient_just_before_is_blamed():
    assert made([1.0, math.nan], [math.nan]).reason.endswith(
        "after a gradient that was nan at step 0"
    )
    assert made([1.0, 1.0, math.nan], [math.nan, 1.0]).reason == "the loss is nan at step 2"


def test_without_a_target_the_first_loss_is_what_to_be_below():
    assert verdict(made([1.0, 0.001])) == ("descending", "the loss fell from 1 to 0.001")
    minimum = [9.0] * 10 + [0.5] * 40
    assert verdict(made(minimum, VANISHED))[0] == "descending"
    assert verdict(made(minimum, VANISHED), 0.1)[0] == "saturated"
    assert verdict(made([7.7] + [8.0] * 49, VANISHED))[0] == "saturated"
    assert verdict(made([1.0] * 9))[0] == "crawling"


@given(
    st.lists(st.floats(), max_size=40),
    st.lists(st.floats(min_value=0), max_size=40),
    st.none() | st.floats(1e-300, 1e300),
)
def test_every_history_has_a_verdict_that_its_numbers_bear_out(losses, grad_norms, target):
    found, reason = verdict(made(losses, grad_norms), target)
    assert reason
    if not losses:
        assert found == "begun"
        return
    last = losses[-1]
    assert (found == "converged") == (target is not None and last < target)
    if not math.isfinite(last) and found != "converged":
        assert found == "diverged"
    if found in ("converged", "diverged") and len(losses) == 1:
        return
    assert (found == "begun") == (len(losses) == 1)
    assert found in WORDS or found == "begun"
    if found == "descending":
        assert not last >= max(losses)
    if found == "saturated":
        assert grad_norms[-1] <= 0.01 * min(10 * abs(losses[0]), abs(last))


LEVELS = st.sampled_from([8.0, 4.0, 7.9, 1.0, 0.5, 0.05]) | st.floats(1e-3, 1e3)


@given(st.data(), st.none() | st.sampled_from([0.01, 0.1, 1.0]))
def test_runs_that_ended_alike_have_the_same_word(data, target):
    """Alike: in the later half of the losses, the last gradient, the first loss and the target."""
    steps = data.draw(st.integers(12, 60))
    late = max(10, steps // 2) + 1
    end = data.draw(st.lists(LEVELS, min_size=late, max_size=late))
    if data.draw(st.booleans()):
        end[-3:] = [end[-1]] * 3
    length = data.draw(st.sampled_from([0.0, 1e-9, 1e-3, 0.1, 10.0]))
    words = set()
    for _ in range(3):
        begun = data.draw(st.lists(LEVELS, min_size=steps + 1 - late, max_size=steps + 1 - late))
        begun[0] = 5.0
        norms = [data.draw(st.sampled_from([1e-9, 1.0, 1e9]))] * steps + [length]
        words.add(verdict(made(begun + end, norms), target)[0])
    assert len(words) == 1


@pytest.mark.parametrize("lr", [0.3, 0.5, 0.7, 1.0, 3.0])
def test_bounded_outputs_do_not_diverge_and_unbounded_ones_do(lr):
    for steps in (20, 100):
        for seed in range(10):
            bounded = mt.train(steps=steps, lr=lr, seed=seed, target_loss=0.01)
            assert bounded.verdict != "diverged"
            if min(bounded.losses[-2:]) > 7.99 and bounded.grad_norms[-1] < 0.05:
                assert bounded.verdict == "saturated"
            linear = MLP(3, [4, 4, 1], output_activation="linear", seed=seed)
            xs, ys = mt.datasets.toy()
            assert mt.train(linear, xs, ys, steps=steps, lr=lr).verdict == "diverged"


def test_what_is_said_to_have_grown_ended_above_its_beginning():
    history = mt.History(None, "eager")
    history.losses, history.grad_norms = [175.3, 211.1, 166.6], [900.0] * 3
    assert verdict(history)[0] == verdict(history, 0.01)[0] == "oscillating"


def test_the_history_says_what_became_of_the_run():
    seen = []
    history = mt.train(
        lr=1.0, target_loss=0.01, on_step=lambda h: seen.append((h.status, h.verdict))
    )
    assert seen[0] == ("running", "begun") and seen[1][0] == "running"
    assert history.verdict == "saturated" and "stuck at 8" in history.reason
    assert str(history) == f"{history!r}\n{history.verdict}: {history.reason}"
    assert f"{history.verdict}: {history.reason}" in history._repr_html_()
    record = history.to_dict()
    assert (record["verdict"], record["reason"]) == (history.verdict, history.reason)
    assert mt.train(steps=1).verdict == "begun"


@given(st.floats(1e-4, 0.3), st.integers(4, 200), st.floats(1.0, 50.0))
def test_the_pace_of_an_exponential_is_foreseen_exactly(pace, moves, more):
    losses = [math.exp(-pace * k) for k in range(moves + 1)]
    target = math.exp(-pace * moves * (1 + more))
    if target > 1e-300:
        assert steps_to_go(losses, target) == pytest.approx(more * moves, rel=0.02)


@given(st.floats(0.5, 3.0), st.integers(40, 400), st.floats(1.1, 50.0))
def test_the_pace_of_a_power_law_is_foreseen_well(power, moves, factor):
    losses = [(1 + k) ** -power for k in range(moves + 1)]
    target = (1 + moves * factor) ** -power
    assert steps_to_go(losses, target) == pytest.approx((factor - 1) * moves, rel=0.4)


@given(st.data())
def test_the_pace_goes_on_slackening_as_it_did(data):
    """Its integral over the steps to go is how far the logarithm of the loss has to fall."""
    moves = data.draw(st.integers(2, 60))
    quarter = max(1, moves // 4)
    before, pace, far = (data.draw(st.floats(0.01, 1.0)) for _ in range(3))
    logs = [0.0] * (moves + 1 - 2 * quarter)
    logs += [-before * k for k in range(1, quarter + 1)]
    logs += [logs[-1] - pace * k for k in range(1, quarter + 1)]
    target = math.exp(logs[-1] - far)
    steps = steps_to_go([math.exp(x) for x in logs], target)
    early, late = moves - 1.5 * quarter, moves - 0.5 * quarter
    power = min(1.0, max(0.0, math.log(before / pace) / math.log(late / early)))
    n = 1000  # of pace * (late / t) ** power, over the logarithm of t
    ts = [moves * (1 + steps / moves) ** ((k + 0.5) / n) for k in range(n)]
    width = math.log(1 + steps / moves) / n
    assert sum(pace * (late / t) ** power * t * width for t in ts) == pytest.approx(far, rel=1e-3)


def test_how_far_the_target_is():
    assert steps_to_go([1.0, 1.0], 0.5) == steps_to_go([math.inf, 1.0], 0.5) == math.inf
    assert steps_to_go([2.0, 1.0], 0.0) == steps_to_go([2.0, 1.0], -0.5) == math.inf
    assert steps_to_go([9, 9, 4, 2, 2], 1) == steps_to_go([9, 9, 4, 4, 2], 1) == pytest.approx(2)
    falling = [math.exp(-k) for k in range(5)]
    near, further = (verdict(made(falling), math.exp(-4 - x))[1] for x in (0.5, 1.6))
    assert near.endswith("is 1 step away") and further.endswith("is some 2 steps away")
    assert steps_to_go([2.0, 1.0], 1.5) == 0.0
    assert steps_to_go([1.0, 2.0], 0.5) == math.inf
    assert steps_to_go([1.0, 0.0], 0.5) == math.inf
    assert steps_to_go([2.0, 1.0], 0.25) == pytest.approx(2.0)
    bumpy = [4.0, 3.0, 2.5, 2.6, 2.0]
    assert steps_to_go(bumpy, 1.6) == pytest.approx(2.0)
    slow = [2 - 0.5 * k / (1 + k) for k in range(100)]
    assert steps_to_go(slow, 1e-300) == math.inf
    assert "more than 9,900 steps away" in verdict(made(slow), 1e-300)[1]


# Why a run diverged.

ENGINES = ("eager", "compiled")


class One(Module):
    """A model of one parameter, which a function is applied to."""

    def __init__(self, w, function):
        self.w = Value(w)
        self.function = function

    def __call__(self, x):
        return self.function(self.w, x)


def reasons(w, function, loss=lambda y, _: y, **options):
    """Return what an eager and a compiled run say that they diverged by, and the eager one."""
    runs = [
        mt.train(One(w, function), [1.0], [0.0], loss=loss, engine=engine, **options)
        for engine in ENGINES
    ]
    assert {run.status for run in runs} == {"diverged"}
    assert bits(runs[0]) == bits(runs[1])
    return runs[0].error, runs[0]


def test_a_loss_that_became_infinite_is_the_reason():
    error, run = reasons(1.0, lambda w, x: w * w * w * x, lr=1e30)
    assert error == f"the loss is {run.final_loss} at step {len(run.losses) - 1}"
    assert math.isinf(run.final_loss)
    assert repr(run).endswith(f"{run.final_loss}: {error})")


def test_a_loss_that_is_infinite_or_nan_from_the_first_is_the_reason():
    assert reasons(1e200, lambda w, x: w * w * x)[0] == "the loss is inf at step 0"
    assert reasons(1e200, lambda w, x: -w * w * x)[0] == "the loss is -inf at step 0"
    assert reasons(1e200, lambda w, x: w * w - w * w * x)[0] == "the loss is nan at step 0"


def test_a_gradient_that_was_nan_is_the_reason():
    error, run = reasons(0.0, lambda w, x: (w * w * x).sqrt())
    assert run.losses[0] == 0.0 and math.isnan(run.grad_norms[0])
    assert error == "the loss is nan at step 1, after a gradient that was nan at step 0"


def test_the_text_of_an_arithmetic_error_is_still_the_reason():
    error, _ = reasons(-1.0, lambda w, x: w.log() * x)
    assert error == "log(-1.0) is undefined: log takes a number above 0"


def test_an_arithmetic_error_without_a_text_is_named():
    def loss(y, _):
        raise ArithmeticError

    run = mt.train(One(1.0, lambda w, x: w * x), [1.0], [0.0], loss=loss)
    assert (run.status, run.error) == ("diverged", "ArithmeticError")


def test_a_run_that_goes_on_from_a_checkpoint_diverges_for_the_same_reason(tmp_path):
    def run(steps, **options):
        model = One(0.5, lambda w, x: w * w * x)
        return mt.train(model, [1.0], [0.0], loss=lambda y, _: y, lr=1e3, steps=steps, **options)

    path = tmp_path / "run.json"
    assert run(3, checkpoint=path).error == ""
    again, whole = run(500, checkpoint=path), run(500)
    assert again.error == whole.error == f"the loss is inf at step {len(whole.losses) - 1}"


def test_the_verdict_says_why_once():
    _, run = reasons(1e200, lambda w, x: w * w * x)
    assert verdict(run) == ("diverged", "the loss is inf at step 0")
    _, run = reasons(-1.0, lambda w, x: w.log() * x)
    assert verdict(run) == ("diverged", f"there is no finite loss at step 0: {run.error}")


def test_the_command_says_why_once(capsys):
    main(["train", "--lr", "1e200", "--output-activation", "linear", "--steps", "50"])
    told = [line for line in capsys.readouterr().out.splitlines() if line.startswith("Diverged")]
    assert told == ["Diverged: the loss is inf at step 1. Try a smaller --lr."]


@pytest.mark.parametrize("target", [None, 1e-9])
def test_the_noise_of_mini_batches_is_no_oscillation(target):
    def line(seed):
        return MLP(1, [1], output_activation="linear", seed=seed)

    xs = [[k / 10] for k in range(20)]
    ys = [0.5 * x + (0.3 if k % 2 else -0.3) for k, [x] in enumerate(xs)]  # on no line
    history = mt.train(
        line(0), xs, ys, lr=0.05, steps=400, batch_size=4, target_loss=target, reduction="mean"
    )
    assert rises(history.losses) > 100 and history.per_pass == 5
    if target is None:
        assert history.verdict == "descending" and "the mean loss of a pass fell" in history.reason
    else:
        assert history.verdict in ("crawling", "descending", "saturated")
    assert mt.train(line(0), xs, ys, lr=1.0, steps=40, batch_size=4).verdict == "diverged"


@given(st.lists(st.floats(0.01, 10.0), min_size=2, max_size=60), st.sampled_from([2, 4]))
def test_a_run_of_mini_batches_is_judged_by_the_means_of_its_passes(means, k):
    passes, whole = made([mean for mean in means for _ in range(k)]), made(means)
    passes.per_pass = k
    expected, found = whole.verdict, passes.verdict
    if expected == "oscillating":  # a rise is noise where each loss is that of a few samples
        expected = "descending" if means[-1] < means[0] else "crawling"
    assert found == expected


def test_how_many_steps_make_a_pass():
    def steps(**options):
        return mt.train(steps=3, **options).per_pass

    assert (steps(), steps(batch_size=1), steps(batch_size=3)) == (1, 4, 2)
    assert (steps(batch_size=1, accumulate=4), steps(batch_size=1, accumulate=3)) == (1, 2)
    one, two = (mt.train(steps=n, batch_size=1) for n in (7, 8))
    assert (one.verdict, two.verdict) == ("begun", "descending")
    assert one.reason == "there are fewer than two passes over the samples, too few to tell"
