// The numbers of a neuron's drawing, as far as they are known, and the arithmetic of a part.

function textsOf(l, j, n, seen, part, t, portrait) {
  const texts = {
    "u.head":
      l === engine.layers.length - 1
        ? "who uses it: the loss"
        : portrait
          ? `who uses it, in layer ${l + 1}: gradient ${TIMES} weight`
          : n.users.length > MOST_NEURONS
            ? "who uses it: the largest"
            : "who uses it: paths meet",
  };
  const wide = n.weights.length <= 8, // else a row is a line of text
    most = wide ? 4 : 3,
    room = portrait || n.weights.length > 4 ? 7 : 12,
    text = (x, digits = most) => roomed(x, digits, room),
    input = (x) => {
      const texts = [most, 3, 2].map((digits) => plain(x, digits));
      return texts.find((text) => text.length <= room) ?? texts[2];
    },
    back = (x, digits = wide ? 4 : 2) => `${ARROW_LEFT} ${text(x, digits)}`,
    value = (x, known) => (known ? text(x) : NOT_YET),
    grads = seen.all ? t.used : t.held;
  // A gradient that has not come yet is what was left there: 0, unless nobody reset it.
  const grad = (index) =>
    seen.gradient(index)
      ? back(grads[index])
      : seen.reset
        ? back(run.leftover(head())[index])
        : NOT_YET;
  const weight = (index, before) =>
    seen.moved(index) ? `${ARROW_RIGHT} ${text(t.after[index])}` : text(before);
  const { shown, rest } = rowsOf(l, j);
  texts["b.name"] = engine.names[n.biasAt];
  texts["b.value"] = weight(n.biasAt, n.bias);
  texts["b.grad"] = grad(n.biasAt);
  texts["b.sum"] = value(n.sums[0], seen.bias);
  let total = n.sums[0];
  shown.forEach((k, row) => {
    const index = n.at[k],
      from = `neuron ${k}`;
    total = rest.length ? total + n.products[k] : n.sums[k + 1];
    Object.assign(texts, {
      [`x${row}.name`]: l ? from : engine.set.columns[k],
      [`x${row}.value`]: seen.input(k) ? input(n.inputs[k]) : NOT_YET,
      [`w${row}.name`]: wide ? engine.names[index] : String(k),
      [`w${row}.value`]: weight(index, n.weights[k]),
      [`w${row}.grad`]: grad(index),
      [`p${row}.value`]: value(n.products[k], seen.product(k)),
      [`p${row}.grad`]: seen.all ? "" : seen.gradient(index) ? back(n.delta) : NOT_YET,
      [`x${row}.times`]: TIMES,
      [`p${row}.sum`]: value(total, seen.product(k)),
    });
  });
  if (rest.length) {
    const row = shown.length;
    Object.assign(texts, {
      [`w${row}.name`]: "+",
      [`w${row}.value`]: `${rest.length} more`,
      [`p${row}.value`]: value(n.z - total, seen.value),
      [`p${row}.sum`]: value(n.z, seen.value),
    });
  }
  texts["a.value"] = value(n.value, seen.value);
  texts["a.grad"] = seen.arrives ? `${ARROW_LEFT} ${short(n.arrives)}` : NOT_YET;
  texts["s.grad"] = seen.delta ? `${ARROW_LEFT} ${short(n.delta)}` : NOT_YET;
  usersTexts(texts, n, seen, portrait);
  return texts;
}

/** The text of a number with so many digits, or with fewer where it would be too long. */
function roomed(x, digits, room) {
  const text = short(x, digits);
  return text.length > room && digits > 1 ? roomed(x, digits - 1, room) : text;
}

function usersTexts(texts, n, seen, portrait) {
  const drawn = usersDrawn(n.users),
    digits = n.users.length > 4 ? 3 : 4; // as many as there is room for
  drawn.forEach((u, row) => {
    const user = n.users[u],
      loss = user.layer === null,
      known = loss ? seen.arrives : seen.user(u);
    texts[`u${row}.name`] = loss
      ? "the loss"
      : portrait
        ? nodeName(user.layer, user.neuron).replace(/^layer \d+, /, "")
        : n.users.length > 4
          ? String(user.neuron)
          : nodeName(user.layer, user.neuron);
    texts[`u${row}.product`] = known
      ? loss
        ? "its slope"
        : product(short(user.delta, digits), short(user.weight, digits))
      : NOT_YET;
    const arrives = loss
      ? short(user.arrives, digits)
      : byHand([user.delta, user.weight], times, user.arrives, digits);
    texts[`u${row}.grad`] = known ? `= ${arrives}` : "";
  });
  if (drawn.length < n.users.length) {
    const rest = [...n.users.keys()].filter((u) => !drawn.includes(u));
    texts[`u${drawn.length}.name`] = `${rest.length} others`;
    texts[`u${drawn.length}.grad`] = seen.user(rest[0])
      ? `= ${short(rest.reduce((sum, u) => sum + n.users[u].arrives, 0))}`
      : "";
  }
  if (n.users.length > 1) {
    texts["added.name"] = "added up";
    texts["added.grad"] = seen.arrives ? short(n.arrives) : NOT_YET;
  }
}

/** Of many users, those that have a row in the drawing. */
const usersDrawn = (users) => largestUsers(users, MOST_NEURONS, USERS_OF_MANY - 1);

/** The arithmetic of a part: what it is, the numbers, the result with the digits that they give. */
function arithmetic(part, t) {
  const n = part.l === undefined ? null : t.layers[part.l][part.j],
    factor = (text, x) => `[${bracketed(text)}|${full(x)}]`;
  switch (part.kind) {
    case "F product": {
      const [w, x, p] = [n.weights[part.k], n.inputs[part.k], n.products[part.k]];
      return [
        `weight ${TIMES} input`,
        `${number(w)} ${TIMES} {${bracketed(plain(x, 4))}|${full(x)}}`,
        `= {${byHand([w, x], times, p)}|${full(p)}}`,
      ];
    }
    case "F act": {
      const { activation } = engine.layers[part.l],
        v = byHand([n.z], APPLIED[activation], n.value);
      return [
        `${activation} of the sum`,
        `${activation}(${number(n.z)})`,
        `= {${v}|${full(n.value)}}`,
      ];
    }
    case "B user": {
      const { delta, weight } = n.users[part.u];
      return multiplied("weight", delta, weight, factor(short(weight), weight));
    }
    case "B added":
      return ["paths added up", `${plural(n.users.length, "path")}`, `= ${gradient(n.arrives)}`];
    case "B act":
      return multiplied("slope", n.arrives, n.slope, factor(slopeText(n.slope), n.slope));
    case "B weight": {
      const x = n.inputs[part.k];
      return multiplied("input", n.delta, x, factor(plain(x, 4), x));
    }
    case "B bias":
      return multiplied("1", n.delta, 1, "[1]");
    case "U1": {
      const [lr, g] = [rateHere(), t.used[state.weight]],
        result = byHand([lr, g], times, lr * g);
      return [
        `rate ${TIMES} gradient`,
        `{${plain(lr)}} ${TIMES} ${factor(short(g), g)}`,
        `= {${result}|${full(lr * g)}}`,
      ];
    }
    default:
      return null;
  }
}

/** A gradient times something, by name and as it is shown. */
const multiplied = (name, g, x, shown) => [
  `gradient ${TIMES} ${name}`,
  `${gradient(g)} ${TIMES} ${shown}`,
  `= [${byHand([g, x], times, g * x)}|${full(g * x)}]`,
];
