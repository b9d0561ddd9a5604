// What makes pages quicker in the hand. Everything here has a plain way without it.

// A notice that was read can be put away.
function addDismiss(notice) {
  if (notice.querySelector("[data-dismiss]")) return;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "link-button";
  button.dataset.dismiss = "";
  button.textContent = "Put away";
  notice.append(button);
}

const said = document.getElementById("said");
if (said) {
  const dress = () => said.querySelectorAll(":scope > .notice").forEach(addDismiss);
  new MutationObserver(dress).observe(said, { childList: true });
  dress();
}

document.addEventListener("click", (event) => {
  const put = event.target.closest("[data-dismiss]");
  if (put) put.closest(".notice").remove();

  const opens = event.target.closest("a[data-dialog]");
  const dialog = opens && document.getElementById(opens.dataset.dialog);
  if (dialog && !event.metaKey && !event.ctrlKey) {
    event.preventDefault();
    dialog.showModal();
  }
  const closes = event.target.closest("[data-close]");
  if (closes?.closest("dialog")) {
    event.preventDefault();
    closes.closest("dialog").close();
  }

  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});

document.addEventListener("keydown", (event) => {
  const menu = event.key === "Escape" && document.querySelector("details.menu[open]");
  if (!menu) return;
  menu.open = false;
  menu.querySelector("summary").focus();
});

// A form pressed twice within a second is sent once; a page that comes back from the browser's memory can send again.
document.addEventListener("submit", (event) => {
  const form = event.target;
  const now = performance.now();
  if (now - Number(form.dataset.sentAt ?? -Infinity) < 1000) {
    event.preventDefault();
    event.stopImmediatePropagation();
  } else if (!event.defaultPrevented) {
    form.dataset.sentAt = now;
  }
}, true);

// A press that asks for another window or tab is the browser's: htmx 4.0.1 takes it away and then does nothing with it.
document.addEventListener("click", (event) => {
  const elsewhere = event.ctrlKey || event.metaKey || event.shiftKey;
  if (elsewhere && event.target.closest("a[href][data-htmx-powered]")) event.stopPropagation();
}, true);
