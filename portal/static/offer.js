// The offer page in motion: it asks the server how the offer stands and shows what has changed, and it says when a
// press did not get through. Asking decides nothing, nothing is kept to be sent later, and without scripts the forms
// do the same.

const PATIENCE = 15_000;
const AFTER_FAILURE = 3_000;

const page = location.pathname.replace(/\/(accept|decline|again)$/, "");
let pressing = false;
let latest = 0; // a late answer to an earlier question is not shown
let timer = 0;

const main = () => document.querySelector("main");
const all = (selector, root = main()) => [...root.querySelectorAll(selector)];

async function ask(address, options = {}) {
  const asked = performance.now();
  const answer = await fetch(address, {
    cache: "no-store",
    credentials: "omit",
    referrerPolicy: "no-referrer",
    signal: AbortSignal.timeout?.(PATIENCE),
    ...options,
  });
  const at = (asked + performance.now()) / 2;
  const shown = new DOMParser().parseFromString(await answer.text(), "text/html");
  // Something on the way, or a server in trouble, answered in its own words.
  if (!shown.querySelector("main[data-version]")) throw new Error(`answered ${answer.status}`);
  for (const clock of all("[data-countdown]", shown)) clock.dataset.at = at;
  return shown;
}

async function look() {
  if (pressing) return;
  const turn = ++latest;
  try {
    const shown = await ask(page);
    if (turn !== latest) return;
    connected(true);
    const same = shown.querySelector("main").dataset.version === main().dataset.version;
    (same ? renew : show)(shown);
    lookLater(1000 * Number(main().dataset.lookAgain || 60));
  } catch {
    if (turn !== latest) return;
    connected(false);
    lookLater(AFTER_FAILURE);
  }
}

function lookLater(milliseconds) {
  clearTimeout(timer);
  timer = setTimeout(() => document.visibilityState === "visible" && look(), milliseconds);
}

// Another state: the whole of it, with the focus on its heading, so that it is also heard.
function show(shown) {
  const after = shown.querySelector("main");
  document.title = shown.title;
  main().replaceWith(after);
  const heading = after.querySelector("h1");
  heading.tabIndex = -1;
  heading.focus();
  scrollTo(0, 0);
}

// The same state: clocks are set, parts that say something else are replaced, and nothing moves under a thumb.
function renew(shown) {
  delete main().dataset.over;
  for (const part of all("[data-live]")) {
    const fresh = shown.querySelector(`[data-live="${part.dataset.live}"]`);
    if (fresh && fresh.dataset.version !== part.dataset.version) part.replaceWith(fresh.cloneNode(true));
  }
  const fresh = all("[data-countdown]", shown);
  all("[data-countdown]").forEach((clock, nth) => fresh[nth] && Object.assign(clock.dataset, { ...fresh[nth].dataset }));
}

function connected(is) {
  for (const notice of all("[data-no-connection]")) notice.hidden = is;
}

async function press(form) {
  if (pressing) return;
  pressing = true;
  latest++;
  const button = form.querySelector("button");
  const sure = !navigator.onLine; // whoever is offline has surely sent nothing
  const label = button.textContent;
  button.textContent = button.dataset.sending;
  button.setAttribute("aria-disabled", "true");
  all("[data-unsent], [data-unanswered]").forEach((notice) => (notice.hidden = true));
  try {
    const fields = new URLSearchParams(new FormData(form));
    show(await ask(form.action, { method: "POST", body: fields }));
  } catch {
    button.textContent = button.dataset.again || label;
    button.removeAttribute("aria-disabled");
    const act = form.action.split("/").pop();
    main().querySelector(sure ? `[data-unsent="${act}"]` : "[data-unanswered]").hidden = false;
  } finally {
    pressing = false;
    lookLater(sure ? AFTER_FAILURE : 1000);
  }
}

document.addEventListener("submit", (event) => {
  event.preventDefault();
  press(event.target);
});
document.addEventListener("countdown:end", (event) => {
  if (event.target.matches(".countdown")) main().dataset.over = "";
  look();
});
document.addEventListener("countdown:unsure", look);
document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && look());
addEventListener("pageshow", (event) => event.persisted && look());
addEventListener("online", look);
addEventListener("offline", () => connected(false));
lookLater(1000 * Number(main().dataset.lookAgain || 60));
