// The offer page's countdown. The server says when the window ends and what its clock read when it answered; from then
// on a clock that nobody can set counts. A phone's wall clock is never trusted, sleep is noticed, and the server decides.

const SPOKEN = [60, 15];
const LOOK_EVERY = 15_000;

let end = 0; // performance.now() at which the window is over
let ticking = 0;
let spokenBelow = Infinity;

const countdown = () => document.querySelector("[data-countdown]");

function synchronise(answeredAt) {
  const shown = countdown();
  if (!shown) return;
  const left = Date.parse(shown.dataset.end) - Date.parse(shown.dataset.now);
  end = answeredAt + left;
  spokenBelow = left / 1000;
  clearInterval(ticking);
  ticking = setInterval(tick, 250);
  tick();
}

function tick() {
  const shown = countdown();
  if (!shown) return clearInterval(ticking);
  const seconds = Math.max(0, (end - performance.now()) / 1000);
  shown.querySelector("[data-left]").textContent = inWords(Math.ceil(seconds));
  const share = Math.min(100, (100 * seconds) / Number(shown.dataset.window));
  shown.querySelector(".rest").setAttribute("stroke-dasharray", `${share} 100`);
  shown.classList.toggle("soon", seconds <= SPOKEN[1]);
  speak(shown, seconds);
  if (seconds === 0) {
    clearInterval(ticking);
    look();
  }
}

function speak(shown, seconds) {
  const passed = SPOKEN.find((mark) => seconds <= mark && spokenBelow > mark);
  if (passed) shown.querySelector("[data-spoken]").textContent = `${passed} seconds left to answer`;
  spokenBelow = Math.min(spokenBelow, seconds);
}

function inWords(seconds) {
  const two = (number) => String(number).padStart(2, "0");
  const minutes = Math.floor(seconds / 60);
  return minutes < 60
    ? `${minutes}:${two(seconds % 60)} left`
    : `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(seconds % 60)} left`;
}

// Ask the server how the offer stands, and show its page when it has changed. Asking decides nothing.
async function look() {
  const address = location.pathname.replace(/\/(accept|decline|again)$/, "");
  try {
    const answer = await fetch(address, { cache: "no-store", credentials: "omit", referrerPolicy: "no-referrer" });
    const answeredAt = performance.now();
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    show(page, answeredAt);
  } catch {
    // No connection: the window is over all the same, and the next look will tell.
    setTimeout(look, 2_000);
  }
}

function show(page, answeredAt) {
  const before = document.querySelector("main");
  const after = page.querySelector("main");
  if (!after) return;
  if (before.dataset.standing === after.dataset.standing) {
    const clock = countdown();
    if (clock) Object.assign(clock.dataset, { ...page.querySelector("[data-countdown]").dataset });
    return synchronise(answeredAt);
  }
  document.title = page.title;
  before.replaceWith(after);
  const heading = after.querySelector("h1");
  heading.tabIndex = -1;
  heading.focus();
  synchronise(answeredAt);
}

document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && look());
addEventListener("pageshow", (event) => event.persisted && look());
addEventListener("online", look);
setInterval(() => document.visibilityState === "visible" && look(), LOOK_EVERY);

document.addEventListener("submit", (event) => {
  const notice = document.querySelector("[data-offline]");
  if (!notice) return;
  notice.hidden = navigator.onLine;
  if (!navigator.onLine) event.preventDefault();
});

const arrival = performance.getEntriesByType("navigation")[0];
synchronise(arrival ? arrival.responseStart : performance.now());
