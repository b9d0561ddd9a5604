// A list that is put into an order by dragging. Its buttons do the same without it, for fingers, keys and no scripts.
// Beside the list stands a form whose element #order names it; a drop fills the form and sends it.

const slot = document.getElementById("order");
const list = slot && document.getElementById(slot.dataset.of);
let dragged = null;

const ids = () => [...list.children].map((item) => item.dataset.id);

function begin(event) {
  dragged = event.target.closest("[data-id]");
  event.dataTransfer.effectAllowed = "move";
  event.dataTransfer.setData("text/plain", dragged.dataset.id);
}

function over(event) {
  const item = event.target.closest("[data-id]");
  if (!dragged || !item) return;
  event.preventDefault();
  const box = item.getBoundingClientRect();
  const before = event.clientY < box.top + box.height / 2;
  if (item !== dragged) item[before ? "before" : "after"](dragged);
}

function drop(was) {
  dragged = null;
  if (ids().join() === was) return;
  slot.replaceChildren(...ids().map((id) => Object.assign(document.createElement("input"), { type: "hidden", name: "rule", value: id })));
  slot.closest("form").requestSubmit();
}

if (list) {
  const was = ids().join();
  for (const item of list.children) item.draggable = true;
  list.addEventListener("dragstart", begin);
  list.addEventListener("dragover", over);
  list.addEventListener("drop", (event) => event.preventDefault());
  list.addEventListener("dragend", () => drop(was));
}
