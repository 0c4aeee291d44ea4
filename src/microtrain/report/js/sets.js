// What follows from the samples of a data set: its inputs, its classes, and where to draw it.

const AROUND_POINTS = 0.15; // of their extent: the plane around the points
const TOO_FAR = 1e100; // for a plane

// Put what follows from a set's samples beside them.
function complete(set) {
  const { xs, ys, outputs, columns, lr } = set;
  const inputs = xs[0].length;
  const ends = xs[0].map((_, k) => endsOf(xs.map((x) => x[k])));
  const drawable = inputs <= 2 && ends.flat().every((x) => Math.abs(x) < TOO_FAR);
  set.inputs = inputs;
  set.loss = toldOf(set.loss);
  set.columns = columns?.length ? columns : xs[0].map((_, k) => `x${k}`);
  set.rates = [lr ? 0.001 : 0.0001, 10]; // that are worth a try: of the library's sets from 0.001 on
  set.level = outputs === 1 ? levelOf(ys.flat()) : null;
  set.classes = outputs > 1 && ys.every(isOneHot) ? outputs : 0;
  set.plane = drawable ? [ends[0], ends[1] ?? null] : null;
}

// The ends of an axis that shows these numbers, with a margin.
function endsOf(numbers) {
  const low = numbers.reduce((a, b) => Math.min(a, b)); // of any number of samples
  const high = numbers.reduce((a, b) => Math.max(a, b));
  const margin = AROUND_POINTS * (high - low || 1);
  return [low - margin, high + margin];
}

// The output that separates two classes with the targets -1 and 1, or 0 and 1; else null.
function levelOf(targets) {
  const among = (...two) => targets.every((y) => two.includes(y));
  if (among(-1, 1)) return 0;
  return among(0, 1) ? 0.5 : null;
}

// Whether these are the targets of a class: 1 for it, 0 for each other.
function isOneHot(targets) {
  return targets.every((y) => y === 0 || y === 1) && targets.filter((y) => y === 1).length === 1;
}
