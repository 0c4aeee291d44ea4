// The generated Python of a neuron, under the names that it has in its network.

// The listing for neuron j of layer l: that of the whole step, if there is one, or of the neuron.
// Beside the lines and the parts it has the tokens of each line: columns, and what stands there.
function listingFor(engine, l, j) {
  const { data, layers } = engine;
  if (engine.recorded && data.listing) {
    const { lines, names, parts } = data.listing;
    return { lines, parts, tokens: lines.map((line) => tokensOf(line, names)) };
  }
  const cell = layers && data.cells[`${layers[l].inputs}:${layers[l].activation}`];
  return cell ? renamed(engine, cell, l, j) : null;
}

// The listing as it runs: a reset that was forgotten is not in it, which a remark says in its place.
function asRun(listing, zeroGrad) {
  const at = listing?.parts.B0?.[0];
  if (zeroGrad || at === undefined) return listing;
  const told = "# zero_grad() is forgotten: no line sets the gradients to 0";
  return {
    ...listing,
    lines: listing.lines.map((line, k) => (k === at ? told : line)),
    parts: { ...listing.parts, B0: [at, 0, told.length] },
  };
}

function tokensOf(line, names) {
  return [...line.matchAll(/\w+/g)]
    .filter(([word]) => Object.hasOwn(names, word))
    .map(({ 0: word, index }) => [index, index + word.length, names[word]]);
}

function renamed(engine, cell, l, j) {
  const lines = [];
  const tokens = [];
  const moves = []; // of each line: where a column has gone
  const add = (line, found) => {
    lines.push(line);
    tokens.push(found);
  };
  const parts = {};
  const own = "B:0:0" in cell.parts; // else its slope is 1, and what arrives is passed on
  const [backward] = cell.parts[own ? "B:0:0" : "G:0"];
  const arriving = own ? ["arrives", `a:${l}:${j}`] : [`d${l}_${j}`, `d:${l}:${j}`];
  const users = engine.layers[l + 1] ? usersOf(engine, l, j, arriving) : null;
  cell.lines.forEach((line, k) => {
    if (users && k === backward) add(users.line, users.tokens);
    let text = "";
    let at = 0;
    const found = [];
    const shifts = [];
    for (const [from, to, key] of tokensOf(line, cell.names)) {
      const [name, meant] = key === "a:0:0" ? arriving : nameOf(engine, key, l, j);
      text += line.slice(at, from) + name;
      found.push([text.length - name.length, text.length, meant]);
      shifts.push([to, text.length - to]);
      at = to;
    }
    add(text + line.slice(at), found);
    moves.push([lines.length - 1, (column) =>
      column + shifts.reduce((by, [to, shift]) => (to <= column ? shift : by), 0)]);
  });
  for (const [key, [line, from, to]] of Object.entries(cell.parts)) {
    const [place, moved] = moves[line];
    const named = partOf(engine, key, l, j);
    if (named) parts[named] = [place, moved(from), moved(to)];
  }
  if (users) {
    const place = moves[backward][0] - 1;
    users.terms.forEach(([from, to], u) => { parts[`B:${l}:${j}:${u}`] = [place, from, to]; });
    const key = `B:${l}:${j}`;
    parts[`${key}:added`] = [place, users.start, users.line.length];
    if (!own) parts[key] = parts[`${key}:act`] = parts[`${key}:added`];
  }
  return { lines, tokens, parts };
}

// The line that adds up what the users of a neuron pass back.
function usersOf(engine, l, j, [arriving, meant]) {
  const next = engine.layers[l + 1];
  let line = `${arriving} = `;
  const start = line.length;
  const tokens = [[0, arriving.length, meant]];
  const terms = [];
  const write = (name, key) => {
    tokens.push([line.length, line.length + name.length, key]);
    line += name;
  };
  for (let u = 0; u < next.n; u += 1) {
    if (u) line += " + ";
    const from = line.length;
    const used = next.weights + u * next.inputs + j;
    write(engine.names[used], `p:${used}`);
    line += " * ";
    write(`d${l + 1}_${u}`, `d:${l + 1}:${u}`);
    terms.push([from, line.length]);
  }
  return { line, start, tokens, terms };
}

// The index in the network of parameter i of a neuron alone: its weights, then its bias.
function parameterOf(engine, i, l, j) {
  const { inputs, weights, biases } = engine.layers[l];
  return i < inputs ? weights + j * inputs + i : biases + j;
}

// The key in the network of a part of a neuron alone, or null for what is not of the neuron.
function partOf(engine, key, l, j) {
  const [kind, first, , ...rest] = key.split(":");
  if (!first) return null;
  if (kind === "G" || kind === "U") return `${kind}:${parameterOf(engine, Number(first), l, j)}`;
  return [kind, l, j, ...rest].join(":");
}

// The name, and its key, that stand in the network for a name of the neuron alone.
function nameOf(engine, key, l, j) {
  const [kind, first] = key.split(":");
  if (kind === "p" || kind === "g") {
    const i = parameterOf(engine, Number(first), l, j);
    return [(kind === "g" ? "g_" : "") + engine.names[i], `${kind}:${i}`];
  }
  if (kind === "x") return l ? [`v${l - 1}_${first}`, `v:${l - 1}:${first}`] : [`x${first}`, key];
  return "zvd".includes(kind) ? [`${kind}${l}_${j}`, `${kind}:${l}:${j}`] : [key, key];
}
