// The link to this very page: what is trained and looked at, after the #; written always, read with care.

const LETTERS = { t: "tanh", l: "linear", r: "relu", s: "sigmoid" };
const letterOf = (activation) =>
  Object.keys(LETTERS).find((letter) => LETTERS[letter] === activation);
const MOST_STEPS = 10000,
  MOST_SEED = 4294967295;

/** Each key: read its text into the state, or return false where it makes no sense. */
const READERS = {
  data: (text) => text in page.sets && !page.own && page.live && chooseData(text),
  net: (text) => {
    if (page.own || !page.live) return false;
    const layers = text === "" ? [] : text.split("-").map((part) => /^(\d+)([tlrs])$/.exec(part)),
      most = Math.max(MOST_LAYERS, page.spec.net.length);
    if (layers.length > most || !layers.every((layer) => layer && `${layer[1]}:tanh` in page.cells))
      return false;
    state.net = layers.map(([, n, letter]) => ({ n: Number(n), activation: LETTERS[letter] }));
  },
  out: (text) => {
    if (page.own || !page.live || !(text in LETTERS)) return false;
    state.out = LETTERS[text];
  },
  lr: (text) => {
    const pieces = text
      .split(",")
      .map((part, i) => (i ? /^(\d+):(.+)$/.exec(part)?.slice(1).map(Number) : [0, Number(part)]));
    const rising = pieces.every(
      (piece, i) =>
        piece && piece[1] > 0 && finite(piece[1]) && (!i || piece[0] > pieces[i - 1]?.[0]),
    );
    if (!rising) return false;
    state.pieces = pieces;
  },
  seed: (text) =>
    wholeNumber(text, 0, MOST_SEED, (seed) => {
      state.seed = seed;
    }),
  zero: (text) => {
    if (!/^[01]$/.test(text)) return false;
    state.zero = text === "1";
  },
  mean: (text) => {
    if (!/^[01]$/.test(text) || !page.live) return false;
    state.mean = text === "1";
  },
  batch: (text) =>
    page.live &&
    wholeNumber(text, 1, page.sets[state.data].xs.length, (batch) => {
      state.batch = batch;
    }),
  steps: (text) =>
    page.live &&
    wholeNumber(text, 1, MOST_STEPS, (steps) => {
      state.steps = steps;
    }),
  target: (text) => {
    if (!(Number(text) > 0) || !finite(Number(text))) return false;
    state.target = Number(text);
  },
  step: (text) =>
    wholeNumber(text, 0, MOST_STEPS, (step) => {
      state.wanted = { ...state.wanted, step };
    }),
  sample: (text) =>
    wholeNumber(text, 0, page.sets[state.data].xs.length - 1, (sample) => {
      state.sample = sample;
    }),
  param: (text) => {
    state.wanted = { ...state.wanted, param: text };
  },
  view: (text) => {
    if (!["run", "step", "neuron"].includes(text)) return false;
    state.wanted = { ...state.wanted, view: text };
  },
  part: (text) =>
    wholeNumber(text, 1, 100000, (part) => {
      state.wanted = { ...state.wanted, part };
    }),
  hide: (text) => {
    if (!/^[01]$/.test(text)) return false;
    state.hide = text === "1";
  },
};

const LOOKED = ["step", "sample", "param", "view", "part", "hide"];

function wholeNumber(text, low, high, take) {
  if (!/^\d{1,10}$/.test(text) || Number(text) < low || Number(text) > high) return false;
  take(Number(text));
}

const netFragment = (net) => net.map(({ n, activation }) => n + letterOf(activation)).join("-");

/** Take up a data set, with the network and the rate that suit it. */
function chooseData(name) {
  const set = page.sets[name],
    recorded = name === page.spec.data;
  const { lr, seed, steps, target, mean, batch } = page.run;
  Object.assign(
    state,
    structuredClone(
      recorded
        ? {
            data: name,
            net: page.spec.net,
            out: page.spec.out,
            pieces: lr,
            seed,
            steps,
            target,
            mean,
            batch,
          }
        : {
            data: name,
            net: set.net,
            out: set.out,
            pieces: [[0, set.lr]],
            seed: 0,
            steps: set.steps,
            target: set.target,
            mean: set.mean,
            batch: null,
          },
    ),
  );
  Object.assign(state, { sample: 0, weight: 0, step: 0, from: null });
}

/** Set the state from the link; unknown keys and bad values are left out, and one line says so. */
function readFragment() {
  defaults();
  Object.assign(state, {
    step: 0,
    sample: 0,
    weight: 0,
    view: "run",
    part: 1,
    opened: [],
    from: null,
    hide: false,
    wanted: {},
  });
  const given = new URLSearchParams(location.hash.slice(1)),
    bad = [];
  let trains = false; // whether it says anything of what is trained
  for (const key of [
    ...Object.keys(READERS).filter((key) => given.has(key)),
    ...[...given.keys()].filter((key) => !(key in READERS)),
  ]) {
    if (!(key in READERS) || READERS[key](given.get(key)) === false) bad.push(key);
    else trains ||= !LOOKED.includes(key);
  }
  if (state.pieces.length > 1) state.from = state.pieces.at(-1)[0];
  const { wanted } = state;
  retrain();
  while (!run.done && (wanted.step ?? 0) >= run.losses.length) run.advance(FRAME);
  if (wanted.param !== undefined) {
    const index = engine.names.indexOf(wanted.param);
    if (index < 0) bad.push("param");
    else state.weight = index;
  }
  if (wanted.step > last()) bad.push("step");
  state.step =
    wanted.step <= last() ? wanted.step : trains && !wanted.view && !state.hide ? Infinity : 0;
  ghost = null;
  settle();
  if (wanted.view && wanted.view !== "run" && canWalk()) {
    beginWalk(wanted.view);
    if ((wanted.part ?? 1) > parts().length) bad.push("part");
    else goToPart(wanted.part ?? 1);
  }
  delete state.wanted;
  notice(
    bad.length
      ? `This link says something about ${bad.map((key) => `\u201c${key.slice(0, 20)}\u201d`).join(", ")} that makes no sense here; it was left out.`
      : "",
  );
  changed();
}

/** The link to what is shown now: only what differs from how the page opens. */
function fragmentOf() {
  const text = [],
    base = page.run,
    recorded = state.data === page.spec.data;
  const set = page.sets[state.data],
    usual = recorded
      ? { ...base, net: page.spec.net || [], out: page.spec.out }
      : { ...set, lr: [[0, set.lr]], seed: 0, zeroGrad: true, batch: null };
  const add = (key, value, normal) => {
    if (JSON.stringify(value) !== JSON.stringify(normal)) text.push(`${key}=${value}`);
  };
  add("data", state.data, page.spec.data);
  if (engine.layers) {
    add("net", netFragment(state.net), netFragment(usual.net));
    add("out", letterOf(state.out), letterOf(usual.out));
  }
  text.push(`lr=${state.pieces.map(([from, lr], i) => (i ? `${from}:${lr}` : lr)).join(",")}`);
  add("seed", state.seed, usual.seed);
  add("zero", Number(state.zero), Number(usual.zeroGrad));
  add("mean", Number(state.mean), Number(usual.mean));
  if (state.batch !== null) add("batch", state.batch, usual.batch);
  add("steps", state.steps, usual.steps);
  if (state.target !== null) add("target", state.target, usual.target);
  if (state.view !== "run" || head() !== last()) text.push(`step=${head()}`);
  add("sample", state.sample, 0);
  add("param", engine.names[state.weight], engine.names[0]);
  if (state.view !== "run") text.push(`view=${state.view}`, `part=${state.part}`);
  if (state.hide) text.push("hide=1");
  return text.join("&");
}

let written = "",
  writtenAt = 0,
  writing = 0;
/** Write the link, at most a few times a second: browsers refuse more. */
function writeFragment(push = false) {
  if (location.protocol === "about:") return; // in a notebook there is no link
  const text = `#${fragmentOf()}`;
  if (push && text !== location.hash) history.pushState(null, "", text);
  else if (text !== written) {
    const wait = writtenAt + 250 - performance.now();
    clearTimeout(writing);
    if (wait > 0) return void (writing = setTimeout(writeFragment, wait));
    if (state.touched || location.hash.length > 1) history.replaceState(null, "", text);
  }
  [written, writtenAt] = [text, performance.now()];
}
