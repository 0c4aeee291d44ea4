// The four steps of this step, worked out for the weight that is followed; each opens the walk.

function drawStrip() {
  const k = head(),
    name = engine.names[state.weight],
    set = engine.set;
  const held = run.gradients(k)[state.weight],
    left = state.zeroGrad ? 0 : run.leftover(k)[state.weight],
    slope = held - left, // what the loss does now; the update goes by all that is held
    before = run.parameters(k)[state.weight],
    lr = rateAt(k);
  rich($("strip-title"), `Step ${k}, for ${name}`);
  say($("strip-weight"), engine.layers ? placeText(state.weight) : "");
  $("walk-open").hidden = !canWalk();
  for (let i = 1; i <= PHASES.length; i++) $(`phase-${i}`).disabled = !canWalk();
  const seen = seenAt(k),
    sample = shownSample(k),
    outputs = run.outputs(k, sample),
    y = set.ys[sample],
    whole = isWhole(),
    which = whole ? "The loss" : "The loss of this batch",
    own = run.sampleLoss(k, sample);
  rich(
    $("strip-1"),
    `Sample ${sample}${whole ? "" : ofBatch(seen.length).slice(0, -1)}: it says {${unbraced(saidText(set, outputs, (x) => short(x)))}}, the target is {${unbraced(targetText(set, y))}}.`,
  );
  const formula = lossSum(outputs, y, own),
    sum = formula.includes(" = ") ? `{${formula}}` : `Its loss: {${formula}}`,
    n = whole ? set.xs.length : seen.length,
    total = whole ? run.fullLoss(k) : run.losses[k],
    all = run.config.mean ? `The mean of ${n === 2 ? "both" : `all ${inWords(n)}`}` : `With the other ${inWords(n - 1)}`;
  rich(
    $("strip-2"),
    n === 1
      ? `${sum}. ${whole ? "There is one sample, so this is the whole loss." : "This step sees no other sample."}`
      : `${sum}. ${all}: {${short(total)}}.`,
  );
  rich(
    $("strip-3"),
    !finite(slope)
      ? "The gradient is not finite: from here on there is no number to go on with."
      : `If ${name} grew a little, ${which.toLowerCase()} would ${changes(slope)}${slope ? `: its gradient is ${gradient(slope)}` : ""}.${addedText(left, slope)}`,
  );
  const after = before - lr * held,
    goes = digitsApart(before, after) ? (held > 0 ? "goes down" : "goes up") : "stays";
  rich(
    $("strip-4"),
    isOver()
      ? `${which} is below ${plain(state.target)}: training ends here, no update is made.`
      : `So it ${goes}: {${unmarked(updateText(before, lr, held, after))}}`,
  );
}

/** An update with its numbers, in enough digits to see it. */
function updateText(before, lr, g, after) {
  const rate = plain(lr),
    shown = digitsApart(before, after) ?? 4,
    digits = digitsFor([before, g], (w, g) => w - Number(rate) * g, after, shown);
  return `${number(before, digits)} ${MINUS} {${rate}} ${TIMES} [${bracketed(short(g, digits))}|${full(g)}] = ${number(after, shown)}`;
}

/** How the loss of a sample comes from what the network says of it: its formula, with the numbers. */
function lossSum(outputs, ys, loss) {
  const { formula, takes } = engine.set.loss,
    told = short(loss);
  if (!formula || (takes !== "class" && outputs.length > 1)) return told;
  const [says, y] = [outputs[0], ys[0]],
    share = takes === "class" ? sharesOf(engine.set, outputs)[ys.indexOf(1)] : NaN,
    alone = program.losses[engine.spec.data], // none on some pages that replay
    digits =
      takes === "class"
        ? digitsFor([share], (share) => -Math.log(share), loss)
        : digitsFor([says, y], (...given) => (alone ? lossOf(alone, ...given) : loss), loss),
    target = bracketed(plain(y, digits)),
    apart = short(says, digits) !== short(y, digits) || says === y,
    slots = {
      error: apart ? `${short(says, digits)} ${MINUS} ${target}` : short(says - y),
      says: bracketed(short(says, digits)),
      target,
      share: short(share, digits),
    };
  return `${inSigns(formula).replace(/\{(\w+)\}/g, (_, name) => slots[name])} = ${told}`;
}

/** What a generated loss makes of one output and its target. */
const lossOf = (loss, says, y) => loss([says], [y], 0, 1, [0]);

/** Where a parameter is, in words. */
function placeText(index) {
  const { l, j, k } = placeOf(index),
    from = l ? `neuron ${k}` : engine.set.columns[k];
  return k === null ? `bias of ${nodeName(l, j)}` : `${from} ${ARROW_RIGHT} ${nodeName(l, j)}`;
}

/** A formula of Python's with the signs of print. */
const inSigns = (formula) => signed(formula).replaceAll("*", TIMES).replaceAll("|", BAR);

const NUMBERS = "no one two three four five six seven eight nine ten".split(" ");
const inWords = (n) => NUMBERS[n] || String(n);

function setUpStrip() {
  onClick("walk-open", () => enterWalk());
  for (const [i, phase] of PHASES.entries()) onClick(`phase-${i + 1}`, () => enterWalk(phase));
}
