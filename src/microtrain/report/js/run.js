// A training run: the four steps, repeated as `train` does, as many at a time as there is time for.
// The parameters of its steps are kept, or of long runs those of some, from which the rest follow.

const KEPT = 4e6; // numbers of a run that are kept
const APART = 16; // steps that are made again sooner than one is kept, where they are short

// The mini-batches of each step, as arrays of sample numbers, drawn as Python draws them.
class Batches {
  constructor(n, size, accumulate, seed) {
    const whole = Int32Array.from({ length: n }, (_, i) => i);
    this.order = whole.slice();
    this.size = size || n;
    this.accumulate = accumulate;
    this.waiting = [];
    const starts = Math.ceil(n / this.size);
    this.same = null;
    this.perPass = 1; // steps of a pass over the samples
    if (accumulate % starts === 0) { // each step sees all samples, so their order stays
      const once = this.parts(whole);
      this.same = Array.from({ length: accumulate }, (_, k) => once[k % starts]);
    } else {
      this.perPass = Math.max(2, Math.ceil(starts / accumulate));
      this.random = new Twister(seed);
    }
  }

  parts(order) {
    const parts = [];
    for (let at = 0; at < order.length; at += this.size) {
      parts.push(order.slice(at, at + this.size));
    }
    return parts;
  }

  next() {
    if (this.same) return this.same;
    while (this.waiting.length < this.accumulate) {
      this.random.shuffle(this.order);
      this.waiting.push(...this.parts(this.order));
    }
    return this.waiting.splice(0, this.accumulate);
  }
}

class Run {
  constructor(engine, options, initial) {
    this.engine = engine;
    this.options = options;
    const { from, seed, shuffle, batch, accumulate, zeroGrad, steps } = options;
    const n = engine.size;
    const count = engine.samples;
    const size = batch && batch < count ? batch : null;
    this.batches = new Batches(count, size, accumulate, (shuffle === null ? seed : shuffle) || 0);
    this.whole = size === null && accumulate === 1;
    this.drawn = []; // the mini-batches of each step
    this.full = []; // the loss of all samples before each step, as far as somebody asked
    this.losses = [];
    this.lrs = [];
    this.gradNorms = [];
    this.status = "running";
    this.kept = []; // each is the state before a step
    this.often = Math.max(1, Math.floor(2e4 / (n * count)));
    const least = Math.ceil((n * (zeroGrad ? 1 : 2) * steps) / KEPT);
    this.apart = Math.max(least, Math.min(APART, this.often));
    this.p = Float64Array.from(initial);
    this.g = new Float64Array(n);
    this.part = new Float64Array(n);
    this.found = { step: -1, p: null, g: null }; // what was worked out last
    if (from) this.goOn(from.run, Math.min(from.step, from.run.head));
  }

  // Take over the first steps of another run.
  goOn(run, step) {
    const { p, g } = run.state(step);
    this.p.set(p);
    this.g.set(g);
    for (const name of ["losses", "lrs", "gradNorms", "drawn"]) this[name] = run[name].slice(0, step);
    for (let k = 0; k < step; k += 1) this.batches.next();
    this.before = { run, step };
  }

  get done() { return this.status !== "running"; }

  get head() {
    const last = this.losses.length - 1;
    return Math.max(0, this.status === "diverged" ? last - 1 : last);
  }

  rate(k) {
    let found = 0;
    for (const [start, lr] of this.options.lr) if (start <= k) found = lr;
    return found;
  }

  // Go on for about so many milliseconds; return whether the run is at its end.
  advance(milliseconds) {
    const end = performance.now() + milliseconds;
    while (!this.done) {
      for (let i = 0; i < this.often && !this.done; i += 1) this.step();
      if (performance.now() >= end) break;
    }
    return this.done;
  }

  step() {
    const { p, g, options } = this;
    const k = this.losses.length;
    if (k >= options.steps) {
      this.status = "finished";
      return;
    }
    if (k % this.apart === 0) this.kept[k / this.apart] = [p.slice(), options.zeroGrad ? null : g.slice()];
    const batches = this.batches.next();
    this.drawn.push(batches);
    const lr = this.rate(k);
    const loss = this.pass(p, g, batches);
    let squares = 0;
    for (let i = 0; i < g.length; i += 1) squares += g[i] * g[i];
    this.losses.push(loss);
    this.lrs.push(lr);
    this.gradNorms.push(Math.sqrt(squares));
    if (loss - loss !== 0) this.status = "diverged";
    else if (options.target !== null && loss < options.target) this.status = "converged";
    else {
      for (let i = 0; i < g.length; i += 1) p[i] -= lr * g[i];
      if (k + 1 === options.steps) this.status = "finished";
    }
  }

  // Forward, loss and backward of the mini-batches of a step: their loss, and the gradients in `g`.
  pass(p, g, batches) {
    const { engine, options, part } = this;
    const { mean, zeroGrad } = options;
    if (zeroGrad) g.fill(0);
    if (zeroGrad && batches.length === 1) return engine.pass(p, g, batches[0], mean);
    let total = 0;
    for (const batch of batches) {
      part.fill(-0);
      total += engine.pass(p, part, batch, mean);
      for (let i = 0; i < g.length; i += 1) g[i] += part[i];
    }
    return total;
  }

  // The parameters before step k, and the gradients that were there: kept, or worked out again.
  state(k) {
    if (this.before && k < this.before.step) return this.before.run.state(k);
    if (this.found.step === k) return this.found;
    if (k === this.losses.length && !this.done) return { p: this.p.slice(), g: this.g.slice() };
    let at = Math.min(Math.floor(k / this.apart), this.kept.length - 1);
    const first = this.before ? this.before.step : 0;
    let start = at * this.apart;
    let p;
    let g;
    if (start < first || !this.kept[at]) {
      start = first;
      ({ p, g } = this.before.run.state(first));
    } else {
      [p, g] = this.kept[at];
    }
    if (this.found.step > start && this.found.step < k) ({ step: start, p, g } = this.found);
    p = p.slice();
    g = g ? g.slice() : new Float64Array(p.length);
    for (; start < k; start += 1) {
      this.pass(p, g, this.drawn[start]);
      const lr = this.lrs[start];
      for (let i = 0; i < p.length; i += 1) p[i] -= lr * g[i];
    }
    if (this.options.zeroGrad) g.fill(0);
    this.found = { step: k, p, g };
    return this.found;
  }

  parameters(k) { return this.state(k).p; }

  leftover(k) { return this.state(k).g; }

  gradients(k) {
    const { p, g } = this.state(k);
    const found = g.slice();
    this.pass(p, found, this.drawn[k]);
    return found;
  }

  batch(k) {
    if (this.whole || !this.drawn[k]) return null;
    return Int32Array.from(this.drawn[k].flatMap((part) => [...part]));
  }

  frame(k) { return k; }

  outputs(k, i) { return this.engine.outputs(this.parameters(k), i); }

  sampleLoss(k, i) { return this.engine.sampleLoss(this.parameters(k), i); }

  fullLoss(k) {
    if (this.whole) return this.losses[k];
    return (this.full[k] ??= this.engine.loss(this.parameters(k), this.options.mean));
  }

  verdict() {
    const { losses, gradNorms, options: { target }, batches } = this;
    const found = verdictOf(losses, gradNorms, target, batches.perPass);
    return { ...found, fate: fateOf(this, found.word) };
  }
}

// In the words of training, but "stopped" where only one batch got below the target, and "solved"
// where without a target the loss came down to 0.
function fateOf(run, word) {
  const { target } = run.options;
  if (word === "converged" && run.fullLoss(run.head) >= target) return "stopped";
  return word === "descending" && run.fullLoss(run.head) === 0 ? "solved" : word;
}
