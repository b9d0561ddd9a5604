// Keeps what is typed into `textarea[data-draft]` in this browser tab until it was written: a lost connection, a closed
// page or a session that ended costs no words. The attribute names what the words are for. The form's `form_key`, once
// the server tells it in a `data-written`, says that they arrived; so does a textarea that comes back with the same words.
// Should they have arrived without this page being told, they go out again under their own key, and are the same act.

const PREFIX = "draft:";

const read = (area) => {
  try {
    return JSON.parse(sessionStorage.getItem(PREFIX + area.dataset.draft));
  } catch {
    return null;
  }
};

const say = (area, words) => {
  const place = area.form?.querySelector("[data-draft-said]");
  if (place) place.textContent = words;
};

function keep(area) {
  const key = area.form?.elements.form_key?.value ?? "";
  try {
    if (area.value === area.defaultValue) sessionStorage.removeItem(PREFIX + area.dataset.draft);
    else sessionStorage.setItem(PREFIX + area.dataset.draft, JSON.stringify({ text: area.value, key }));
  } catch {
    // No room, or no storage: the words are still in the page.
  }
}

function bring(area) {
  const draft = read(area);
  if (!draft || area.dataset.drafted) return;
  area.dataset.drafted = "";
  const written = document.querySelector(`[data-written="${CSS.escape(draft.key)}"]`) && draft.key;
  if (written || area.value.trim() === draft.text.trim()) {
    if (written) sessionStorage.removeItem(PREFIX + area.dataset.draft);
    return;
  }
  // What the server sent back after a refusal is what was typed last.
  if (area.closest("form").querySelector(".error, .notice.bad")) return;
  area.value = draft.text;
  const keyField = area.form?.elements.form_key;
  if (keyField && draft.key) keyField.value = draft.key;
  keep(area);
  const folded = area.closest("details");
  if (folded) folded.open = true;
  say(area, "What you had typed before is here again.");
}

const bringAll = () => document.querySelectorAll("textarea[data-draft]").forEach(bring);

document.addEventListener("input", (event) => {
  if (event.target.matches("textarea[data-draft]")) keep(event.target);
});

// It is this form now that will be told of as written.
document.addEventListener("submit", (event) => event.target.querySelectorAll("textarea[data-draft]").forEach(keep), true);

// No connection: htmx says so, and leaves everything as it is.
document.addEventListener("htmx:error", (event) => {
  const area = event.target.querySelector?.("textarea[data-draft]");
  if (area) say(area, "Not sent: there is no connection. Your words are kept; send them again when it is back.");
});

new MutationObserver(bringAll).observe(document.body, { childList: true, subtree: true });
bringAll();
