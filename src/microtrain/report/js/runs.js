// What is trained: the state of the page, the run that follows from it, the run before, twenty starts.

const page = JSON.parse($("data").textContent);
const STARTS = 20,
  FRAME = 12,
  REST = 150; // seeds; ms of steps in a frame; ms of rest before the starts
const state = {
  data: "",
  net: [],
  out: "",
  mean: false,
  batch: null,
  steps: 100,
  target: 0.01, // what is trained, and until when
  pieces: [[0, 0.05]],
  seed: 0,
  zero: true, // [from step, rate], in order
  step: 0,
  sample: 0,
  weight: 0,
  view: "run",
  part: 1,
  opened: [],
  from: null, // the step from which on the slider changes the rate
  byGradient: false,
  hide: false,
  playing: false,
  speed: 1,
  touched: false,
  played: false,
};
const TRAINED = [
  "data",
  "net",
  "out",
  "mean",
  "batch",
  "steps",
  "target",
  "pieces",
  "seed",
  "zero",
];
const BUILT = ["data", "net", "out"];
let spent = false; // whether the steps of this frame have been taken
let engine,
  run,
  ghost = null,
  starts = [],
  scale,
  changedAt = 0;

const rate = () => state.pieces[state.pieces.length - 1][1];
const configOf = () =>
  structuredClone(Object.fromEntries(TRAINED.map((name) => [name, state[name]])));
const same = (a, b, names) =>
  names.every((name) => JSON.stringify(a[name]) === JSON.stringify(b[name]));
const specOf = ({ data, net, out }) => (page.own ? { data } : { data, net, out });
const last = () => run.head;
/** The head: where the run is looked at; it follows a run that is still growing. */
const head = () => Math.max(0, Math.min(state.step, last()));
/** Whether there is something to guess: what comes after the head is not shown. */
const hiding = () => state.hide && head() < last();

function optionsOf(config) {
  const { pieces: lr, seed, zero: zeroGrad, steps, target, mean, batch } = config;
  return { lr, seed, zeroGrad, steps, target, mean, batch };
}

/** Take up the state that the page was written with. */
function defaults() {
  const {
    run: { lr, seed, zeroGrad, steps, target, mean, batch },
    spec,
  } = page;
  Object.assign(
    state,
    structuredClone({
      net: [],
      out: "",
      ...spec,
      pieces: lr,
      seed,
      zero: zeroGrad,
      steps,
      target,
      mean,
      batch,
    }),
  );
  if (typeof lr === "number") state.pieces = [[0, lr]];
}

/** Train anew with what the state says; within one gesture the run before stays the ghost. */
function retrain(continuing = false) {
  const config = configOf();
  if (!engine || !same(config, engine.config, BUILT)) build(config);
  if (run && !continuing && !same(run.config, config, TRAINED)) ghost = run;
  if (ghost && !same(ghost.config, config, ["data", "mean"])) ghost = null;
  run = begin(config);
  run.advance(FRAME);
  spent = true;
  show();
}

function begin(config) {
  const one = engine.start(optionsOf(config));
  one.config = config;
  one.engine = engine;
  return one;
}

/** What follows from another run: its end is looked at, its starts are to be computed. */
function show() {
  starts = [];
  changedAt = performance.now();
  if (state.view === "run") state.step = state.hide ? 0 : Infinity;
  settle();
  changed();
}

/** Make the engine for what is trained; the axes are fixed by its first loss. */
function build(config) {
  engine = makeEngine(page, specOf(config));
  engine.config = config;
  const first = engine.start({
    ...optionsOf(config),
    seed: page.run.seed,
    lr: [[0, 1e-9]],
    steps: 1,
  });
  first.advance(FRAME);
  const loss = first.losses[0] > 0 && finite(first.losses[0]) ? first.losses[0] : 1;
  scale = { low: (config.target || loss / 1e5) / 2, high: 10 * loss };
}

/** Bring what the state points at back into what there is. */
function settle() {
  if (run.done && state.view === "run") state.step = head(); // the walk remembers where it began
  state.sample = Math.min(state.sample, engine.set.xs.length - 1);
  state.weight = Math.min(state.weight, engine.size - 1);
}

function swap() {
  if (!ghost) return;
  [run, ghost] = [ghost, run];
  Object.assign(state, structuredClone(run.config));
  engine = run.engine;
  show();
}

/** What remains to compute, a slice in each frame: the run, and after a rest the starts. */
function work() {
  if (!run.done) {
    if (!spent) run.advance(FRAME);
    spent = false;
    settle();
    return changed();
  }
  if (page.own || !page.live || performance.now() - changedAt < REST) return;
  const seeds = Array.from({ length: STARTS }, (_, seed) => seed);
  for (const zeroGrad of run.config.zero ? [true] : [true, false]) {
    const row = zeroGrad ? 0 : 1;
    starts[row] ??= engine.many(seeds, { ...optionsOf(run.config), zeroGrad });
    if (starts[row].results[STARTS - 1]) continue;
    starts[row].advance(FRAME / 2);
    return changed();
  }
}

const startsReady = () =>
  starts.length > 0 &&
  starts.length === (run.config.zero ? 1 : 2) &&
  starts.every((row) => row.results[STARTS - 1]);
