// What is one click away: the whole generated step; and to how many digits the browser agrees with Python.

function setUpMore() {
  on("source-open", "click", () => {
    $("source-text").textContent = asRun(page.listing, state.zeroGrad).lines.join("\n");
    $("source").showModal();
  });
}

function drawMore() {
  $("source-open").hidden = !page.listing;
  say($("source-of"), engine.straight ? "" : " of the recorded network");
  $("sharpness-open").hidden = !page.live;
  say($("agreement"), page.live && !hiding() ? agreementText() : "");
}

function agreementText() {
  const { digits, losses, step } = agreement();
  if (digits === null) return "";
  const python = usualOf(page, page.spec.data),
    what = state.data === python.data ? difference(python, run.config) : "on the data of the recording",
    which = isRecorded() ? "" : ` (${what}; not this one)`,
    told = `This page repeated Python\u2019s run${which}: `;
  return step === null
    ? `${told}all ${losses} losses agree to ${digits} digits.`
    : `${told}it agrees up to step ${step}; from there on rounding decides.`;
}
