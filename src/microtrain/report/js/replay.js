// The runs of a model that can't be written as JavaScript: what was recorded of them.

class Replay extends Network {
  constructor(data) {
    super(data, data.spec);
    this.runs = data.recorded;
    this.rates = data.recorded.map((run) => run.lr[0][1]);
  }

  // The recorded run whose first rate is the nearest, with or without the reset where there is both.
  start({ lr = null, zeroGrad = true } = {}) {
    const wanted = Math.log(lr ? lr[0][1] : this.rates[0]);
    const apart = (run) => Math.abs(Math.log(run.lr[0][1]) - wanted);
    const same = this.runs.filter((run) => run.zeroGrad === zeroGrad);
    const among = same.length ? same : this.runs;
    return new Recorded(this, among.reduce((a, b) => (apart(b) < apart(a) ? b : a)));
  }
}

class Recorded {
  constructor(engine, run) {
    this.engine = engine;
    this.run = run;
    this.options = { ...engine.data.run, lr: run.lr, zeroGrad: run.zeroGrad };
    const numbers = (list) => list.map((x) => (x === null ? NaN : x));
    this.losses = numbers(run.losses);
    this.gradNorms = numbers(run.gradNorms);
    this.status = run.status;
    this.done = true;
    const last = this.losses.length - 1;
    this.head = Math.max(0, run.status === "diverged" ? last - 1 : last);
  }

  advance() { return this.done; }

  // The nearest step that was kept, at or before k; of each sample it has the outputs, then the loss.
  kept(k) { return this.run.frames.findLast(({ step }) => step <= k); }

  frame(k) { return this.kept(k).step; }

  parameters(k) { return Float64Array.from(this.kept(k).parameters); }

  gradients(k) { return Float64Array.from(this.kept(k).gradients); }

  outputs(k, i) { return Float64Array.from(this.kept(k).samples[i].slice(0, -1)); }

  sampleLoss(k, i) { return this.kept(k).samples[i].at(-1); }

  fullLoss(k) { return this.losses[k]; }

  leftover() { return new Float64Array(this.engine.size); }

  batch() { return null; }

  verdict() {
    const { word } = this.run;
    const found = verdictOf(this.losses, this.gradNorms, this.options.target);
    return { ...found, word, fate: fateOf(this, word) };
  }
}
