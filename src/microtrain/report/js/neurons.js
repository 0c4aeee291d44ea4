// A network put together of generated neurons, and one step of a network taken apart for the walk.
// Each neuron, each loss, and what their gradients are, is a function of `program`: here they are
// only called, in the library's order.

// The layers of a multi-layer perceptron, and where the parameters of each stand.
function layersOf(inputs, sizes, activations) {
  let at = 0;
  return sizes.map((n, l) => {
    const before = l ? sizes[l - 1] : inputs;
    const layer = { n, inputs: before, activation: activations[l], weights: at };
    layer.biases = at + n * before;
    at = layer.biases + n;
    return layer;
  });
}

class Neurons {
  constructor(layers, data) {
    this.lossOf = program.losses[data]; // none where a loss can't be written
    const last = layers[layers.length - 1];
    this.size = last.biases + last.n;
    this.inputs = layers[0].inputs;
    this.layers = layers.map((layer) => ({
      ...layer,
      neuron: program.neurons[`${layer.inputs}:${layer.activation}`],
      sum: program.sums[layer.inputs], // and what it does backwards
      x: new Float64Array(layer.inputs), // what goes in
      z: new Float64Array(layer.n), // the sums
      slopes: new Float64Array(layer.n),
      arrives: new Float64Array(layer.n), // the gradients of the outputs
      deltas: new Float64Array(layer.n), // those of the sums
    }));
    this.layers.forEach((layer, l) => {
      const next = this.layers[l + 1];
      layer.v = next ? next.x : new Float64Array(layer.n);
    });
    this.outputs = this.layers[this.layers.length - 1].v;
    this.unused = new Float64Array(last.n); // the gradient, where the loss alone is asked for
  }

  forward(p, x, at) {
    const first = this.layers[0].x;
    for (let k = 0; k < first.length; k += 1) first[k] = x[at + k];
    for (const { n, inputs, weights, biases, neuron, x: given, z, v, slopes } of this.layers) {
      for (let j = 0; j < n; j += 1) {
        neuron(p, weights + j * inputs, biases + j, given, z, v, slopes, j);
      }
    }
  }

  // Add the gradient of `seed` times a sample's loss to `g`, and return the loss.
  gradient(p, g, x, at, seed) {
    this.forward(p, x, at);
    const { layers, outputs } = this;
    let l = layers.length - 1;
    const loss = this.lossOf(outputs, x, at + this.inputs, seed, layers[l].arrives);
    for (; l >= 0; l -= 1) {
      const { n, inputs, weights, biases, sum, x: given, slopes, arrives, deltas } = layers[l];
      const toWeights = sum.weights;
      for (let j = 0; j < n; j += 1) {
        const delta = slopes[j] * arrives[j];
        deltas[j] = delta;
        toWeights(given, delta, g, weights + j * inputs, biases + j);
      }
      if (l > 0) {
        const below = layers[l - 1].arrives;
        const toInputs = sum.inputs;
        for (let k = 0; k < inputs; k += 1) below[k] = -0; // which changes no bit of a sum
        for (let j = 0; j < n; j += 1) toInputs(p, weights + j * inputs, deltas[j], below);
      }
    }
    return loss;
  }

  predict(p, x, at, o) {
    this.forward(p, x, at);
    for (let j = 0; j < o.length; j += 1) o[j] = this.outputs[j];
  }

  loss(p, x, at) {
    this.forward(p, x, at);
    return this.lossOf(this.outputs, x, at + this.inputs, 1, this.unused);
  }
}

// All that happens to one sample on its way through the neurons and back, as plain objects.
function traceOf(neurons, p, x, at, seed) {
  const g = new Float64Array(neurons.size);
  const loss = neurons.gradient(p, g, x, at, seed);
  const layers = neurons.layers.map((layer, l) =>
    Array.from({ length: layer.n }, (_, j) => neuronOf(neurons.layers, p, g, l, j)));
  return { loss, gradient: g, layers };
}

function neuronOf(layers, p, g, l, j) {
  const layer = layers[l];
  const from = layer.weights + j * layer.inputs;
  const weights = p.slice(from, from + layer.inputs);
  const products = weights.map((w, k) => w * layer.x[k]);
  const sums = new Float64Array(layer.inputs + 1);
  sums[0] = p[layer.biases + j];
  products.forEach((product, k) => { sums[k + 1] = sums[k] + product; });
  const next = layers[l + 1];
  const users = Array.from({ length: next ? next.n : 1 }, (_, k) => {
    if (!next) return { layer: null, neuron: j, arrives: layer.arrives[j] };
    const used = next.weights + k * next.inputs + j;
    const delta = next.deltas[k];
    return { layer: l + 1, neuron: k, weight: p[used], at: used, delta, arrives: p[used] * delta };
  });
  return {
    weights, products, sums, users,
    at: Int32Array.from(weights, (_, k) => from + k),
    bias: sums[0],
    biasAt: layer.biases + j,
    inputs: layer.x.slice(),
    z: layer.z[j],
    value: layer.v[j],
    arrives: layer.arrives[j],
    slope: layer.slopes[j],
    delta: layer.deltas[j],
    gradients: g.slice(from, from + layer.inputs),
    biasGradient: g[layer.biases + j],
  };
}

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
