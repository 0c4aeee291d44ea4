// What became of a run: the word of `training/verdict.py`, by the same rules in the same order.

const RISE = 1e-9;
const NOISE = 1e-15;
const OFTEN = 1 / 5;
const FLAT = 0.01;
const BLOWN = 10;
const LATE = 10;
const FAR = 10;

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
function passMeans(losses, k) {
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

// Whether a gradient of this length is none, beside the loss there and the first.
function hasVanished(length, loss, first) {
  return length < FLAT * Math.min(BLOWN * Math.abs(first), Math.abs(loss));
}

// perPass: how many steps a pass over the samples takes; 1 where each loss is that of all.
function judged(all, gradNorms, target, perPass) {
  const moves = all.length - 1;
  if (target !== null && moves >= 0 && all[moves] < target) return "converged";
  if (moves >= 0 && !Number.isFinite(all[moves])) return "diverged";
  if (all.length < 2 * perPass) return "begun";
  const losses = perPass > 1 ? passMeans(all, perPass) : all;
  const late = laterOf(losses);
  const [first, before, last] = [losses[0], ...losses.slice(-2)];
  const fell = target === null && last < first;
  const flat = FLAT * Math.abs(last);
  const vanished = hasVanished(gradNorms.at(-1), last, first);
  const half = Math.floor(late.length / 2);
  const stuck = Math.abs(before - last) < flat && late[half] - last < flat;
  if (!fell && vanished && stuck) return "saturated";
  const least = Math.min(last, meanOf(late.slice(half)));
  const grew = risesOf([Math.max(...late.slice(0, half)), least]);
  if (grew || last > BLOWN * Math.abs(first)) return "diverged";
  if (perPass === 1 && risesOf(late) >= OFTEN * (late.length - 1)) return "oscillating";
  if (fell) return "descending";
  if (target === null || last >= late[0]) return "crawling";
  return perPass * stepsToGo(losses, target) > FAR * moves ? "crawling" : "descending";
}

function verdictOf(losses, gradNorms, target, perPass = 1) {
  const step = losses.length - 1;
  return {
    word: judged(losses, gradNorms, target, perPass),
    step,
    rose: risesOf(losses),
    of: Math.max(0, step),
    last: losses[step],
  };
}
