// What the walk says at each part: one sentence, its numbers in slots, at most thirty words.

const STEEP = 0.5; // slopes above are steep, above BENT they bend
const slopeWord = (slope) =>
  Math.abs(slope) > STEEP ? "is steep" : Math.abs(slope) >= BENT ? "bends" : "is nearly flat";
const slopeText = (slope, digits = 4) => (slope === 1 ? "1" : short(slope, digits));
const given = (x, digits = 4) => `{${plain(x, digits)}|${full(x)}}`;
const product = (a, b) => `${a} ${TIMES} ${bracketed(b)}`;
const APPLIED = { tanh: Math.tanh, sigmoid, relu: (z) => Math.max(0, z), linear: (z) => z };
const NOTHING = "Nothing arrives, so nothing is passed on.";

/** The sentence of a part; `t` is the step's trace. */
function sentence(part, t) {
  const neuron = part.l === undefined ? null : t.layers[part.l][part.j];
  const broken = notFinite(part, t, neuron);
  return broken
    ? "From here on there is no number to go on with."
    : SENTENCES[part.kind](part, t, neuron);
}

function notFinite(part, t, neuron) {
  if (part.phase === "forward" && neuron) return !finite(neuron.value);
  if (part.phase === "loss") return !finite(part.kind === "L3" ? t.total : t.loss);
  if (part.phase === "backward" && neuron) return !finite(neuron.delta);
  return part.phase === "update" && !finite(t.used[state.weight]);
}

const list = (numbers, show = (x) => given(x)) =>
  numbers.length > 8
    ? `${Array.from(numbers.slice(0, 8), show).join(", ")}, \u2026`
    : Array.from(numbers, show).join(", ");
const wantedText = (t, digits) =>
  engine.set.classes
    ? `{${unbraced(className(engine.set, t.y.indexOf(1)))}}`
    : list(t.y, (x) => given(x, digits));

const SENTENCES = {
  F0: (part, t) => {
    const { sample } = state,
      batch = isWhole() ? "" : ofBatch(t.samples.length),
      goes =
        passedBy === null
          ? `Sample ${sample}${batch} goes`
          : `Sample ${passedBy} has no loss: sample ${sample}, which has the largest loss${batch && " of this batch"}, goes`;
    return `${goes} in: ${list(t.x)}. The target is ${wantedText(t)}.`;
  },
  "F bias": (part, t, n) =>
    `The neuron starts from its bias ${number(n.bias)}: its sum when all inputs are 0.`,
  "F product": ({ l, j, k }, t, n) => {
    const [x, w, p] = [n.inputs[k], n.weights[k], n.products[k]],
      from = sumBefore(l, j, k),
      digits = digitsFor([from, p], plus, from + p),
      factors = digitsOfProduct(w, x, digits);
    const weighs = `${inputText(l, k)} is ${given(x, factors)}, its weight ${number(w, factors)}: it`;
    if (p === 0) return `${weighs} adds nothing to ${number(from)}.`;
    return `${weighs} ${p > 0 ? "pushes the sum up" : "pulls the sum down"} by ${number(Math.abs(p), digits)}, from ${number(from, digits)} to ${number(from + p)}.`;
  },
  "F rest": ({ rest }, t, n) =>
    `The other ${rest.length} inputs add ${number(rest.reduce((sum, k) => sum + n.products[k], 0))} together, to ${number(n.z)}.`,
  "F act": ({ l }, t, n) => {
    const { activation } = engine.layers[l],
      z = number(n.z, digitsFor([n.z], APPLIED[activation], n.value)),
      v = number(n.value);
    if (activation === "linear")
      return `The sum ${z} is the output as it is: this neuron is linear.`;
    if (activation === "relu")
      return `The sum is ${z}: ${n.z > 0 ? "above 0, so it passes as it is" : "not above 0, so the neuron is off and says {0}"}.`;
    const steep = n.slope / steepest(activation);
    if (n.slope === 0)
      return `${activation} squeezes ${z} to ${v}. Here it is flat to the last digit: a little more or less in the sum changes nothing.`;
    return `${activation} squeezes ${z} to ${v}. Here it ${slopeWord(steep)}${steep < BENT ? ": a little more or less in the sum changes hardly anything" : ""}.`;
  },
  "F closed": ({ l, j }, t, n) => {
    const { activation } = engine.layers[l],
      through = activation === "linear" ? "added up" : `through ${activation}`;
    return `${capital(nodeName(l, j))}: ${plural(n.weights.length, "input")} and a bias, ${through}, give ${number(n.value)}.`;
  },
  "F layer": ({ l, others }) =>
    `Layer ${l}: ${theOthers(l, others)} do the same, each with its own weights.`,
  L1: (part, t) => {
    const e = t.error[0],
      shown = errorDigits(t),
      digits = digitsFor([t.outputs[0], t.y[0]], (says, y) => says - y, e, shown),
      right = Math.abs(e) < 1e-9;
    return right
      ? `It says ${number(t.outputs[0])}, as it should.`
      : `It says ${number(t.outputs[0], digits)}, it should say ${wantedText(t, digits)}: ${e < 0 ? "too low" : "too high"} by ${number(Math.abs(e), shown)}.`;
  },
  L2: (part, t) => {
    const { why, name } = engine.set.loss,
      says = `It says ${list(t.outputs, (x) => number(x))}, the target is ${wantedText(t)}. `,
      sum = `{${lossSum(t.outputs, t.y, t.loss)}|${full(t.loss)}}`;
    return hasError(engine.set)
      ? `${why || `The ${name} of that`}: ${sum}.`
      : `${says}${why || "The loss"}: ${sum}.`;
  },
  L3: (part, t) => {
    const n = t.samples.length - 1,
      all = run.config.mean
        ? `The mean over ${isWhole() ? `all ${n + 1} samples` : `the ${n + 1} samples of this batch`} is`
        : `With the other ${n === 1 ? "sample" : `${inWords(n)} samples`}${isWhole() ? "" : " of this batch"} the loss is`;
    return `${all} ${number(t.total)}. That is the number to bring down.`;
  },
  B0: (part, t) => {
    if (state.zeroGrad)
      return "Gradients are set to 0 (this line ran first in the step): backward adds to what is there, and gradients of earlier steps are of other weights.";
    const k = head();
    return `Forgotten: nobody set the gradients to 0. ${engine.names[state.weight]}\u2019s starts at ${gradient(run.leftover(k)[state.weight])}, left over from ${plural(k, "step")}.`;
  },
  B1: (part, t) => {
    const k = strongest(t.slopes),
      d = t.slopes[k],
      what = t.slopes.length > 1 ? `output ${k}` : "the prediction";
    if (d === 0)
      return `The loss does not change with ${what}: this sample is already right enough. ${NOTHING}`;
    const { slope } = engine.set.loss,
      e = `[${bracketed(short(t.error[0], errorDigits(t)))}|${full(t.error[0])}]`,
      error = slope && hasError(engine.set) ? ` (${inSigns(slope).replace("error", e)})` : "",
      why = t.share === 1 ? error : ` (it counts for 1 of ${t.samples.length})`;
    return `If ${what} grew a little, the ${t.share === 1 ? "" : "mean "}loss would ${changes(d)}${why}. Now go back and ask what made it.`;
  },
  "B user": ({ u }, t, n) => {
    const user = n.users[u],
      name = nodeName(user.layer, user.neuron),
      who = name === "the output" ? "The output neuron" : capital(name);
    if (user.delta === 0)
      return `${who} used this output, but the gradient of its sum is 0: nothing arrives.`;
    const digits = digitsOfProduct(user.delta, user.weight),
      [d, w] = [user.delta, user.weight].map((x) => short(x, digits));
    return `${who} took this output times its weight ${number(user.weight, digits)}. The gradient of its sum is ${gradient(user.delta, digits)}, so [${product(d, w)}] = ${gradient(user.arrives)} arrives here.`;
  },
  "B rest": ({ rest }, t, n) =>
    `The other ${inWords(rest.length)} neurons that used this output send ${gradient(rest.reduce((sum, u) => sum + n.users[u].arrives, 0))} together.`,
  "B added": (part, t, n) => {
    const size = n.users.reduce((sum, user) => sum + Math.abs(user.arrives), 0),
      cancel = Math.abs(n.arrives) < NEARLY * size;
    return `${capital(inWords(n.users.length))} paths meet here. The loss changes along all of them at once, so they are added: ${gradient(n.arrives)}.${cancel ? " They nearly cancel." : ""}`;
  },
  "B act": ({ l, j }, t, n) => {
    const { activation } = engine.layers[l],
      digits = digitsOfProduct(n.arrives, n.slope),
      g = gradient(n.arrives, digits),
      s = `{${slopeText(n.slope, digits)}|${full(n.slope)}}`;
    if (n.arrives === 0) return NOTHING;
    if (activation === "relu")
      return n.slope
        ? `The neuron is on: slope {1}, all of ${g} gets through.`
        : "The neuron is off: slope {0}, nothing gets through: it learns nothing from this sample.";
    if (activation === "linear")
      return `A linear neuron has slope {1} everywhere: all of ${g} gets through.`;
    if (n.slope === 0)
      return `At ${number(n.value)} ${activation} is flat to the last digit: its slope is {0}. Of ${g} nothing gets through.`;
    const most = steepest(activation),
      steep = Math.abs(n.slope) / most,
      percent = 100 * n.slope,
      whole = Math.round(percent),
      share = percent < 1 ? "less than 1" : whole === 100 && percent < 100 ? "more than 99" : whole;
    return `At ${number(n.value)} ${activation} ${slopeWord(steep)}: its slope is ${s}. Of ${g}, ${steep < BENT && percent >= 1 ? "only " : ""}{${share} %} gets through: ${gradient(n.delta)}.${steep < BENT ? lessonOfFlat(l, j, most) : ""}`;
  },
  "B closed": ({ l, j }, t, n) =>
    n.delta === 0
      ? `${capital(nodeName(l, j))}: ${n.arrives === 0 ? "nothing arrives, so nothing is passed on." : `it is ${isDead(engine.layers[l].activation)}, so none of ${gradient(n.arrives)} gets through.`}`
      : closedText(l, j, n),
  "B layer": ({ l, others }) =>
    `Layer ${l}: ${theOthers(l, others)} do the same, each from its own users.`,
  "B bias": ({ index }, t, n) =>
    `The bias is added as it is (slope {1}), so it gets ${gradient(n.delta)} unchanged.${addedText(t.leftover[index], n.delta)}`,
  "B weight": ({ k, index }, t, n) => {
    const x = n.inputs[k],
      g = n.gradients[k],
      name = engine.names[index],
      digits = digitsOfProduct(n.delta, x),
      says = product(short(n.delta, digits), plain(x, digits));
    const grown =
      t.share === 1
        ? `the loss of sample ${state.sample} would ${changes(g)}`
        : `the mean loss would ${changes(g)}, through sample ${state.sample}`;
    return `${name} was multiplied by ${given(x, digits)}: [${says}] = ${gradient(g)}.${addedText(t.leftover[index], g) || ` If ${name} grew a little, ${grown}${g === 0 ? ": the path is cut" : ""}.`}`;
  },
  BS: (part, t) => {
    const left = t.leftover[state.weight],
      sum = t.sum[state.weight],
      digits = digitsFor([sum, left], plus, t.used[state.weight]),
      heap = left
        ? ` With ${gradient(left, digits)} left over from earlier steps that makes ${gradient(t.used[state.weight])}.`
        : "";
    const mine = t.contributions(state.weight),
      size = mine.reduce((sum, g) => sum + Math.abs(g), 0),
      cancel = Math.abs(sum) < NEARLY * size ? " They nearly cancel." : "",
      many = mine.length > 6;
    if (!many)
      return `That was sample ${state.sample}. Each sample has its say: ${summed(mine, sum, digits)} = ${gradient(sum, digits)}.${cancel}${heap}`;
    return `That was sample ${state.sample}. Each of the ${mine.length} samples has its say; added up, ${engine.names[state.weight]} gets ${gradient(sum, digits)}.${cancel}${heap}`;
  },
  U1: (part, t) => {
    const w = state.weight,
      name = engine.names[w],
      g = t.used[w],
      before = run.parameters(head())[w],
      sum = updateText(before, rateHere(), g, t.after[w]);
    if (g === 0) return `The gradient is 0: ${name} stays as it is.`;
    if (!digitsApart(before, t.after[w])) return `The step is next to nothing, so ${name} stays: ${sum}.`;
    const does = isOver()
      ? `would ${g > 0 ? "shrink" : "grow"} if training did not end here`
      : g > 0
        ? "shrinks"
        : "grows";
    if (t.leftover[w]) {
      const wrong = g * t.sum[w] < 0 ? ", the wrong way for this loss" : "";
      return `The update goes by all that is held, so ${name} ${does}${wrong}: ${sum}.`;
    }
    return `The gradient is ${g > 0 ? "positive: growing would raise" : "negative: growing would lower"} the loss, so ${name} ${does}: ${sum}.`;
  },
  U2: (part, t) => {
    const before = run.parameters(head()),
      moves = Array.from(t.after, (x, i) => x - before[i]),
      most = strongest(moves);
    if (moves[most] === 0)
      return `All gradients are 0: all ${engine.size} numbers stay as they are.`;
    return `All ${engine.size} numbers ${isOver() ? "would move" : "move"} at once, each against ${state.zeroGrad ? "its own gradient" : "all that its gradient holds"}. Largest move: ${engine.names[most]}, by ${number(moves[most])}.`;
  },
  U3: (part, t) => {
    const a = t.total,
      b = t.lossAfter;
    if (!finite(b))
      return "After this update the loss is no longer a number: the step was far too long.";
    const which = isWhole() ? "The loss" : "The loss of this batch",
      all = [run.fullLoss(head()), engine.loss(t.after, run.config.mean)];
    if (isOver())
      return `${which} would go ${fromTo(a, b)}. But it is below the target loss, so training ended before this update.`;
    const moved = digitsApart(...all) ? `goes ${fromTo(...all)}: ${downOrUp(...all)}` : `stays at ${number(all[0])}`,
      others = isWhole() ? "" : ` That of all samples ${moved}.`;
    if (!digitsApart(a, b)) return `${which} stays at ${number(a)}: this update changed nothing to speak of.${others}`;
    const own = t.p.map((w, k) => w - t.lr * t.sum[k]), // without what is left over
      c = engine.loss(own, run.config.mean, t.samples),
      why = c < a ? `without what was left over it would go down, to ${number(c)}` : "the step was too long for this slope";
    return `${which} goes ${fromTo(a, b)}: ${b < a ? "down" : `up: ${why}`}.${others}`;
  },
};

/** Two losses, in enough digits to tell them apart. */
const fromTo = (a, b, digits = digitsApart(a, b) ?? 4) => `from ${number(a, digits)} to ${number(b, digits)}`;
const downOrUp = (a, b) => (b < a ? "down" : "up");

/** Whether training ends at this step, so that no update is made. */
const isOver = () => head() === last() && run.status === "converged";

/** How a loss changes with what has this slope. */
const changes = (slope, digits = 4) =>
  slope === 0
    ? "not change"
    : `${slope < 0 ? "fall" : "rise"} by [${short(Math.abs(slope), digits)}|${full(slope)}] times that`;
const strongest = (numbers) =>
  numbers.reduce((best, x, i) => (Math.abs(x) > Math.abs(numbers[best]) ? i : best), 0);
const rateHere = () => rateAt(head());

/** An input by its number, and by its name if somebody gave it one. */
function inputText(l, k) {
  const name = l ? "" : engine.set.columns[k];
  return `Input ${k}${name && name !== `x${k}` ? ` (${unbraced(name)})` : ""}`;
}

/** Of how many samples that a step sees one is. */
const ofBatch = (n) =>
  n === 1 ? ", which this step sees alone," : `, of the ${inWords(n)} that this step sees,`;

/** All neurons of a layer, or the others beside those that are opened. */
const theOthers = (l, n) =>
  n === engine.layers[l].n ? `all ${n} neurons` : `the other ${n} neurons`;

/** How many digits of the error it takes to see how the loss's slope comes from it. */
function errorDigits(t) {
  const [d, e] = [t.slopes[0], t.error[0]];
  return engine.set.loss.slope && t.share === 1 ? digitsFor([e], (x) => (d * x) / e, d) : 4;
}

/** That a gradient is added to what is left over, if there is any. */
const addedText = (left, g) =>
  left ? ` Added to what is left over: ${summed([left, g], left + g)} = ${gradient(left + g)}.` : "";

/** What a closed neuron passes on, and to whom. */
function closedText(l, j, n) {
  const digits = digitsOfProduct(n.arrives, n.slope),
    on = l ? `, and through its weights to layer ${l - 1}` : "";
  return `${capital(nodeName(l, j))}: ${gradient(n.arrives, digits)} arrives, times its slope {${slopeText(n.slope, digits)}|${full(n.slope)}} is ${gradient(n.delta)}. That goes to its weights and bias${on}.`;
}

/** What a flat place means; and that the step before went there, if it did. */
function lessonOfFlat(l, j, most) {
  const k = head(),
    before = k ? engine.forward(run.parameters(k - 1), state.sample, "slopes")[l][j] : 0;
  return Math.abs(before) / most < BENT
    ? ` This neuron hardly learns from sample ${state.sample}.`
    : ` One step ago its slope was ${number(before)}: that update made it flat.`;
}
