// Draws every element with `data-countdown`, also those that come later. The server says when the window ends
// (`data-end`), how long it is (`data-window`, seconds) and what its clock read (`data-now`); from then on a clock that
// nobody can set counts, so a phone's own time does not matter. Whoever knows better when `data-now` was true gives it
// as `data-at`, in milliseconds of `performance.now()`.
//
// In the element: `[data-left]` gets the words, `.rest` (a circle of pathLength 100) the share that is left, and
// `[data-spoken]` (a live region) two sentences, at 60 s and at 15 s. The element gets the classes `near` and `soon`
// then. At zero it tells `countdown:end`. When the machine slept or its clock was set, the document tells
// `countdown:unsure`: somebody should ask the server.

const NEAR = 60;
const SOON = 15;
const STEP = 5; // percent: the ring's steps for people who want no motion
const SLEPT = 1500; // milliseconds by which the two clocks of a machine disagree after sleep

const running = new Map();
const calm = matchMedia("(prefers-reduced-motion: reduce)");
let ticking = 0;
let apart = Date.now() - performance.now();

// Halfway between question and answer: the server's clock was read somewhere in between.
const [arrival] = performance.getEntriesByType("navigation");
const arrived = arrival ? (arrival.requestStart + arrival.responseStart) / 2 : performance.now();

function take(element, at) {
  const { now, end, window, at: given } = element.dataset;
  const left = Date.parse(end) - Date.parse(now);
  if (Number.isNaN(left)) return;
  const endsAt = Number(given ?? at) + left;
  const before = running.get(element);
  // An end that moved far away is another window, whose marks were not spoken yet.
  const unspoken = !before || endsAt > before.endsAt + 5000;
  running.set(element, {
    endsAt,
    length: Number(window) || left / 1000,
    lowest: unspoken ? left / 1000 : before.lowest,
    over: false,
  });
  draw(element);
  ticking ||= setInterval(tick, 250);
}

function tick() {
  noticeSleep();
  for (const element of running.keys()) {
    if (element.isConnected) draw(element);
    else running.delete(element);
  }
  if (running.size === 0) ticking = clearInterval(ticking);
}

function draw(element) {
  const state = running.get(element);
  if (state.over) return;
  const seconds = Math.max(0, (state.endsAt - performance.now()) / 1000);
  write(element.querySelector("[data-left]"), inWords(Math.ceil(seconds)));
  element.querySelector(".rest")?.setAttribute("stroke-dasharray", `${share(seconds, state.length)} 100`);
  element.classList.toggle("near", seconds <= NEAR);
  element.classList.toggle("soon", seconds <= SOON);
  speak(element, state, seconds);
  if (seconds === 0) {
    state.over = true;
    element.dispatchEvent(new CustomEvent("countdown:end", { bubbles: true }));
  }
}

function share(seconds, length) {
  const percent = Math.min(100, (100 * seconds) / length);
  return calm.matches ? Math.ceil(percent / STEP) * STEP : percent.toFixed(2);
}

function speak(element, state, seconds) {
  const passed = [NEAR, SOON].some((mark) => seconds <= mark && state.lowest > mark);
  if (passed && seconds > 0) write(element.querySelector("[data-spoken]"), `${Math.ceil(seconds)} seconds left to answer`);
  state.lowest = Math.min(state.lowest, seconds);
}

function write(element, words) {
  if (element && element.textContent !== words) element.textContent = words;
}

function inWords(seconds) {
  if (seconds === 0) return "Time is up";
  if (seconds <= NEAR) return `${seconds} s left`;
  const [hours, minutes, rest] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const two = (number) => String(number).padStart(2, "0");
  return hours ? `${hours}:${two(minutes)}:${two(rest)} left` : `${minutes}:${two(rest)} left`;
}

function noticeSleep() {
  const now = Date.now() - performance.now();
  if (Math.abs(now - apart) > SLEPT) document.dispatchEvent(new CustomEvent("countdown:unsure"));
  apart = now;
}

function countdownsIn(node) {
  if (node.nodeType !== Node.ELEMENT_NODE) return [];
  const inside = [...node.querySelectorAll("[data-countdown]")];
  return node.matches("[data-countdown]") ? [node, ...inside] : inside;
}

new MutationObserver((changes) => {
  const changed = new Set();
  for (const change of changes) {
    if (change.type === "attributes") countdownsIn(change.target).slice(0, 1).forEach((each) => changed.add(each));
    for (const node of change.addedNodes) countdownsIn(node).forEach((each) => changed.add(each));
  }
  for (const element of changed) if (element.isConnected) take(element, performance.now());
}).observe(document.documentElement, {
  childList: true,
  subtree: true,
  attributes: true,
  attributeFilter: ["data-now", "data-end"],
});

for (const element of countdownsIn(document.documentElement)) take(element, arrived);
