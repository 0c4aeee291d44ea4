// What the page knows of a network on a data set: it trains, predicts, and takes a step apart.
// The recorded network runs the code that was generated for it as a whole, others that of neurons.

const MOST_LAYERS = 3;
const BENT = 0.05; // of the steepest slope: below it an activation is nearly flat
const NEARLY = 0.1; // of their sizes: numbers whose sum is below that nearly cancel

const steepest = (activation) => (activation === "sigmoid" ? 0.25 : 1);

function makeEngine(data, spec = data.spec) {
  for (const set of Object.values(data.sets)) if (set.inputs === undefined) complete(set);
  return data.live ? new Engine(data, spec) : new Replay(data);
}

// How a network is trained on data unless one says otherwise: on the recorded, as it was recorded.
function usualOf(data, name) {
  const recorded = name === data.spec.data ? { ...data.spec, ...data.run } : {};
  const { net, out, lr, mean } = data.sets[name]; // of the recorded not all
  return {
    data: name, net, out, lr: [[0, lr]], seed: 0, shuffle: null, zeroGrad: true, steps: 100,
    target: 0.01, mean, batch: null, accumulate: 1, ...recorded,
  };
}

function sameSpec(a, b) {
  return a.data === b.data && a.out === b.out && JSON.stringify(a.net) === JSON.stringify(b.net);
}

// A network, or a model of one's own, on a data set: what live pages and replays have in common.
class Network {
  constructor(data, spec) {
    this.data = data;
    this.recorded = data.own || sameSpec(spec, data.spec);
    this.spec = spec;
    this.set = data.sets[spec.data];
    const { xs, ys, inputs, outputs } = this.set;
    this.samples = xs.length;
    this.packed = Float64Array.from(xs.flatMap((x, i) => [...x, ...ys[i]]));
    this.stride = inputs + ys[0].length;
    this.layers = null;
    if (!data.own) {
      const sizes = [...spec.net.map((layer) => layer.n), outputs];
      const activations = [...spec.net.map((layer) => layer.activation), spec.out];
      this.layers = layersOf(inputs, sizes, activations);
      this.neurons = new Neurons(this.layers, spec.data);
    }
    this.names = this.recorded ? data.names : this.layers.flatMap(namesOf);
    this.size = this.names.length;
    const relu = this.layers && this.layers.some((layer) => layer.activation === "relu");
    const { kinks, name } = this.set.loss; // null: nobody said
    this.kinked = [relu && "relu", kinks && name].filter(Boolean).join(" or ");
    this.kinks = this.kinked ? "has" : data.own || kinks === null ? "may have" : "";
    this.rates = this.set.rates;
  }

  // Of each neuron, for a sample, what comes out ("v"), or its slope ("slopes").
  forward(p, i, what = "v") {
    this.neurons.forward(p, this.packed, i * this.stride);
    return this.neurons.layers.map((layer) => layer[what].slice());
  }

  // The largest slope of each neuron over all samples.
  flat(p) {
    const all = this.set.xs.map((_, i) => this.forward(p, i, "slopes"));
    return all.reduce((a, b) => a.map((layer, l) =>
      layer.map((s, j) => Math.max(Math.abs(s), Math.abs(b[l][j])))));
  }

  // What leaves these samples without a gradient together: "flat", if a layer lets next to nothing
  // through of all that arrives; "cancel", if they pull the outputs in opposite directions; or "".
  lostBy(p, samples) {
    const { neurons, packed, stride } = this;
    const g = new Float64Array(this.size);
    const arrived = new Float64Array(this.layers.length);
    const passed = arrived.slice();
    const total = (numbers) => numbers.reduce((sum, x) => sum + Math.abs(x), 0);
    for (const i of samples) {
      neurons.gradient(p, g, packed, i * stride, 1);
      neurons.layers.forEach(({ arrives, deltas }, l) => {
        arrived[l] += total(arrives);
        passed[l] += total(deltas);
      });
    }
    const flat = ({ activation }, l) => passed[l] < BENT * steepest(activation) * arrived[l];
    if (this.layers.some(flat)) return "flat";
    const biases = g.subarray(this.layers.at(-1).biases);
    return total(biases) < NEARLY * passed.at(-1) ? "cancel" : "";
  }

  fits(output, i) { return fitsOf(this.set, output, this.set.ys[i]); }

  listing(l, j) { return listingFor(this, l, j); }
}

class Engine extends Network {
  constructor(data, spec) {
    super(data, spec);
    this.straight = this.recorded && program.straight !== null;
    this.machine = this.straight ? program.straight : this.neurons;
    this.sharp = this.straight && program.straight.product !== null;
    this.out = new Float64Array(this.set.outputs);
    this.point = new Float64Array(this.stride);
  }

  // The parameters that a seed draws; without one those recorded, of another network those of 0.
  initial(seed = null) {
    if (this.data.own || (seed === null && this.recorded)) {
      return Float64Array.from(this.data.recorded[0].initial);
    }
    const random = new Twister(seed ?? 0);
    const p = new Float64Array(this.size);
    for (const { n, inputs, weights, biases } of this.layers) {
      for (let j = 0; j < n; j += 1) {
        for (let k = 0; k < inputs; k += 1) p[weights + j * inputs + k] = random.uniform(-1, 1);
        p[biases + j] = random.uniform(-1, 1);
      }
    }
    return p;
  }

  start(options = {}) {
    const all = { ...usualOf(this.data, this.spec.data), ...options };
    return new Run(this, all, all.initial || this.initial(all.seed));
  }

  many(seeds, options) { return new Many(this, seeds, options); }

  // Forward, loss and backward of these samples: their loss, and the gradients added to `g`.
  pass(p, g, samples, mean) {
    const { machine, packed, stride } = this;
    const seed = mean ? 1 / samples.length : 1;
    let loss = 0;
    for (let i = 0; i < samples.length; i += 1) {
      loss += machine.gradient(p, g, packed, samples[i] * stride, seed);
    }
    return mean ? loss / samples.length : loss;
  }

  loss(p, mean, samples = null) {
    const count = samples ? samples.length : this.samples;
    let loss = 0;
    for (let i = 0; i < count; i += 1) loss += this.sampleLoss(p, samples ? samples[i] : i);
    return mean ? loss / count : loss;
  }

  sampleLoss(p, i) { return this.machine.loss(p, this.packed, i * this.stride); }

  outputs(p, i) {
    this.machine.predict(p, this.packed, i * this.stride, this.out);
    return this.out.slice();
  }

  predict(p, x) {
    for (let k = 0; k < this.set.inputs; k += 1) this.point[k] = x[k];
    this.machine.predict(p, this.point, 0, this.out);
    return this.out.slice();
  }

  grid(p, points) {
    const { inputs, outputs } = this.set;
    const count = points.length / inputs;
    const found = new Float64Array(count * outputs);
    for (let i = 0; i < count; i += 1) {
      found.set(this.predict(p, points.subarray(i * inputs, (i + 1) * inputs)), i * outputs);
    }
    return found;
  }

  // The largest curvature of the loss at p, in whatever direction; NaN where it can't be told.
  sharpness(p, mean = this.set.mean) {
    const share = mean ? 1 / this.samples : 1;
    const along = (direction) => this.curvature(p, direction).map((x) => x * share);
    return lanczos(along, this.size, this.sharp ? undefined : 1e-6);
  }

  // How the gradient of the sum changes along a direction: by generated code, where there is some,
  // else by the difference of two gradients.
  curvature(p, direction) {
    const { packed, stride, samples, size } = this;
    const product = new Float64Array(size);
    if (this.sharp) {
      for (let i = 0; i < samples; i += 1) {
        program.straight.product(p, direction, product, packed, i * stride);
      }
      return product;
    }
    const all = Array.from({ length: samples }, (_, i) => i);
    if (p.some((w) => Math.abs(w) > 1e7)) return product.fill(NaN); // the steps would be lost in it
    for (const by of [1e-4, -1e-4]) {
      const g = new Float64Array(size);
      this.pass(p.map((w, k) => w + by * direction[k]), g, all, false);
      for (let k = 0; k < size; k += 1) product[k] += g[k] / (2 * by);
    }
    return product;
  }

  fresh(p) {
    const { fresh } = this.set;
    if (!fresh) return null;
    const right = fresh.xs.filter((x, i) => fitsOf(this.set, this.predict(p, x), fresh.ys[i]));
    return { right: right.length, of: fresh.xs.length };
  }

  // Repeat the recorded run, as far as a second goes: to how many digits all losses agree, and
  // where fewer than six do.
  agreement() {
    const { losses, initial } = this.data.recorded[0];
    const run = this.start({ ...this.data.run, initial });
    const whole = run.advance(1000);
    let digits = 17;
    let step = null;
    const compared = whole ? losses : losses.slice(0, run.losses.length);
    compared.forEach((loss, k) => {
      const found = digitsOf(loss, run.losses[k]);
      if (found < 6 && step === null) step = k;
      digits = Math.min(digits, found);
    });
    if (run.losses.length !== compared.length) digits = 0;
    return { digits, step, losses: compared.length };
  }

  trace(p, i, options = {}) { return new Trace(this, p, i, options); }
}

function digitsOf(a, b) {
  if (a === b || (a === null && !Number.isFinite(b))) return 17;
  const apart = Math.abs(a - b) / Math.abs(a);
  return apart < 1 ? Math.min(17, Math.floor(-Math.log10(apart))) : 0;
}

function namesOf(layer, l) {
  const weights = Array.from({ length: layer.n * layer.inputs }, (_, k) =>
    `w${l}_${Math.floor(k / layer.inputs)}_${k % layer.inputs}`);
  return [...weights, ...Array.from({ length: layer.n }, (_, j) => `b${l}_${j}`)];
}

// Whether the class is right, or null where there are no classes.
function fitsOf(set, output, target) {
  if (!Array.from(output).every(Number.isFinite)) return null;
  if (set.classes) return output.indexOf(Math.max(...output)) === target.indexOf(1);
  return set.level === null ? null : (output[0] > set.level) === (target[0] > set.level);
}

// Runs from several starts, one after the other.
class Many {
  constructor(engine, seeds, options) {
    this.engine = engine;
    this.seeds = seeds;
    this.options = options;
    this.results = seeds.map(() => null);
    this.at = 0;
    this.run = null;
  }

  get done() { return this.at >= this.seeds.length; }

  advance(milliseconds) {
    const end = performance.now() + milliseconds;
    while (!this.done) {
      const seed = this.seeds[this.at];
      this.run = this.run || this.engine.start({ ...this.options, seed, initial: null });
      if (!this.run.advance(end - performance.now())) break;
      const { fate, step, last } = this.run.verdict();
      this.results[this.at] = { fate, step, loss: last };
      this.at += 1;
      this.run = null;
      if (performance.now() >= end) break;
    }
    return this.done;
  }
}
