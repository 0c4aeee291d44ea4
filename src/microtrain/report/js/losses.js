// How the page tells of the library's losses. Of others, it knows no more than the name.

// formula: of one output, with the slots {error}, {says}, {target} and {share} (of the target, by
// softmax); why: what it does, in words before the formula; slope: its slope by the prediction, in
// words; many: what several of them are called; kinks: whether it has any.
const LOSSES = {
  "squared error": {
    formula: "({error})\u00b2",
    why: "Squared, so that too low and too high both count",
    slope: "2 * error",
    many: "squared errors",
    kinks: false,
  },
  hinge: {
    formula: "max(0, 1 - {target} * {says})",
    why: "What is missing to a margin of 1 on the right side",
    many: "hinge losses",
    kinks: true,
  },
  "cross entropy": {
    formula: "-log(share of the target, {share})",
    why: "Softmax makes shares of the outputs; the smaller the target's, the larger the loss",
    many: "cross entropies",
    kinks: false,
  },
};

// A loss with what is told of it: its kinks are null where nobody said.
const toldOf = (loss) => ({ kinks: null, ...(loss.takes && LOSSES[loss.name]), ...loss });
