// How the run ended, in words: the verdict, the comparison with the run before, and wrong lessons answered.

let announced = 0;

function drawOutcome() {
  const { fate } = run.verdict(),
    { wrong, of: classes } = wrongAt(run, last());
  const verdict = $("verdict"),
    prompt = prompted(classes);
  let told,
    kind = "plain";
  const ahead = head() < last();
  if (!run.done) told = ["Computing", `: ${run.losses.length} of ${state.steps} steps\u2026`];
  else if (hiding()) told = ["Hidden", ": what will happen? Guess, then press Play."];
  else if (prompt) told = prompt;
  else {
    told = toldVerdict(run, wrong, classes, ahead);
    kind = verdictKind(fate);
    if (state.played && !ahead && !ghost && page.live) told[1] += " Now drag the learning rate.";
  }
  verdict.className = kind;
  const text = told.join("");
  if (verdict.dataset.said !== text) {
    verdict.dataset.said = text;
    verdict.replaceChildren(make("strong", {}, told[0]), told[1]);
    clearTimeout(announced);
    say($("announced"), ""); // which may tell what is to be guessed
    announced = setTimeout(() => say($("announced"), text), 500);
  }
  $("lost").hidden = hiding() || !lost();
  say($("lost"), `See ${lost() === "cancel" ? "how the gradients cancel" : "where the gradient is lost"}`);
  $("compare").hidden = !ghost || hiding();
  if (ghost)
    say($("compare-text"), `Before, ${difference(ghost.config, run.config)}: ${briefly(ghost)}.`);
  say($("hide"), hiding() ? "show" : "guess first");
  say($("kinks"), hiding() ? "" : kinksText());
  drawNote();
}

/** Why a loss jumps up that is made of straight pieces, if it does: hardly anything else bends it. */
function kinksText() {
  const straight = engine.layers?.every(({ activation }) => ["relu", "linear"].includes(activation)),
    spikes = run.losses.some((loss, k) => k && loss > SPIKE * run.losses[k - 1]),
    whole = isWhole() && run.verdict().fate !== "diverged";
  return engine.set.loss.kinks && straight && spikes && whole
    ? `It can spike where a step crosses a kink of ${engine.kinked}: beyond it another slope holds.`
    : "";
}

const SPIKE = 1.1; // times the loss before

/** The one prompt of the page, until the first input. */
function prompted(classes) {
  if (state.begun || state.step > 0) return null;
  const { wrong } = wrongAt(run, 0);
  if (classes && wrong)
    return [
      `${wrong} of ${classes} predictions ${wrong === 1 ? "is" : "are"} wrong.`,
      " Press Play.",
    ];
  return [`The loss is ${short(run.losses[0], 3)}.`, " Press Play."];
}

/** What forgetting zero_grad does here; where that is better, why it proves nothing. */
function drawNote() {
  const note = $("note");
  note.hidden = state.zeroGrad || !run.done || hiding();
  if (note.hidden) return;
  const config = { ...run.config, zeroGrad: true },
    lr = config.lr.map(([from, rate]) => [from, FASTER * rate]),
    other = compared("reset", config),
    wins = other && isBetter(run, other),
    caught =
      wins && hasConverged(run) && ["tanh", "sigmoid"].includes(state.out)
        ? `; only the flat ends of ${state.out} stop it`
        : ", and nothing brakes it";
  let text = `Each update goes by the sum of all gradients so far: it gathers speed${caught}.`;
  if (wins) {
    const faster = compared("faster", { ...config, lr });
    text = `${lead(run, other)}, and by accident. ${text}`;
    if (faster && isBetter(faster, other))
      text += ` With the reset a larger rate ${isBetter(run, faster) ? "helps too, if less" : "does as well"} (${ratesText(lr)}: ${briefly(faster)}).`;
  } else if (other) text += `${deadText()} With the reset: ${briefly(other)}.`;
  say($("note-text"), text);
  const { otherwise, words } = otherHalf();
  $("try").hidden = !engine.layers || !page.live || !otherwise || (state.out === "linear" && !wins);
  say($("try"), words);
}

/** What to train with, where forgetting zero_grad was better, to see that it is ruinous. */
function otherHalf() {
  if (state.out !== "linear") return { otherwise: { out: "linear" }, words: "Try a linear output" };
  const lr = state.lr.map(([from, rate]) => [from, HARSHER * rate]),
    fits = lr.every(([, rate]) => rate <= engine.set.rates[1]);
  return { otherwise: fits && { lr }, words: `Try ${HARSHER} times the rate` };
}

const FASTER = 4; // times the rate, for comparison with what gathers speed
const HARSHER = 10; // times the rate, at which nothing catches it

const hasConverged = (one) => one.verdict().fate === "converged";

/** Whether a run got to the target sooner than another, or else lower. */
function isBetter(one, other) {
  const [a, b] = [one, other].map(hasConverged);
  if (a || b) return a && !(b && other.head <= one.head);
  const [loss, not] = [one, other].map((run) => run.fullLoss(run.head));
  return loss < not && short(loss, 3) !== short(not, 3);
}

/** What a run has gained on another. */
function lead(one, other) {
  const [loss, not] = [one, other].map((run) => short(run.fullLoss(run.head), 3));
  if (!hasConverged(one)) return `Lower here (loss ${loss}, not ${not})`;
  const than = hasConverged(other) ? `, not ${other.head}` : `; with the reset not by step ${other.head}`;
  return `Faster here (step ${one.head}${than})`;
}

/** That a whole layer ends where it learns nothing any more, if so, and what that means. */
function deadText() {
  const flat = page.live && engine.layers ? engine.flat(run.parameters(last())) : [],
    l = flat.slice(0, -1).findIndex((layer) => layer.every((slope) => slope === 0));
  if (l < 0) return "";
  const outputs = engine.set.xs.map((_, i) => run.outputs(last(), i).join()),
    alike = new Set(outputs).size === 1,
    [held, left] = [run.gradients(last()), run.leftover(last())],
    coasts = run.gradNorms[last()] > 0 && held.every((g, i) => g === left[i]);
  return ` Layer ${l} ends ${isDead(engine.layers[l].activation)}: ${coasts ? "only what is left over still moves it" : alike ? "every sample gets the same output" : "it learns nothing any more"}.`;
}

const beside = {}; // runs to compare with: each is the ghost, if it is that one, else computed once

function compared(role, config) {
  if (ghost && same(ghost.config, config, TRAINED)) return ghost;
  if (!page.live) return null;
  if (!beside[role] || !same(beside[role].config, config, TRAINED)) beside[role] = begin(config);
  if (!beside[role].done) beside[role].advance(FRAME / 2);
  return beside[role].done ? beside[role] : (requestAnimationFrame(changed), null);
}

function toggleHide() {
  act(() => {
    state.hide = !hiding();
    if (state.hide && head() === last()) state.step = 0;
  });
}

function setUpOutcome() {
  on("hide", "click", () => {
    toggleHide();
    if (state.hide) $("play").focus(); // which is next
  });
  onClick("swap", swap);
  onClick("lost", showLost);
  on("try", "click", () => trainWith(otherHalf().otherwise));
}

/** What took the gradient of the run, if it is stuck. */
const lost = () => (run.done && run.verdict().fate === "saturated" ? lostBy(run) : "");

/** Walk to where the gradient is lost: at the first step where it is gone, through the sample that
 * has the largest loss, to where the samples are added up at an output's bias if they cancel, else
 * to the neuron that lets least through of the most that arrives. */
function showLost() {
  const { sample } = state;
  state.step = lostAt(run);
  state.sample = worstSample(state.step);
  const { layers, slopes } = tracing();
  let found = [0, 0],
    most = -1;
  layers.forEach((neurons, l) =>
    neurons.forEach((neuron, j) => {
      const gone = Math.abs(neuron.arrives) - Math.abs(neuron.delta);
      if (gone > most) [found, most] = [[l, j], gone];
    }),
  );
  const [l, j] = found,
    cancel = lost() === "cancel";
  state.weight = cancel ? engine.layers.at(-1).biases + strongest(slopes) : parametersOf(l, j)[0];
  enterWalk();
  chosen = sample;
  const shown = cancel
    ? ({ kind }) => kind === "BS"
    : (part) => part.kind === "B act" && part.l === l && part.j === j;
  goToPart(parts().findIndex(shown) + 1);
}
