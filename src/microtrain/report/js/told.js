// What became of a run, in the page's words: a headline, the rest of the sentence, a symbol.

const SYMBOLS = {
  converged: "\u25cf",
  solved: "\u25cf",
  stopped: "\u25cb",
  saturated: "\u25a0",
  diverged: "\u25b2",
  oscillating: "\u2248",
  crawling: "\u2026",
  descending: "\u2198",
  begun: "\u00b7",
};

/** How a fate is coloured. */
function verdictKind(fate) {
  return ["converged", "solved"].includes(fate)
    ? "good"
    : ["saturated", "diverged"].includes(fate)
      ? "bad"
      : "plain";
}

/** That some target is out of the output's reach, if so. */
function reach({ data, out }) {
  const set = page.sets[data],
    [low, high] = { tanh: [-1, 1], sigmoid: [0, 1], relu: [0, Infinity] }[out] || [],
    missed = set.ys.flat().find((y) => y < low || y > high);
  return missed === undefined || set.classes
    ? ""
    : ` A ${out} output can\u2019t be ${plain(missed)}.`;
}

/** The verdict of a whole run: the headline, and what follows it. */
function toldVerdict(one, wrong, samples) {
  const { fate, rose, of } = one.verdict(),
    end = one.head,
    [first, last] = [one.fullLoss(0), one.fullLoss(end)],
    loss = short(last, 3),
    steps = plural(end, "step");
  const though =
    one.config.batch === null && rose >= OFTEN * of && rose > 0
      ? `, though it rose in ${rose} of ${plural(of, "step")}`
      : "";
  const yet = wrong
    ? `, yet ${wrong} of ${samples} predictions ${wrong === 1 ? "is" : "are"} wrong`
    : "";
  const score = samples
    ? `; ${wrong ? samples - wrong : "all"} ${wrong ? "of " : ""}${samples} are right`
    : "";
  const ends = `${score}.${reach(one.config)}`;
  switch (fate) {
    case "converged":
      return [
        `\u2713 Converged at step ${end}`,
        `: loss below ${plain(one.options.target)}${though}${yet}.`,
      ];
    case "stopped":
      return [
        `\u25cb Stopped at step ${end}`,
        `: a batch\u2019s loss was below ${plain(one.options.target)}, by luck; that of all samples is ${loss}${yet}.`,
      ];
    case "diverged": {
      const ended = one.status === "diverged" ? `; after step ${end} it is no number any more` : "";
      return [
        `\u2717 ${leftAt(one)}`,
        `: the loss grew to ${loss}${ended}. The steps ${one.config.zeroGrad ? "are too" : "grow too"} long.`,
      ];
    }
    case "saturated":
      return [
        "\u25a0 Stuck, not solved",
        ` (saturated): the gradient has vanished, the loss stays at ${loss}${ends}`,
      ];
    case "oscillating":
      return [
        "\u2248 Still oscillating",
        `: the loss rose in ${rose} of ${of} steps, and is ${loss}${ends}`,
      ];
    case "crawling":
      return last < first
        ? ["\u2026 Still crawling", `: after ${steps} the loss is ${loss}${ends}`]
        : [
            "\u2026 Nothing gained",
            `: after ${steps} the loss is ${loss}; it began with ${short(first, 3)}.${reach(one.config)}`,
          ];
    case "solved": {
      const step = one.losses.findLastIndex((loss) => loss !== 0) + 1;
      return [`\u2713 Solved at step ${step}`, `: from there on the loss is 0${yet}.`];
    }
    case "descending":
      return ["\u2198 Still descending", `: after ${steps} the loss is ${loss}${ends}`];
    default:
      return ["One loss is too few to tell", "."];
  }
}

/** That a run diverged, and from which step on its loss is above the first. */
function leftAt({ losses, head }) {
  const step = losses.findLastIndex((loss) => loss <= losses[0]) + 1;
  return step <= head ? `Diverged at step ${step}` : "Diverging";
}

/** How a run ended, in a few words. */
function briefly(one) {
  const { fate } = one.verdict();
  if (fate === "converged") return `at step ${one.head}`;
  if (fate === "diverged") return leftAt(one).toLowerCase();
  const how = fate === "saturated" ? "stuck at " : "";
  return `${how}loss ${short(one.fullLoss(one.head), 3)} after ${plural(one.head, "step")}`;
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
  const told = [];
  const differs = (...names) =>
    names.some((name) => JSON.stringify(config[name]) !== JSON.stringify(other[name]));
  if (differs("net", "out")) told.push(`with ${netText(config)}`);
  if (differs("zeroGrad")) told.push(config.zeroGrad ? "with the reset" : "without the reset");
  if (differs("seed")) told.push(`from start ${config.seed}`);
  if (differs("batch"))
    told.push(config.batch ? `in batches of ${config.batch}` : "with all samples in each step");
  if (differs("steps")) told.push(`for ${plural(config.steps, "step")}`);
  if (differs("target"))
    told.push(config.target === null ? "without a target" : `to a loss of ${plain(config.target)}`);
  if (differs("lr") || !told.length) told.unshift(`at ${ratesText(config.lr)}`);
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
