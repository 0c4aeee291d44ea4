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
    tight = (x) => portrait || plain(x, most).length > room,
    back = (x, digits = wide ? 4 : 2) => `${ARROW_LEFT} ${text(x, digits)}`,
    value = (x, known) => (known ? text(x) : NOT_YET),
    grads = seen.all ? t.used : t.gradient;
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
  texts["s0.value"] = value(n.sums[0], seen.bias);
  let total = n.sums[0];
  shown.forEach((k, row) => {
    const index = n.at[k],
      from = `neuron ${k}`;
    total = rest.length ? total + n.products[k] : n.sums[k + 1];
    Object.assign(texts, {
      [`x${row}.name`]: l ? from : engine.set.columns[k],
      [`x${row}.value`]: seen.input(k) ? plain(n.inputs[k], tight(n.inputs[k]) ? 3 : most) : NOT_YET,
      [`w${row}.name`]: wide ? engine.names[index] : String(k),
      [`w${row}.value`]: weight(index, n.weights[k]),
      [`w${row}.grad`]: grad(index),
      [`p${row}.value`]: value(n.products[k], seen.product(k)),
      [`p${row}.grad`]: seen.all ? "" : seen.gradient(index) ? back(n.delta) : NOT_YET,
      [`s${row + 1}.value`]: value(total, seen.product(k)),
    });
  });
  if (rest.length) {
    const row = shown.length;
    Object.assign(texts, {
      [`w${row}.name`]: "+",
      [`w${row}.value`]: `${rest.length} more`,
      [`p${row}.value`]: value(n.z - total, seen.value),
      [`s${row + 1}.value`]: value(n.z, seen.value),
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
  return text.length > room && digits > 2 ? roomed(x, digits - 1, room) : text;
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
        ? `neuron ${user.neuron}`
        : n.users.length > 4
          ? String(user.neuron)
          : nodeName(user.layer, user.neuron);
    texts[`u${row}.product`] = known
      ? loss
        ? "its slope"
        : product(short(user.delta, digits), short(user.weight, digits))
      : NOT_YET;
    texts[`u${row}.grad`] = known ? `= ${short(user.arrives, digits)}` : "";
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

/** The arithmetic of a part: what it is, the product, the result. */
function arithmetic(part, t) {
  const n = part.l === undefined ? null : t.layers[part.l][part.j],
    g = (x, digits = 4) => `[${short(x, digits)}|${full(x)}]`,
    gb = (x, digits = 4) => `[${bracketed(short(x, digits))}|${full(x)}]`;
  switch (part.kind) {
    case "F product":
      return [
        `weight ${TIMES} input`,
        `${number(n.weights[part.k])} ${TIMES} {${bracketed(plain(n.inputs[part.k], 4))}|${full(n.inputs[part.k])}}`,
        `= ${number(n.products[part.k])}`,
      ];
    case "F act":
      return [
        `${engine.layers[part.l].activation} of the sum`,
        `${engine.layers[part.l].activation}(${number(n.z)})`,
        `= ${number(n.value)}`,
      ];
    case "B user": {
      const { delta, weight, arrives } = n.users[part.u];
      return [`gradient ${TIMES} weight`, `${g(delta)} ${TIMES} ${gb(weight)}`, `= ${g(arrives)}`];
    }
    case "B added":
      return ["paths added up", `${plural(n.users.length, "path")}`, `= ${g(n.arrives)}`];
    case "B act":
      return [
        `gradient ${TIMES} slope`,
        `${g(n.arrives)} ${TIMES} [${slopeText(n.slope)}|${full(n.slope)}]`,
        `= ${g(n.delta)}`,
      ];
    case "B weight":
      return [
        `gradient ${TIMES} input`,
        `${g(n.delta)} ${TIMES} [${bracketed(plain(n.inputs[part.k], 4))}|${full(n.inputs[part.k])}]`,
        `= ${g(n.gradients[part.k])}`,
      ];
    case "B bias":
      return [`gradient ${TIMES} 1`, `${g(n.delta)} ${TIMES} [1]`, `= ${g(n.biasGradient)}`];
    case "U1":
      return [
        `rate ${TIMES} gradient`,
        `{${plain(rateHere())}} ${TIMES} ${gb(t.used[state.weight])}`,
        `= ${number(rateHere() * t.used[state.weight])}`,
      ];
    default:
      return null;
  }
}
