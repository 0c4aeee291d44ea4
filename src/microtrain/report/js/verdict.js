// What became of a run, in the words of `training/verdict.py`, by the same rules in the same order.

const RISE = 1e-9;
const NOISE = 1e-15;
const FLAT = 0.01;
const LATE = 10;
const FAR = 10;

// A number as Python's `f"{x:.{digits}g}"` writes it.
function formatG(x, digits) {
  if (!Number.isFinite(x)) return Number.isNaN(x) ? "nan" : x > 0 ? "inf" : "-inf";
  const [mantissa, power] = x.toExponential(digits - 1).split("e");
  const exponent = Number(power);
  const short = (text) => (text.includes(".") ? text.replace(/\.?0+$/, "") : text);
  if (exponent >= -4 && exponent < digits) return short(x.toFixed(digits - 1 - exponent));
  const size = String(Math.abs(exponent)).padStart(2, "0");
  return `${short(mantissa)}e${exponent < 0 ? "-" : "+"}${size}`;
}

function counted(n, what) {
  return `${n.toLocaleString("en-US")} ${what}${n === 1 ? "" : "s"}`;
}

// The nearest whole number, and of two the even one, as Python rounds.
function whole(x) {
  const below = Math.floor(x);
  if (x - below !== 0.5) return Math.round(x);
  return below % 2 ? below + 1 : below;
}

// In how many steps the loss rose, by more than rounding might make it.
function risesOf(losses) {
  const noise = Number.isFinite(losses[0]) ? NOISE * Math.abs(losses[0]) : 0;
  let count = 0;
  for (let k = 1; k < losses.length; k += 1) {
    if (losses[k] > losses[k - 1] + RISE * Math.abs(losses[k - 1]) + noise) count += 1;
  }
  return count;
}

// How many more steps it takes to the target, at the pace that the loss has.
function stepsToGo(losses, target) {
  const moves = losses.length - 1;
  const quarter = Math.max(1, Math.floor(moves / 4));
  const span = Math.min(moves, 2 * quarter);
  const [start, middle, last] = [moves - span, moves - quarter, moves].map((k) => losses[k]);
  if (!(target > 0 && last > 0 && last < start && start < Infinity)) return Infinity;
  if (last <= target) return 0;
  let slackening = 0;
  let pace;
  if (!(last < middle && middle < start)) {
    pace = Math.log(start / last) / span;
  } else {
    const before = Math.log(start / middle) / quarter;
    pace = Math.log(middle / last) / quarter;
    const early = moves - (3 * quarter) / 2;
    const late = moves - quarter / 2;
    if (before > pace && early > 0) {
      slackening = Math.min(1, Math.log(before / pace) / Math.log(late / early));
      pace *= (late / moves) ** slackening;
    }
  }
  const distance = Math.log(last / target) / (pace * moves);
  const left = 1 - slackening;
  const growth = left < 1e-9 ? Math.exp(distance) : (1 + left * distance) ** (1 / left);
  return moves * (growth - 1);
}

// The losses around the later half of the steps, or around the last ten if that is more.
function laterOf(losses) {
  return losses.slice(-1 - Math.max(LATE, Math.floor((losses.length - 1) / 2)));
}

// The mean loss of each k steps, the last of which ends with the last step.
function passMeans(losses, steps) {
  const k = Math.min(steps, Math.floor(losses.length / 2));
  const means = [];
  for (let start = losses.length % k; start < losses.length; start += k) {
    means.push(meanOf(losses.slice(start, start + k)));
  }
  return means;
}

function meanOf(losses) {
  let mean = 0;
  for (const loss of losses) mean += loss / losses.length;
  return mean;
}

// perPass: how many steps a pass over the samples takes; 1 where each loss is that of all.
function judged(all, gradNorms, target, perPass) {
  let losses = all;
  const moves = losses.length - 1;
  let late = laterOf(losses);
  const rose = risesOf(late);
  const of = late.length - 1;
  const oscillates = perPass === 1 && of > 0 && rose >= (1 / 5) * of;
  const swings = `rose in ${rose} of the last ${counted(of, "step")}`;
  let last = losses[moves];
  if (target !== null && moves >= 0 && last < target) {
    const swung = oscillates ? `, though it ${swings}` : "";
    return ["converged", `the loss is below ${formatG(target, 6)} at step ${moves}${swung}`];
  }
  if (moves >= 0 && !Number.isFinite(last)) {
    const nan = moves > 0 && Number.isNaN(gradNorms[moves - 1]);
    const after = nan ? `, after a gradient that was nan at step ${moves - 1}` : "";
    return ["diverged", `the loss is ${formatG(last, 3)} at step ${moves}${after}`];
  }
  if (moves < 1) return ["begun", "there are fewer than two losses, too few to tell"];
  let what = "the loss";
  if (perPass > 1) {
    losses = passMeans(losses, perPass);
    late = laterOf(losses);
    what = "the mean loss of a pass";
  }
  const [first, before] = [losses[0], losses[losses.length - 2]];
  last = losses[losses.length - 1];
  const told = formatG(last, 3);
  const norm = gradNorms.length ? gradNorms[gradNorms.length - 1] : NaN;
  const fell = target === null && last < first;
  const flat = FLAT * Math.abs(last);
  if (!fell && norm < flat && Math.abs(before - last) < flat) {
    const gone = `the gradient has vanished (its length is ${formatG(norm, 1)})`;
    return ["saturated", `${gone} and the loss is stuck at ${told}`];
  }
  const half = Math.floor(late.length / 2);
  if (risesOf([Math.max(...late.slice(0, half)), meanOf(late.slice(half))])) {
    return ["diverged", `${what} grew to ${told}`];
  }
  if (oscillates) return ["oscillating", `the loss ${swings}, and is ${told}`];
  if (fell) return ["descending", `${what} fell from ${formatG(first, 3)} to ${told}`];
  if (target === null || last >= late[0]) {
    return ["crawling", `${what} is ${told}, and does not fall`];
  }
  const togo = perPass * stepsToGo(losses, target);
  const fellTo = `${what} fell to ${told}; at this pace the target is`;
  if (togo > 10 * FAR * moves) {
    return ["crawling", `${fellTo} more than ${counted(10 * FAR * moves, "step")} away`];
  }
  const some = togo <= 1 ? "1 step" : `some ${counted(whole(Number(togo.toPrecision(2))), "step")}`;
  return [togo > FAR * moves ? "crawling" : "descending", `${fellTo} ${some} away`];
}

function verdictOf(losses, gradNorms, target, perPass = 1) {
  const [word, reason] = judged(losses, gradNorms, target, perPass);
  const step = losses.length - 1;
  return {
    word, reason, step,
    rose: risesOf(losses),
    of: Math.max(0, step),
    last: losses[step],
    norm: gradNorms[gradNorms.length - 1],
  };
}
