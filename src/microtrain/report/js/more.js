// What is one click away: the whole generated step; and to how many digits the browser agrees with Python.

function setUpMore() {
  $("source-open").addEventListener("click", () => {
    $("source-text").textContent = page.listing ? page.listing.lines.join("\n") : "";
    $("source").showModal();
  });
}

function drawMore() {
  $("source-open").hidden = !page.listing || !engine.straight;
  $("sharpness-open").hidden = !engine.sharp;
  say($("agreement"), page.live ? agreementText() : "");
}

function agreementText() {
  const { digits, losses, step } = agreement();
  if (digits === null) return "";
  if (step !== null)
    return `This page repeated the run that Python recorded: it agrees up to step ${step}; from there on rounding decides.`;
  return `This page repeated the run that Python recorded: all ${losses} losses agree to ${digits} digits.`;
}
