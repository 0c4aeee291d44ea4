// What became of a run, in the page's words: a headline, the rest of the sentence, a symbol.

/** The symbol of each fate, and how it is coloured. */
const FATES = {
  converged: ["\u25cf", "good"],
  solved: ["\u25cf", "good"],
  stopped: ["\u25cb"],
  saturated: ["\u25a0", "bad"],
  diverged: ["\u25b2", "bad"],
  oscillating: ["\u2248"],
  crawling: ["\u2026"],
  descending: ["\u2198"],
  begun: ["\u00b7"],
};
const fateText = (fate) => (fate === "begun" ? "too short to tell" : fate);
const verdictKind = (fate) => FATES[fate][1] ?? "plain";

/** That some target is out of the output's reach, if so. */
function reach({ data, out }) {
  const set = page.sets[data],
    [low, high] = { tanh: [-1, 1], sigmoid: [0, 1], relu: [0, Infinity] }[out] || [],
    missed = set.ys.flat().find((y) => y < low || y > high);
  return missed === undefined || set.classes
    ? ""
    : ` A ${out} output can\u2019t be ${plain(missed)}.`;
}

/** The verdict of a whole run: the headline, and what follows it; `ahead`: its end is yet to come. */
function toldVerdict(one, wrong, samples, ahead = false) {
  const { fate, rose, of } = one.verdict(),
    end = one.head,
    [first, last] = [one.fullLoss(0), one.fullLoss(end)],
    loss = short(last, 3),
    all = isWhole(one) ? "the loss" : "the loss of all samples",
    way = `from ${short(first, 3)} to ${loss}`,
    tense = (present, past) => (ahead ? present : past);
  const though =
    isWhole(one) && rose
      ? `, though it ${tense("rises", "rose")} in ${rose} of ${plural(of, "step")}`
      : "";
  const yet = wrong
    ? `, yet ${wrong} of ${samples} predictions ${wrong === 1 ? "is" : "are"} wrong`
    : "";
  const right = `${wrong ? `${samples - wrong} of` : "all"} ${samples} ${samples - wrong === 1 ? "is" : "are"} right`,
    then = ahead ? " then" : "",
    score = samples ? `; ${samples === 1 ? `it is ${wrong ? "wrong" : "right"}` : right}${then}` : "";
  const ends = `${score}.${reach(one.config)}`;
  switch (fate) {
    case "converged":
      return [
        `\u2713 ${tense("Converges", "Converged")} at step ${end}`,
        `: loss below ${plain(one.options.target)}${though}${yet}.`,
      ];
    case "stopped":
      return [
        `\u25cb ${tense("Stops", "Stopped")} at step ${end}`,
        `: the loss of its batch alone was below ${plain(one.options.target)}, by luck; that of all samples is ${loss}${yet}.`,
      ];
    case "diverged": {
      const ended = one.status === "diverged" ? "; after that it is no number any more" : "";
      return [
        `\u2717 ${leftAt(one, tense("s", "d"))}`,
        `: ${all} ${tense("grows", "grew")}${last < first ? " again," : ""} to ${loss} by step ${end}${ended}. The steps ${one.config.zeroGrad ? "are too" : "grow too"} long.`,
      ];
    }
    case "saturated":
      return [
        `\u25a0 ${tense("Gets stuck", "Stuck")}, not solved`,
        ` (saturated): ${stuckText(one, tense)} ${loss}${ends}`,
      ];
    case "oscillating":
      return [
        `\u2248 Still oscillating at step ${end}`,
        `: the loss ${tense("rises", "rose")} in ${rose} of ${of} steps, and ${tense("goes", "went")} ${way}${ends}`,
      ];
    case "crawling": {
      const why =
        last < first
          ? `the target loss is not to be expected within ${plural(FAR * end, "more step")}`
          : `it began with ${short(first, 3)}, so nothing is gained`;
      return [
        `\u2026 Still crawling at step ${end}`,
        `: ${all} is ${loss}; ${why}${ends}`,
      ];
    }
    case "solved": {
      const step = one.losses.findLastIndex((loss) => loss !== 0) + 1;
      return [`\u2713 Solved at step ${step}`, `: from there on the loss is 0${yet}.`];
    }
    case "descending": {
      let moved = `${all} ${tense("falls", "fell")} ${way}`;
      if (short(first, 3) === loss) moved = `${all} is still ${loss}`;
      else if (last > first)
        moved = `the losses of its batches ${tense("fall", "fell")}; that of all samples ${tense("goes", "went")} ${way}`;
      return [
        `\u2198 ${one.options.target === null ? "Descending" : "Still descending"} at step ${end}`,
        `: ${moved}${ends}`,
      ];
    }
    default:
      return end < 1
        ? ["There is one step only", ": one loss is too few to tell."]
        : [
            "\u00b7 Too few steps to tell",
            `: fewer than two passes over the samples. ${capital(all)} ${tense("goes", "went")} ${way}${ends}`,
          ];
  }
}

/** What took the gradient of a run that is stuck, and when; its loss is to follow. */
function stuckText(one, tense) {
  const step = lostAt(one);
  if (lostBy(one) === "cancel")
    return `nothing is flat, but from step ${step} on the samples\u2019 gradients cancel: near here this network can hardly do better than`;
  const gone = step ? `the gradient ${tense("vanishes", "vanished")} at step ${step}` : "there is hardly any gradient";
  return `${gone}, the loss stays at`;
}

/** That a run diverged, or diverges, and from which step on its loss is above the first. */
function leftAt({ losses, head }, tense = "d") {
  const step = losses.findLastIndex((loss) => loss <= losses[0]) + 1;
  return step <= head ? `Diverge${tense} at step ${step}` : "Diverging";
}

/** What took the gradient of a run that is stuck, as far as the page can look into it. */
const lostBy = (one) =>
  (one.lostBy ??= canWalk() ? one.engine.lostBy(one.parameters(one.head), seenAt(one.head, one)) : "");

/** From which step on a run has no gradient to speak of, by the measure of its verdict. */
const lostAt = ({ losses, gradNorms }) =>
  gradNorms.findLastIndex((norm, k) => !hasVanished(norm, losses[k], losses[0])) + 1;

/** How a run ended, in a few words. */
function briefly(one) {
  const { fate } = one.verdict(),
    loss = `loss ${short(one.fullLoss(one.head), 3)}`;
  if (fate === "converged") return `converged at step ${one.head}`;
  if (fate === "diverged") return leftAt(one).toLowerCase();
  return fate === "saturated" ? `stuck at ${loss}` : `${loss} at step ${one.head}`;
}

/** The learning rate, or the rates in their order. */
const ratesText = (pieces) => {
  if (pieces.length <= MANY_RATES)
    return pieces
      .map(([from, lr]) => plain(lr) + (from ? ` from step ${from} on` : ""))
      .join(", then ");
  const rates = pieces.map(([, lr]) => lr);
  return `rates from ${short(Math.min(...rates), 3)} to ${short(Math.max(...rates), 3)}`;
};

/** What a run was trained with, as far as it differs from what is trained now. */
function difference(config, other) {
  const { zeroGrad, seed, mean, batch, steps, target } = config,
    words = [
      [["net", "out"], `with ${netText(config)}`],
      [["zeroGrad"], zeroGrad ? "with the reset" : "without the reset"],
      [["seed"], `from start ${seed}`],
      [["mean"], `by the ${mean ? "mean" : "sum"} of the losses`],
      [["batch"], batch ? `in batches of ${batch}` : "with all samples in each step"],
      [["steps"], `for ${plural(steps, "step")}`],
      [["target"], target === null ? "without a target" : `to a loss of ${plain(target)}`],
    ],
    told = words.filter(([names]) => !same(config, other, names)).map(([, text]) => text);
  if (!told.length || !same(config, other, ["lr"])) told.unshift(`at ${ratesText(config.lr)}`);
  return told.join(", ");
}

/** The layers in words: 3 inputs, 4 tanh, … */
function netText({ data, net, out }) {
  const set = page.sets[data];
  return [
    plural(set.inputs, "input"),
    ...net.map(({ n, activation }) => `${n} ${activation}`),
    `${set.outputs} ${out}`,
  ].join(` ${ARROW_RIGHT} `);
}
