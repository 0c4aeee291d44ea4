// The generated Python: five lines around the one that runs, the part underlined, the values beneath.

const AROUND = 2,
  LONG = 100; // columns: of longer lines, only the beginning is shown, unless the part is further on

/** The listing that a part is in, and where: of the whole step, or of its neuron alone. */
function listingOf(part) {
  const [l, j] = shownNeuron(part),
    listing = engine.listing(l, j);
  return [listing, listing?.parts[part.code]];
}

function drawCode(part, t) {
  const box = $("code"),
    [listing, place] = listingOf(part);
  $("code-card").hidden = !listing;
  if (!listing) return;
  const at = place ? place[0] : -1,
    first = Math.max(0, Math.min(listing.lines.length - 2 * AROUND - 1, at - AROUND)),
    shown = listing.lines.slice(first, first + 2 * AROUND + 1);
  const values = at < 0 ? "" : valuesBeneath(listing, at, part, t);
  if (!outdated(box, first, place, values, listing.lines[0])) return;
  const indent = Math.min(...shown.map((line) => line.search(/\S/)).filter((n) => n >= 0));
  const [l, j] = shownNeuron(part),
    waits = place ? [] : [make("div", {}, `# of ${nodeName(l, j)}: no line of it runs now`)];
  box.replaceChildren(
    ...waits,
    ...shown.flatMap((line, i) => {
      if (first + i !== at) return [make("div", {}, shortened(line.slice(indent)) || " ")];
      const [, from] = place,
        to = place[2] > LONG && from < LONG / 2 ? line.length : place[2];
      if (to > LONG && from < LONG / 2) line = shortened(line);
      return [
        make(
          "div",
          { class: "marked", "data-line": at },
          line.slice(indent, from),
          make("u", {}, line.slice(from, to)),
          line.slice(to),
        ),
        make("div", { class: "values" }, values.slice(indent) || " "),
      ];
    }),
  );
  const marked = box.querySelector("u");
  const end = marked ? marked.offsetLeft + marked.offsetWidth : 0;
  box.scrollLeft = end > box.clientWidth ? marked.offsetLeft - 100 : 0;
}

/** A line of code that fits: the rest of a longer one is left out. */
const shortened = (line) => (line.length > LONG ? `${line.slice(0, LONG - 1)}\u2026` : line);

/** The numbers of a line, each under its term: the terms of a sum, else each name that has a value. */
function valuesBeneath(listing, at, part, t) {
  const terms = termsOf(listing, at, part, t);
  let text = "";
  for (const [from, to, x] of terms) {
    if (x === null || x === undefined) continue;
    const told = short(x, 4),
      middle = from + Math.max(0, Math.floor((to - from - told.length) / 2)),
      start = Math.max(middle, text.length && text.length + 1);
    if (start <= to + 8) text = text.padEnd(start) + told;
  }
  return text;
}

/** The terms that the walk has of this line: from, to, value; or else its names; and the result. */
function termsOf(listing, at, part, t) {
  if (WITHOUT_VALUES.includes(part.kind)) return [];
  const terms = [];
  for (const [key, [line, from, to]] of Object.entries(listing.parts)) {
    const x = line === at && isKnown(key) ? termValue(key, t) : null;
    if (x !== null && !terms.some(([start]) => start === from)) terms.push([from, to, x]);
  }
  const result = listing.lines[at].indexOf(" = "),
    names = listing.tokens[at],
    right = names.filter(([from]) => from > result);
  const split = Object.values(listing.parts).filter(([line]) => line === at).length > 3;
  const shown = split ? terms : right.map(([from, to, key]) => [from, to, nameValue(key, part, t)]);
  const [from, to, key] = names.find(([from]) => from < result) || [];
  if (key && ENDS_ITS_LINE.includes(part.kind)) shown.push([from, to, resultValue(key, t)]);
  return shown.sort((a, b) => a[0] - b[0]);
}

const WITHOUT_VALUES = ["B0", "BS", "U2", "U3"];
const ENDS_ITS_LINE = ["F act", "F closed", "B act", "B closed", "B weight", "B bias", "U1"];

/** Whether the walk has been at this part; those of closed neurons it meets as one. */
function isKnown(code) {
  const place = parts().findIndex((part) => part.code === code);
  return place < state.part;
}

/** What a name on the right stands for; a gradient there is that of before, until it is used. */
function nameValue(key, part, t) {
  const [kind, index] = key.split(":");
  if (kind !== "g") return t.value(key);
  return part.phase === "update" ? t.used[index] : run.leftover(head())[index];
}

/** What the name on the left is from now on. */
function resultValue(key, t) {
  const [kind, index] = key.split(":");
  return kind === "p" ? t.after[index] : t.value(key);
}

/** What a part of the walk comes to, where it is a term: a product, a bias, a slope, a user's share. */
function termValue(key, t) {
  const [kind, l, j, what] = key.split(":"),
    n = what === undefined ? null : t.layers[l]?.[j];
  if (!n) return null;
  if (kind === "F") return what === "bias" ? n.bias : (n.products[what] ?? null);
  if (kind !== "B") return null;
  return what === "act" ? Number(n.slope.toPrecision(3)) : (n.users[what]?.arrives ?? null);
}
