// The largest eigenvalue of a symmetric matrix that can only be multiplied by: `lanczos` of
// `training/curvature.py`.

const PATIENCE = 4;

function lanczos(product, n, tolerance = 1e-11) {
  const random = new Twister(0);
  const vectors = [];
  const diagonal = [];
  const beside = [];
  let top = NaN;
  let still = 0;
  let v = newDirection(random, vectors, n);
  let length = 0;
  while (vectors.length < n) {
    vectors.push(v);
    let w = product(v);
    if (!w.every(Number.isFinite)) return NaN;
    diagonal.push(inner(v, w));
    w = orthogonal(orthogonal(w, vectors), vectors);
    const before = top;
    top = topOf(diagonal, beside);
    still = Math.abs(top - before) <= tolerance * Math.abs(top) ? still + 1 : 0;
    if (still === PATIENCE) break;
    length = Math.sqrt(inner(w, w));
    if (length > 1e-13 * Math.max(...diagonal.map(Math.abs))) {
      v = w.map((x) => x / length);
    } else { // no vector so far leads to a new one: what is left of the space is another story
      v = newDirection(random, vectors, n);
      length = 0;
    }
    beside.push(length);
  }
  return top;
}

function newDirection(random, vectors, n) {
  let v = Float64Array.from({ length: n }, () => random.gauss());
  const size = Math.sqrt(inner(v, v));
  v = orthogonal(orthogonal(v.map((x) => x / size), vectors), vectors);
  const length = Math.sqrt(inner(v, v));
  return length ? v.map((x) => x / length) : v;
}

// What of a vector is orthogonal to these, which have length 1.
function orthogonal(w, vectors) {
  const left = w.slice();
  for (const v of vectors) {
    const share = inner(v, left);
    for (let i = 0; i < left.length; i += 1) left[i] -= share * v[i];
  }
  return left;
}

// The largest eigenvalue of a tridiagonal matrix, by bisection: above it all pivots are negative.
function topOf(diagonal, beside) {
  const scale = Math.max(...diagonal.map(Math.abs), ...beside.map(Math.abs));
  if (scale === 0) return 0;
  const a = diagonal.map((x) => x / scale);
  const b = beside.map((x) => x / scale);
  let low = Math.max(...a);
  const reach = (i) => Math.abs(i ? b[i - 1] : 0) + Math.abs(i < a.length - 1 ? b[i] : 0);
  let high = Math.max(...a.map((x, i) => x + reach(i)));
  const least = 1e-16 * Math.max(Math.abs(low), Math.abs(high));
  for (;;) {
    const middle = (low + high) / 2;
    if (!(high - low > least && low < middle && middle < high)) return high * scale;
    let pivot = 1;
    const negative = a.every((x, i) => {
      pivot = x - middle - (i ? b[i - 1] * b[i - 1] : 0) / pivot;
      return pivot < 0;
    });
    if (negative) high = middle;
    else low = middle;
  }
}

function inner(v, w) {
  let total = 0;
  for (let i = 0; i < v.length; i += 1) total += v[i] * w[i];
  return total;
}
