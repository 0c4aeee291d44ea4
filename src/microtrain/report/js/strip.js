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
  $("walk-open").hidden = !canWalk();
  for (let i = 1; i <= PHASES.length; i++) $(`phase-${i}`).disabled = !canWalk();
  const outputs = run.outputs(k, state.sample),
    says = saidText(set, outputs, (x) => short(x, 3)),
    target = targetText(set, set.ys[state.sample]);
  rich($("strip-1"), `Sample ${state.sample}: it says {${says}}, the target is {${target}}.`);
  const which = run.config.batch === null ? "The loss" : "The loss of this batch",
    own = run.sampleLoss(k, state.sample),
    total = run.fullLoss(k);
  const formula = lossSum(outputs, set.ys[state.sample], own),
    sum = formula.includes(" = ") ? `{${formula}}` : `Its loss: {${formula}}`,
    n = set.xs.length,
    all = run.config.mean ? `The mean of all ${inWords(n)}` : `With the other ${inWords(n - 1)}`;
  rich(
    $("strip-2"),
    n === 1
      ? `${sum}. There is one sample, so this is the whole loss.`
      : `${sum}. ${all}: {${short(total)}}.`,
  );
  rich(
    $("strip-3"),
    !finite(slope)
      ? "The gradient is not finite: from here on there is no number to go on with."
      : `If ${name} grew a little, ${which.toLowerCase()} would ${changes(slope)}.${left ? ` But [${short(left)}] is left over from earlier steps: together [${short(held)}].` : ""}`,
  );
  const after = before - lr * held;
  rich(
    $("strip-4"),
    isOver()
      ? `${which} is below ${plain(state.target)}: training ends here, no update is made.`
      : `So it ${held > 0 ? "goes down" : held < 0 ? "goes up" : "stays"}: {${short(before)} ${MINUS} ${plain(lr)} ${TIMES} ${bracketed(short(held))} = ${short(after)}}`,
  );
}

/** How the loss of a sample comes from what the network says of it: its formula, with the numbers. */
function lossSum(outputs, ys, loss) {
  const { formula, takes } = engine.set.loss,
    told = short(loss, 3);
  if (!formula || (takes !== "class" && outputs.length > 1)) return told;
  const [says, y] = [outputs[0], ys[0]],
    target = bracketed(plain(y, 3)),
    digits = 3 + Math.max(0, Math.ceil(-Math.log10(Math.abs(says - y) || 1))), // to see the error
    slots = {
      error: digits > 9 ? short(says - y, 3) : `${short(says, digits)} ${MINUS} ${target}`,
      says: bracketed(short(says, 3)),
      target,
      share: takes === "class" ? short(sharesOf(engine.set, outputs)[ys.indexOf(1)], 3) : "",
    };
  return `${inSigns(formula).replace(/\{(\w+)\}/g, (_, name) => slots[name])} = ${told}`;
}

/** A formula of Python's with the signs of print. */
const inSigns = (formula) => signed(formula).replace("*", TIMES);

const NUMBERS = [
  "no",
  "one",
  "two",
  "three",
  "four",
  "five",
  "six",
  "seven",
  "eight",
  "nine",
  "ten",
];
const inWords = (n) => NUMBERS[n] || String(n);

function setUpStrip() {
  onClick("walk-open", () => enterWalk());
  for (const [i, phase] of PHASES.entries()) onClick(`phase-${i + 1}`, () => enterWalk(phase));
}
