// What the walk says at each part: one sentence, its numbers in slots, at most thirty words.

const STEEP = 0.5,
  BENT = 0.05; // slopes above are steep, above that they bend; below it is nearly flat
const slopeWord = (slope) =>
  Math.abs(slope) > STEEP ? "is steep" : Math.abs(slope) >= BENT ? "bends" : "is nearly flat";
const slopeText = (slope) => plain(slope, slope > 0.99 ? 6 : 3); // of which only 1 reads as 1
const given = (x) => `{${plain(x, 4)}|${full(x)}}`;
const product = (a, b) => `${a} ${TIMES} ${bracketed(b)}`;
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

const list = (numbers, show = given) =>
  numbers.length > 8
    ? `${Array.from(numbers.slice(0, 8), show).join(", ")}, \u2026`
    : Array.from(numbers, show).join(", ");
const wantedText = (t) =>
  engine.set.classes ? `{${className(engine.set, t.y.indexOf(1))}}` : list(t.y);

const SENTENCES = {
  F0: (part, t) => `Sample ${state.sample} goes in: ${list(t.x)}. The target is ${wantedText(t)}.`,
  "F bias": (part, t, n) =>
    `The neuron starts from its bias ${number(n.bias)}: its sum when all inputs are 0.`,
  "F product": ({ k }, t, n) => {
    const p = n.products[k],
      how = p > 0 ? "pushes the sum up by" : p < 0 ? "pulls the sum down by" : "adds nothing:";
    return `Input ${k} is ${given(n.inputs[k])}, its weight ${number(n.weights[k])}: it ${how} ${number(Math.abs(p))}, to ${number(n.sums[k + 1])}.`;
  },
  "F rest": ({ rest }, t, n) =>
    `The other ${rest.length} inputs add ${number(rest.reduce((sum, k) => sum + n.products[k], 0))} together, to ${number(n.z)}.`,
  "F act": ({ l }, t, n) => {
    const { activation } = engine.layers[l],
      z = number(n.z),
      v = number(n.value);
    if (activation === "linear")
      return `The sum ${z} is the output as it is: this neuron is linear.`;
    if (activation === "relu")
      return `The sum is ${z}: ${n.z > 0 ? "above 0, so it passes as it is" : "not above 0, so the neuron is off and says {0}"}.`;
    const steep = n.slope / (activation === "sigmoid" ? 0.25 : 1);
    if (n.slope === 0)
      return `${activation} squeezes ${z} to ${v}. Here it is flat to the last digit: nothing would change if the sum did.`;
    return `${activation} squeezes ${z} to ${v}. Here it ${slopeWord(steep)}${steep < BENT ? ": hardly anything would change if the sum did" : ""}.`;
  },
  "F closed": ({ l, j }, t, n) => {
    const { activation } = engine.layers[l],
      through = activation === "linear" ? "added up" : `through ${activation}`;
    return `${capital(nodeName(l, j))}: ${plural(n.weights.length, "input")} and a bias, ${through}, give ${number(n.value)}.`;
  },
  "F layer": ({ l, others }) =>
    `Layer ${l}: the other ${others} neurons do the same, each with its own weights.`,
  L1: (part, t) => {
    const e = t.error[0],
      right = Math.abs(e) < 1e-9;
    return right
      ? `It says ${number(t.outputs[0])}, as it should.`
      : `It says ${number(t.outputs[0])}, it should say ${wantedText(t)}: ${e < 0 ? "too low" : "too high"} by ${number(Math.abs(e))}.`;
  },
  L2: (part, t) => {
    const { why, name } = engine.set.loss,
      says = `It says ${list(t.outputs, (x) => number(x, 3))}, the target is ${wantedText(t)}. `,
      sum = `{${lossSum(t.outputs, t.y, t.loss)}|${full(t.loss)}}`;
    return hasError(engine.set)
      ? `${why || `The ${name} of that`}: ${sum}.`
      : `${says}${why || "The loss"}: ${sum}.`;
  },
  L3: (part, t) => {
    const n = t.samples.length - 1,
      all = run.config.mean
        ? `The mean over ${run.config.batch === null ? `all ${n + 1} samples` : `the ${n + 1} samples of this batch`} is`
        : `With the other ${inWords(n)} ${n === 1 ? "sample" : "samples"} the loss is`;
    return `${all} ${number(t.total)}. That is the number to bring down.`;
  },
  B0: (part, t) => {
    if (state.zeroGrad) return "Gradients are set to 0 first: backward adds to what is there.";
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
      error = slope ? ` (${inSigns(slope)})` : "",
      why = t.share === 1 ? error : ` (it counts for 1 of ${t.samples.length})`;
    return `If ${what} grew a little, the loss would ${changes(d)}${why}. Now go back and ask what made it.`;
  },
  "B user": ({ u }, t, n) => {
    const user = n.users[u],
      name = nodeName(user.layer, user.neuron),
      who =
        name === "the output"
          ? "The output neuron"
          : `Neuron ${user.neuron} of layer ${user.layer}`;
    if (user.delta === 0) return `${who} used this output, but owes nothing: nothing arrives.`;
    const says = product(short(user.delta), short(user.weight));
    return `${who} used this output with weight ${number(user.weight)}. What it owes is ${gradient(user.delta)}: [${says}] = ${gradient(user.arrives)} arrives here.`;
  },
  "B rest": ({ rest }, t, n) =>
    `The other ${inWords(rest.length)} neurons that used this output send ${gradient(rest.reduce((sum, u) => sum + n.users[u].arrives, 0))} together.`,
  "B added": (part, t, n) => {
    const size = n.users.reduce((sum, user) => sum + Math.abs(user.arrives), 0),
      cancel = size > 0 && Math.abs(n.arrives) < 0.1 * size;
    return `${capital(inWords(n.users.length))} paths meet here. The loss changes along all of them at once, so they are added: ${gradient(n.arrives)}.${cancel ? " They nearly cancel." : ""}`;
  },
  "B act": ({ l }, t, n) => {
    const { activation } = engine.layers[l],
      g = gradient(n.arrives),
      s = `{${slopeText(n.slope)}|${full(n.slope)}}`;
    if (n.arrives === 0) return NOTHING;
    if (activation === "relu")
      return n.slope
        ? `The neuron is on: slope {1}, all of ${g} gets through.`
        : "The neuron is off: slope {0}, nothing gets through: it learns nothing from this sample.";
    if (activation === "linear")
      return `A linear neuron has slope {1} everywhere: all of ${g} gets through.`;
    if (n.slope === 0)
      return `At ${number(n.value)} ${activation} is flat to the last digit: its slope is {0}. Of ${g} nothing gets through.`;
    const steep = Math.abs(n.slope) / (activation === "sigmoid" ? 0.25 : 1),
      percent = 100 * n.slope,
      share = percent >= 1 ? `${Math.round(percent)}` : "less than 1";
    return `At ${number(n.value)} ${activation} ${slopeWord(steep)}: its slope is ${s}. Of ${g}, ${steep < BENT && percent >= 1 ? "only " : ""}{${share} %} gets through: ${gradient(n.delta)}.${steep < BENT ? ` This neuron hardly learns from sample ${state.sample}.` : ""}`;
  },
  "B closed": ({ l, j }, t, n) =>
    n.delta === 0
      ? `${capital(nodeName(l, j))}: ${n.arrives === 0 ? "nothing arrives, so nothing is passed on." : `it is ${isDead(engine.layers[l].activation)}, so none of ${gradient(n.arrives)} gets through.`}`
      : `${capital(nodeName(l, j))}: ${gradient(n.arrives)} arrives, times its slope {${slopeText(n.slope)}|${full(n.slope)}} is ${gradient(n.delta)}. That goes to its weights.`,
  "B layer": ({ l, others }) =>
    `Layer ${l}: the other ${others} neurons do the same, each from its own users.`,
  "B bias": (part, t, n) =>
    `The bias is added as it is (slope {1}), so it gets ${gradient(n.delta)} unchanged.`,
  "B weight": ({ k, index }, t, n) => {
    const x = n.inputs[k],
      g = n.gradients[k],
      name = engine.names[index];
    if (g === 0)
      return `${name} was multiplied by ${given(x)}: [${product(short(n.delta), plain(x, 4))}] = [0]. If it grew a little, the loss of sample ${state.sample} would not change: the path is cut.`;
    return `${name} was multiplied by ${given(x)}, so its slope is ${given(x)}: [${product(short(n.delta), plain(x, 4))}] = ${gradient(g)}. If it grew a little, the loss of sample ${state.sample} would ${howMuch(g, t)}.`;
  },
  BS: (part, t) => {
    const left = t.leftover[state.weight],
      heap = left
        ? ` With ${gradient(left)} left over from earlier steps that makes ${gradient(t.used[state.weight])}.`
        : "";
    const mine = t.contributions(state.weight),
      shown = mine.length > 6 ? null : summed(mine);
    if (shown)
      return `That was sample ${state.sample}. Each sample has its say: ${shown} = ${gradient(t.sum[state.weight])}.${heap}`;
    return `That was sample ${state.sample}. Each of the ${mine.length} samples has its say; added up, ${engine.names[state.weight]} gets ${gradient(t.sum[state.weight])}.${heap}`;
  },
  U1: (part, t) => {
    const w = state.weight,
      name = engine.names[w],
      g = t.used[w],
      before = run.parameters(head())[w],
      lr = rateHere();
    const sum = `{${short(before)}|${full(before)}} ${MINUS} {${plain(lr)}} ${TIMES} [${bracketed(short(g))}|${full(g)}] = ${number(t.after[w])}`;
    if (g === 0) return `The gradient is 0: ${name} stays as it is.`;
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
    const how = b < a ? "down" : b > a ? "up: the step was too long for this slope" : "no change";
    return isOver()
      ? `The loss would go from ${number(a)} to ${number(b)}. But it is below the target, so training ended before this update.`
      : `The loss goes from ${number(a)} to ${number(b)}: ${how}.`;
  },
};

/** Whether training ends at this step, so that no update is made. */
const isOver = () => head() === last() && run.status === "converged";

/** How a loss changes with what has this slope. */
const changes = (slope) =>
  slope === 0
    ? "not change"
    : `${slope < 0 ? "fall" : "rise"} by [${short(Math.abs(slope))}|${full(slope)}] times that`;
const strongest = (numbers) =>
  numbers.reduce((best, x, i) => (Math.abs(x) > Math.abs(numbers[best]) ? i : best), 0);
const capital = (text) => text[0].toUpperCase() + text.slice(1);
const rateHere = () => rateAt(head());

/** Which way a loss goes, and how strongly, against the largest gradient among the weights. */
function howMuch(g, t) {
  const share = Math.abs(g) / Math.abs(t.gradient[strongest(t.gradient)]),
    way = g < 0 ? "fall" : "rise";
  return share > 1 / 2 ? `${way} strongly` : share > 1 / 20 ? `${way} somewhat` : `hardly ${way}`;
}

/** Numbers as a sum: those that are negative are taken away. */
function summed(numbers) {
  const told = (x) => `[${short(Math.abs(x), 3)}|${full(x)}]`;
  return Array.from(numbers, (x, i) =>
    i ? `${x < 0 ? MINUS : "+"} ${told(x)}` : gradient(x, 3),
  ).join(" ");
}
