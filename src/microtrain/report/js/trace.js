// One step, taken apart for one sample: what the walk shows, with every number in it.

class Trace {
  constructor(engine, p, i, { lr = 0, mean = engine.set.mean, leftover = null, samples = null }) {
    const { set, packed, stride, size } = engine;
    this.engine = engine;
    this.p = p;
    this.lr = lr;
    this.x = Float64Array.from(set.xs[i]);
    this.y = Float64Array.from(set.ys[i]);
    this.samples = samples || Int32Array.from(set.xs, (_, k) => k);
    this.share = mean ? 1 / this.samples.length : 1;
    this.outputs = engine.outputs(p, i);
    this.error = this.outputs.map((o, k) => o - this.y[k]);
    this.layers = null;
    this.slopes = null;
    if (engine.layers) {
      Object.assign(this, traceOf(engine.neurons, p, packed, i * stride, this.share));
      this.slopes = Float64Array.from(this.layers[this.layers.length - 1], (n) => n.arrives);
    } else {
      this.gradient = new Float64Array(size);
      this.loss = engine.machine.gradient(p, this.gradient, packed, i * stride, this.share);
    }
    this.losses = Float64Array.from(this.samples, (k) => engine.sampleLoss(p, k));
    this.leftover = leftover || new Float64Array(size);
    this.held = this.gradient.map((g, k) => this.leftover[k] + g); // after this sample
    this.sum = new Float64Array(size);
    this.total = engine.pass(p, this.sum, this.samples, mean);
    this.used = this.sum.map((g, k) => this.leftover[k] + g);
    this.after = p.map((w, k) => w - lr * this.used[k]);
    this.lossAfter = engine.loss(this.after, mean, this.samples);
  }

  // Each sample's gradient by parameter k.
  contributions(k) {
    const { machine, packed, stride, size } = this.engine;
    const g = new Float64Array(size);
    return Float64Array.from(this.samples, (i) => {
      g.fill(0);
      machine.gradient(this.p, g, packed, i * stride, this.share);
      return g[k];
    });
  }

  // The number that a name in the generated code stands for, or null.
  value(key) {
    const [kind, ...places] = key.split(":");
    const [first, second] = places.map(Number);
    const neuron = places.length === 2 && this.layers ? this.layers[first][second] : null;
    switch (kind) {
      case "x": return this.x[first];
      case "y": return this.y[first];
      case "e": return this.error[first];
      case "p": return this.p[first];
      case "g": return this.held[first];
      case "z": return neuron && neuron.z;
      case "v": return neuron && neuron.value;
      case "a": return neuron && neuron.arrives;
      case "d": return neuron && neuron.delta;
      case "loss": return this.loss;
      case "lr": return this.lr;
      default: return null;
    }
  }
}
