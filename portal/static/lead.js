// The lead page: a tap on Call, Text or Mail brings up the form that logs it, and feedback that nobody is changing is
// shown as it is now. Everything works without this, a step slower.

const page = document.querySelector("[data-lead]");

document.addEventListener("click", (event) => {
  const tapped = event.target.closest("[data-attempt]");
  if (tapped) ask(tapped.dataset.attempt);
  if (event.target.closest("[data-not-now]")) putAway();
  // A folded part that is the place of a link opens.
  const link = event.target.closest('a[href^="#"]');
  const place = link && document.getElementById(link.hash.slice(1));
  if (place?.matches("textarea")) {
    event.preventDefault();
    place.focus();
    place.scrollIntoView({ block: "center" });
  }
});

function ask(way) {
  const card = document.getElementById("lead-attempt");
  if (!card) return;
  const choice = card.querySelector(`input[name="way"][value="${way}"]`);
  if (choice) choice.checked = true;
  card.querySelector("details").open = true;
  card.querySelector("[data-not-now]").hidden = false;
  card.querySelector("summary").textContent = "Log this attempt?";
  card.classList.add("asked");
}

function putAway() {
  const card = document.getElementById("lead-attempt");
  card.classList.remove("asked");
  card.querySelector("[data-not-now]").hidden = true;
  card.querySelector("details").open = false;
}

const isTouched = (control) =>
  control.matches("select")
    ? [...control.options].some((option) => option.selected !== option.defaultSelected)
    : control.value !== control.defaultValue || control.checked !== control.defaultChecked;

function isBeingChanged(card) {
  const controls = [...card.querySelectorAll("input:not([type=hidden]), select, textarea")];
  return card.contains(document.activeElement) || controls.some(isTouched) || card.querySelector(".notice");
}

async function freshenFeedback() {
  const card = document.getElementById("lead-feedback");
  if (!card || isBeingChanged(card)) return;
  const answer = await fetch(card.dataset.from, { headers: { "HX-Request": "true" }, cache: "no-store" });
  if (answer.status !== 200 || isBeingChanged(card)) return;
  const holder = document.createElement("template");
  holder.innerHTML = await answer.text();
  const fresh = holder.content.firstElementChild;
  card.replaceWith(fresh);
  window.htmx?.process(fresh);
}

// Somebody changed the lead, perhaps oneself by logging an attempt.
document.addEventListener("live:lead", (event) => event.detail.id === page.dataset.lead && freshenFeedback());
document.addEventListener("htmx:after:swap", (event) => {
  if (event.target.id !== "lead-feedback" && !event.target.closest?.("#lead-feedback")) freshenFeedback();
});
