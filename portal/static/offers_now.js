// The pop-up of open offers: says once that something new is there, remembers what was put aside, and makes way for
// whatever has the focus. Without it the pop-up is a plain <details>.

const said = document.getElementById("offers-said");
const popUp = () => document.getElementById("offers-now");
const idsOf = (part) => (part?.dataset.liveState ?? "").split("|")[0].split(".").filter(Boolean);
let known = new Set(idsOf(document.querySelector('[data-live~="offers"]')));

document.addEventListener("live:swapped", (event) => {
  const part = event.target;
  if (!part.matches?.('[data-live~="offers"]')) return;
  const count = document.querySelector("[data-offers-count]");
  if (count) count.textContent = Number(part.dataset.count) || "";
  const ids = idsOf(part);
  if (ids.some((id) => !known.has(id))) said.textContent = part.dataset.said;
  known = new Set(ids);
  makeWay();
});

// Put aside: the server renders it closed from then on, until another offer comes.
document.addEventListener("click", (event) => {
  const details = event.target.closest?.("#offers-now summary")?.parentElement;
  if (!details) return;
  delete details.dataset.gaveWay;
  const aside = details.open ? idsOf(popUp()).slice(0, 20).join(".") : "";
  const secure = location.protocol === "https:" ? "; secure" : "";
  document.cookie = `offers-aside=${aside}; path=/; samesite=lax${secure}`;
});

// Whatever has the focus is never covered: the card gives way first, then the page scrolls.
function makeWay() {
  const details = popUp()?.querySelector("details");
  const focused = document.activeElement;
  if (!details || !focused || focused === document.body || focused.id === "content") return;
  if (popUp().contains(focused) || !covers(focused)) return;
  if (details.open) {
    details.open = false;
    details.dataset.gaveWay = "";
  }
  if (covers(focused)) focused.scrollIntoView({ block: "center" });
}

function covers(element) {
  const [one, other] = [popUp().getBoundingClientRect(), element.getBoundingClientRect()];
  return one.top < other.bottom && other.top < one.bottom && one.left < other.right && other.left < one.right;
}

document.addEventListener("focusin", makeWay);
document.addEventListener("focusout", () => {
  setTimeout(() => {
    const details = popUp()?.querySelector("details[data-gave-way]");
    if (!details) return;
    details.open = true;
    delete details.dataset.gaveWay;
    makeWay();
  }, 200);
});
