// What generated code calls and JavaScript lacks, or has with other results at the edges.

const inf = Infinity;
const nan = NaN;

function pow(x, n) {
  if (n === -1) return 1 / x;
  return x === 1 || (x === -1 && Math.abs(n) === inf) ? 1 : Math.pow(x, n);
}

function sigmoid(x) {
  const e = Math.exp(-Math.abs(x));
  return (x < 0 ? e : 1) / (1 + e);
}

// The error function, by the series 7.1.6 of Abramowitz and Stegun, "Handbook of Mathematical
// Functions"; far from 0 by the continued fraction 7.1.14.
function erf(x) {
  const far = Math.abs(x);
  if (far > 2) return Math.sign(x) * (1 - erfc(far));
  let term = x;
  let total = x;
  for (let k = 1; k < 60; k += 1) {
    term *= (2 * x * x) / (2 * k + 1);
    total += term;
  }
  return (2 / Math.sqrt(Math.PI)) * bell(x) * total;
}

function erfc(x) {
  if (!(x > 1)) return 1 - erf(x);
  let rest = x;
  for (let k = 200; k > 0; k -= 1) rest = x + k / 2 / rest;
  return bell(x) / Math.sqrt(Math.PI) / rest;
}

// exp(-x * x), of which the square alone would lose digits.
function bell(x) {
  const near = Math.fround(x);
  if (near - near !== 0) return Math.exp(-x * x);
  return Math.exp(-near * near) * Math.exp((near - x) * (near + x));
}
