// The lead list in the hand. New leads are told of at its top and come when one asks; a lead that is shown is put right
// where it stands. Older rows come as one nears the end, and keys lead through it. All of it has a plain way without.

const GATHER = 400; // milliseconds: several messages, one question
const SELDOM = 3000; // at most one question in that time, however much happens
const MOST_ROWS = 500; // then "Older" is a page again
const PART = { "HX-Request": "true", "HX-Request-Type": "partial" };
const KEYS = "baton-keys";

const list = () => document.getElementById("leads");
const rows = (within) => [...(within?.querySelectorAll("tbody > tr") ?? [])];
const links = () => [...document.querySelectorAll("#leads tbody th a")];
const newest = () => !new URLSearchParams(location.search).has("cursor");

// What changed meanwhile

const told = new WeakMap(); // a row, and what the server said of it
const heard = new Set();
let due = 0;
let askedAt = -Infinity;
let asking = false;

function ask() {
  if (due || asking || document.hidden || !list()) return;
  due = setTimeout(look, Math.max(GATHER, askedAt + SELDOM - performance.now()));
}

async function look() {
  due = 0;
  asking = true;
  askedAt = performance.now();
  const changed = [...heard];
  heard.clear();
  try {
    const fresh = newest() ? await fetched(location.pathname + location.search) : null;
    const there = new Set(rows(fresh).map((row) => row.id));
    if (fresh) compare(fresh);
    const left = changed.filter((id) => shown(id) && !there.has(`lead-${id}`));
    for (const id of left) await refresh(id, Boolean(fresh));
  } catch {
    // No connection: the next message, or coming back, asks again.
  }
  asking = false;
  if (heard.size) ask();
}

async function fetched(address) {
  const answer = await fetch(address, { headers: PART, cache: "no-store" });
  const part = answer.status === 200 ? parsed(await answer.text()) : null;
  return part?.id === "leads" ? part : null;
}

function parsed(html) {
  const holder = document.createElement("template");
  holder.innerHTML = html.trim();
  const at = performance.now();
  for (const clock of holder.content.querySelectorAll("[data-countdown]")) clock.dataset.at = at;
  return holder.content.firstElementChild;
}

const shown = (id) => document.getElementById(`lead-${id}`);
const said = (row) => row.innerHTML.replace(/ data-(now|at)="[^"]*"/g, "");

// Puts right what is shown, and counts what is not. Nothing moves: what came or went is only told of.
function compare(fresh) {
  for (const tab of fresh.querySelectorAll(".buckets a")) {
    const count = document.querySelector(`#${tab.id} .badge`);
    if (count) count.textContent = tab.querySelector(".badge").textContent;
  }
  const here = rows(list());
  const top = here[0]?.id ?? "";
  const last = here.at(-1)?.id ?? "";
  let more = 0;
  let others = 0;
  for (const row of rows(fresh)) {
    const old = document.getElementById(row.id);
    if (old) put(old, row);
    // Ids are made in the order of time.
    else if (row.id > top) more += 1;
    else if (row.id > last) others += 1;
  }
  announce(more, others + here.filter((row) => row.classList.contains("moved")).length);
}

async function refresh(id, elsewhere) {
  const answer = await fetch(`/leads/${id}/row`, { headers: PART, cache: "no-store" });
  const old = shown(id);
  if (!old) return;
  if (answer.status === 200) put(old, parsed(await answer.text()));
  if (answer.status === 404 || elsewhere) {
    shown(id).classList.add("moved");
    announce(Number(news()?.dataset.more ?? 0), rows(list()).filter((row) => row.classList.contains("moved")).length);
  }
}

function put(old, row) {
  const now = said(row);
  if ((told.get(old) ?? said(old)) === now && !old.classList.contains("moved")) return;
  const focused = old.contains(document.activeElement);
  told.set(row, now);
  old.replaceWith(row);
  if (focused) row.querySelector("a").focus({ preventScroll: true });
}

const news = () => document.querySelector("#leads-news button");

function announce(more, changed) {
  const place = document.getElementById("leads-news");
  if (!place) return;
  const words = [];
  if (more) words.push(`${more} new lead${more > 1 ? "s" : ""}`);
  if (changed) words.push(`${changed} changed`);
  if (!words.length) return place.replaceChildren();
  const button = news() ?? document.createElement("button");
  Object.assign(button, { type: "button", className: "main" });
  button.dataset.more = more;
  if (button.textContent !== words.join(", ")) button.textContent = words.join(", ");
  if (!button.isConnected) place.append(button);
}

async function showNews() {
  const fresh = await fetched(location.pathname + location.search).catch(() => null);
  if (!fresh) return location.reload();
  list().replaceWith(fresh);
  window.htmx?.process(fresh);
  toTop();
  links()[0]?.focus({ preventScroll: true });
}

document.addEventListener("live:lead", ({ detail }) => {
  heard.add(detail.id);
  ask();
});
document.addEventListener("live:again", ask);
document.addEventListener("countdown:end", (event) => {
  const row = event.target.closest("#leads tbody tr");
  if (row) heard.add(row.id.slice(5));
  if (row) ask();
});

// Presses

let pressed = false;

document.addEventListener("click", (event) => {
  if (event.target.closest("#leads-news button")) return void showNews();
  if (event.target.closest("#leads [hx-get]")) pressed = true;
});
document.addEventListener("submit", (event) => {
  if (event.target.closest("#leads")) pressed = true;
});

function toTop() {
  if (list().getBoundingClientRect().top < 0) list().scrollIntoView();
}

// A list that was swapped in: htmx gives the focus back to what has the same id, and what was pressed may be gone.
function begin() {
  const here = list();
  if (!here) return;
  for (const row of rows(list())) told.set(row, said(row));
  watch();
  if (pressed && (document.activeElement === document.body || !document.activeElement)) {
    toTop();
    here.querySelector("table, .empty")?.focus({ preventScroll: true });
  }
  pressed = false;
}

new MutationObserver(begin).observe(document.getElementById("content"), { childList: true });

// Older rows

const nearing = new IntersectionObserver((seen) => seen.some((each) => each.isIntersecting) && append(), {
  rootMargin: "600px",
});
let appending = false;

function watch() {
  nearing.disconnect();
  const older = list().querySelector('a[rel="next"]');
  if (older && newest() && rows(list()).length < MOST_ROWS) nearing.observe(older);
}

async function append() {
  const here = list();
  const older = here.querySelector('a[rel="next"]');
  if (appending || !older) return;
  appending = true;
  const fresh = await fetched(older.getAttribute("href")).catch(() => null);
  appending = false;
  if (!fresh || here !== list() || !older.isConnected) return;
  const body = here.querySelector("tbody");
  for (const row of rows(fresh)) {
    if (document.getElementById(row.id)) continue;
    told.set(row, said(row));
    body.append(row);
  }
  const next = fresh.querySelector('a[rel="next"]');
  if (next) older.replaceWith(next);
  else older.closest("nav").remove();
  window.htmx?.process(here);
  watch();
}

// Keys

const off = () => localStorage.getItem(KEYS) === "off";
const dialog = document.getElementById("keys");
const opener = document.getElementById("keys-open");
const box = document.getElementById("keys-on");

function step(by) {
  const all = links();
  const at = all.indexOf(document.activeElement);
  (all[at < 0 ? 0 : at + by] ?? document.activeElement).focus();
}

function open(anchor) {
  const link = links().find((each) => each === document.activeElement);
  if (link) location.assign(link.getAttribute("href") + anchor);
}

const KEY = {
  "/": () => document.getElementById("q")?.select(),
  "?": () => dialog.showModal(),
  j: () => step(1),
  k: () => step(-1),
  a: () => open("#owner-head"),
  c: () => open("#comment"),
};

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || off()) return;
  if (event.target.closest("input, select, textarea, [contenteditable], dialog[open]")) return;
  if (!Object.hasOwn(KEY, event.key)) return;
  event.preventDefault();
  KEY[event.key]();
});

if (dialog) {
  opener.hidden = false;
  box.checked = !off();
  opener.addEventListener("click", () => dialog.showModal());
  box.addEventListener("change", () => localStorage.setItem(KEYS, box.checked ? "on" : "off"));
}

begin();
