// What is trained: the state of the page, the run that follows from it, the run before, twenty starts.

const page = JSON.parse($("data").textContent);
const canEdit = page.live && !page.own; // another network can be trained, and from other starts
const MANY_RATES = 3, // more of them in a run are a schedule
  FRAME = 12,
  REST = 150; // ms of steps in a frame; ms of rest before the starts
const BUILT = ["data", "net", "out"]; // what makes another network
const TRAINED = [...BUILT, "mean", "batch", "steps", "target", "lr", "seed", "zeroGrad"];
const LOOKED = {
  step: 0,
  sample: 0,
  weight: 0,
  view: "run",
  part: 1,
  opened: [],
  from: null, // the step from which on the slider changes the rate
  hide: false,
};
const state = {
  ...usualOf(page, page.spec.data),
  ...LOOKED,
  byGradient: false,
  playing: false,
  speed: 1,
  touched: false, // the link is written from then on
  begun: false, // the prompt of the opening is gone
  played: false,
};
let spent = false; // whether the steps of this frame have been taken
let engine,
  run,
  ghost = null,
  begunWith = [], // the run and its ghost when the gesture began
  starts = [],
  scale,
  changedAt = 0;

const rateAt = (k) => state.lr.findLast(([from]) => from <= k)[1];
/** Whether the rate changes often, as a function of the step. */
const scheduled = () => state.lr.length > MANY_RATES && state.from === null;
/** The rate that the slider shows: the last, of a schedule that at the head. */
const rate = () => rateAt(scheduled() ? head() : Infinity);
/** Whether each step sees all samples. */
const isWhole = (one = run) => one.config.batch === null;
const configOf = () => Object.fromEntries(TRAINED.map((name) => [name, state[name]]));
const same = (a, b, names) =>
  names.every((name) => JSON.stringify(a[name]) === JSON.stringify(b[name]));
const last = () => run.head;
/** The head: where the run is looked at; it follows a run that is still growing. */
const head = () => Math.max(0, Math.min(state.step, last()));
/** Whether there is something to guess: what comes after the head is not shown. */
const hiding = () => state.hide && head() < last();

/** Train anew with what the state says; within one gesture the run before stays the ghost. */
function retrain(continuing = false) {
  if (!same(state, usualOf(page, page.spec.data), BUILT)) state.seed ??= 0;
  const config = configOf();
  if (!engine || !same(config, engine.spec, BUILT)) build(config);
  if (!continuing) begunWith = [run, ghost];
  const [from, older] = begunWith; // a gesture may come back to where it began
  ghost = from && !same(from.config, config, TRAINED) ? from : older;
  if (ghost && !same(ghost.config, config, ["data", "mean"])) ghost = null;
  run = begin(config);
  run.advance(FRAME);
  spent = true;
  show();
}

/** In mini-batches that the page itself chose, a run has no target: one batch gets below it by luck. */
const hasTarget = ({ batch, data }) => batch === null || batch === usualOf(page, data).batch;
const trainedAs = (config) => (hasTarget(config) ? config : { ...config, target: null });

function begin(config) {
  const one = engine.start(trainedAs(config));
  one.config = config;
  one.engine = engine;
  return one;
}

/** What follows from another run: its end is looked at, its starts are to be computed. */
function show() {
  starts = [];
  passedBy = null; // which was of another run
  changedAt = performance.now();
  if (state.view === "run") state.step = state.hide ? 0 : Infinity;
  settle();
  changed();
}

/** Make the engine for what is trained; the axes are fixed by its first loss and the target or recorded ends. */
function build(config) {
  engine = makeEngine(page, config);
  const first = engine.start({
    ...config,
    seed: page.run.seed,
    lr: [[0, 1e-9]],
    steps: 1,
  });
  first.advance(FRAME);
  const all = first.fullLoss(0),
    loss = all > 0 && finite(all) ? all : 1,
    ends = page.recorded.map((one) => one.losses.at(-1)).filter((end) => end > 0),
    low = config.target ? Math.max(config.target, loss / 1e9) : Math.min(loss / 1e5, ...ends);
  scale = { low: low / 2, high: 10 * loss };
}

/** Bring what the state points at back into what there is. */
function settle() {
  if (run.done && state.view === "run") state.step = head(); // the walk remembers where it began
  state.sample = Math.min(state.sample, engine.set.xs.length - 1);
  state.weight = Math.min(state.weight, engine.size - 1);
}

function swap() {
  if (!ghost) return;
  run.lookedAt = head();
  [run, ghost] = [ghost, run];
  Object.assign(state, run.config);
  engine = run.engine;
  show();
  if (state.view === "run" && !state.hide) state.step = run.lookedAt ?? state.step;
}

/** What remains to compute, a slice in each frame: the run, and after a rest the starts. */
function work() {
  if (!run.done) {
    if (!spent) run.advance(FRAME);
    spent = false;
    settle();
    return changed();
  }
  if (!canEdit || performance.now() - changedAt < REST) return;
  const seeds = Array.from({ length: STARTS }, (_, seed) => seed);
  for (const zeroGrad of run.config.zeroGrad ? [true] : [true, false]) {
    const row = zeroGrad ? 0 : 1;
    starts[row] ??= engine.many(seeds, { ...trainedAs(run.config), zeroGrad });
    if (starts[row].results[STARTS - 1]) continue;
    starts[row].advance(FRAME / 2);
    return changed();
  }
}

const startsReady = () =>
  starts.length > 0 &&
  starts.length === (run.config.zeroGrad ? 1 : 2) &&
  starts.every((row) => row.results[STARTS - 1]);
