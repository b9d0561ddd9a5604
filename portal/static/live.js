// Keeps an open page true. The stream at <body data-events> tells what changed, ids and versions only; whoever shows it
// says so with data-live ("offers", "lead:ID", "list", or several) and, in data-live-from, where its part is fetched.
//
// The document tells `live:offer` and `live:lead` {id, version}, and `live:again` when everything shown should be asked
// for: the stream was away, the page was hidden, or 25 seconds passed. A part that was swapped tells `live:swapped`; one
// that is no longer to be had tells `live:gone`. A data-live="list" is never swapped: it tells `live:list`.

const POLL = 25_000;
const GATHER = 60; // milliseconds: several messages, one question
const LONGEST_WAIT = 60_000;
const FOCUSABLE = "a[href], button, input, select, textarea, summary";
const TYPED = "input:not([type=hidden]), select, textarea";

let address = document.body.dataset.events;
let stream = null;
let wait = 1000;
let renewing = 0;
const newest = new Map();
const parts = new Map();

const tell = (name, detail, target = document) =>
  target.dispatchEvent(new CustomEvent(`live:${name}`, { detail, bubbles: true }));
const shown = (what) => [...document.querySelectorAll(`[data-live~="${what}"]`)];

function open() {
  if (!address || stream || document.hidden) return;
  stream = new EventSource(address);
  stream.onopen = () => (wait = 1000);
  // It comes back by itself, unless the server refused it: then the token is too old.
  stream.onerror = () => stream?.readyState === EventSource.CLOSED && renewSoon();
  stream.addEventListener("offer", (event) => hear("offer", event));
  stream.addEventListener("lead", (event) => hear("lead", event));
  stream.addEventListener("again", again);
  stream.addEventListener("renew", renew);
}

function close() {
  stream?.close();
  stream = null;
}

function renewSoon() {
  close();
  clearTimeout(renewing);
  renewing = setTimeout(renew, wait);
  wait = Math.min(LONGEST_WAIT, wait * 2);
}

async function renew() {
  close();
  try {
    const answer = await fetch("/live/token", { cache: "no-store" });
    if (answer.ok) address = (await answer.json()).events;
    else if (answer.status < 500) address = null; // signed out
    open();
  } catch {
    renewSoon();
  }
}

function hear(kind, event) {
  const news = JSON.parse(event.data);
  const known = newest.get(kind + news.id) ?? 0;
  if (news.version <= known) return;
  if (newest.size > 1000) newest.clear();
  newest.set(kind + news.id, news.version);
  tell(kind, news);
  freshen(shown(kind === "offer" ? "offers" : `lead:${news.id}`));
  if (kind === "lead") shown("list").forEach((list) => tell("list", news, list));
}

function again() {
  tell("again", {});
  freshen(document.querySelectorAll("[data-live-from]"));
  shown("list").forEach((list) => tell("list", {}, list));
}

function freshen(elements) {
  for (const element of elements) if (!element.matches('[data-live~="list"]')) ask(element.dataset.liveFrom);
}

function ask(from, delay = GATHER) {
  const part = parts.get(from) ?? { timer: 0, busy: false, stale: false };
  parts.set(from, part);
  part.stale = true;
  if (!part.timer && !part.busy && !document.hidden) part.timer = setTimeout(load, delay, from, part);
}

async function load(from, part) {
  Object.assign(part, { timer: 0, busy: true, stale: false });
  const asked = performance.now();
  try {
    const headers = { "HX-Request": "true", "HX-Current-URL": location.pathname + location.search };
    const answer = await fetch(from, { headers, cache: "no-store" });
    const html = await answer.text();
    const at = (asked + performance.now()) / 2;
    const same = [...document.querySelectorAll("[data-live-from]")].filter((each) => each.dataset.liveFrom === from);
    for (const old of same) answer.status === 200 ? swap(old, html, at) : tell("gone", { status: answer.status }, old);
  } catch {
    // No connection: the next question will be answered.
  }
  part.busy = false;
  if (part.stale) ask(from);
}

function swap(old, html, at) {
  const holder = document.createElement("template");
  holder.innerHTML = html;
  const fresh = holder.content.firstElementChild;
  if (!fresh || (fresh.dataset.liveState && fresh.dataset.liveState === old.dataset.liveState)) return;
  const focused = old.contains(document.activeElement) ? document.activeElement : null;
  if (focused?.matches(TYPED)) {
    focused.addEventListener("blur", () => ask(old.dataset.liveFrom), { once: true });
    return;
  }
  for (const clock of fresh.querySelectorAll("[data-countdown]")) clock.dataset.at = at;
  for (const field of old.querySelectorAll("[id]")) keep(field, holder.content.getElementById(field.id));
  const next = focused && twin(focused, fresh);
  old.replaceWith(fresh);
  if (focused) (next ?? document.getElementById("content"))?.focus({ preventScroll: true });
  window.htmx?.process(fresh);
  tell("swapped", {}, fresh);
}

// What stands in the new part where the focus was in the old one.
function twin(focused, fresh) {
  const alike = (each) =>
    focused.id ? each.id === focused.id : each.localName === focused.localName && each.textContent === focused.textContent;
  return [...fresh.querySelectorAll(FOCUSABLE)].find(alike);
}

// What a person typed, chose or opened; what they left alone may be newer in the new part.
function keep(before, after) {
  if (!after) return;
  if (before.matches(TYPED) && isTouched(before)) Object.assign(after, { value: before.value, checked: before.checked });
  if (before.localName === "details") after.open = before.open;
}

const isTouched = (field) =>
  field.options
    ? [...field.options].some((option) => option.selected !== option.defaultSelected)
    : field.value !== field.defaultValue || field.checked !== field.defaultChecked;

document.addEventListener("visibilitychange", () => {
  if (document.hidden) return close();
  open();
  again();
});
addEventListener("pagehide", close);
addEventListener("pageshow", (event) => event.persisted && (open(), again()));
addEventListener("online", again);
document.addEventListener("countdown:unsure", again);
document.addEventListener("countdown:end", (event) => {
  const part = event.target.closest("[data-live-from]");
  if (part) ask(part.dataset.liveFrom, 250);
});
setInterval(() => !document.hidden && again(), POLL);
open();
