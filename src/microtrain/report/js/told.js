// What became of a run, in the page's words: a headline, the rest of the sentence, a symbol.

const SYMBOLS = {
  converged: "\u25cf",
  saturated: "\u25a0",
  diverged: "\u25b2",
  oscillating: "\u2248",
  crawling: "\u2026",
  descending: "\u2198",
  begun: "\u00b7",
};
const OFTEN = 1 / 5; // of the steps: where the loss rises in so many, that is worth a word

/** The word of training's verdicts for a run, and what it needs to be told. */
function verdictKind(word) {
  return word === "converged" ? "good" : ["saturated", "diverged"].includes(word) ? "bad" : "plain";
}

/** The verdict of a whole run: the headline, and what follows it. */
function toldVerdict(one, wrong, samples) {
  const { word, rose, of } = one.verdict(),
    end = one.head,
    loss = short(one.losses[end], 3),
    steps = plural(end, "step");
  const though =
    rose >= OFTEN * of && rose > 0 ? `, though it rose in ${rose} of ${plural(of, "step")}` : "";
  const yet = wrong
    ? `, yet ${wrong} of ${samples} predictions ${wrong === 1 ? "is" : "are"} wrong`
    : "";
  const score = samples
    ? `; ${wrong ? samples - wrong : "all"} ${wrong ? "of " : ""}${samples} are right`
    : "";
  switch (word) {
    case "converged":
      return [
        `\u2713 Converged at step ${end}`,
        `: ${one.config.batch === null ? "loss" : "a batch\u2019s loss"} below ${plain(one.options.target)}${though}${yet}.`,
      ];
    case "diverged": {
      const ended = one.status === "diverged" ? `; after step ${end} it is no number any more` : "";
      return [
        `\u2717 ${leftAt(one)}`,
        `: the loss grew to ${loss}${ended}. The steps are too long.`,
      ];
    }
    case "saturated":
      return [
        "\u25a0 Stuck, not solved",
        ` (saturated): the gradient has vanished, the loss stays at ${loss}${score}.`,
      ];
    case "oscillating":
      return [
        "\u2248 Still oscillating",
        `: the loss rose in ${rose} of ${of} steps, and is ${loss}${score}.`,
      ];
    case "crawling":
      return one.losses[end] < one.losses[0]
        ? ["\u2026 Still crawling", `: after ${steps} the loss is ${loss}${score}.`]
        : [
            "\u2026 Nothing gained",
            `: after ${steps} the loss is ${loss}; it began with ${short(one.losses[0], 3)}.`,
          ];
    case "descending":
      return ["\u2198 Still descending", `: after ${steps} the loss is ${loss}${score}.`];
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
  const { word } = one.verdict();
  if (word === "converged") return `at step ${one.head}`;
  if (word === "diverged") return leftAt(one).toLowerCase();
  const how = word === "saturated" ? "stuck at " : "";
  return `${how}loss ${short(one.losses[one.head], 3)} after ${plural(one.head, "step")}`;
}

/** What a run was trained with, as far as it differs from what is trained now. */
function difference(config, other) {
  const rates = config.pieces
    .map(([from, lr]) => plain(lr) + (from ? ` from step ${from} on` : ""))
    .join(", then ");
  const told = [];
  const differs = (...names) =>
    names.some((name) => JSON.stringify(config[name]) !== JSON.stringify(other[name]));
  if (differs("net", "out")) told.push(`with ${netText(config)}`);
  if (differs("zero")) told.push(config.zero ? "with the reset" : "without the reset");
  if (differs("seed")) told.push(`from start ${config.seed}`);
  if (differs("batch", "steps", "target"))
    told.push(
      config.batch ? `in batches of ${config.batch}` : `for ${plural(config.steps, "step")}`,
    );
  if (differs("pieces") || !told.length) told.unshift(`at ${rates}`);
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
