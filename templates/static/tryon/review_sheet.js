// The contact sheet: arrows move, space marks, and shift marks all in between.

const form = document.querySelector("#review-sheet");
const boxes = [...form.querySelectorAll("[name=result]")];
const line = form.querySelector("#sheet-count");
const words = line.textContent;
let anchor = 0;

function show() {
  const marked = boxes.filter(({ checked }) => checked).length;
  line.textContent = words.replace("{count}", String(marked));
}

/** Give all boxes from the anchor to this one the anchor's mark. */
function markTo(place, isMarked) {
  const [from, to] = [Math.min(anchor, place), Math.max(anchor, place)];
  for (const box of boxes.slice(from, to + 1)) box.checked = isMarked;
}

/** Return how many cells stand side by side. */
function columns() {
  const top = (box) => box.closest("li").offsetTop;
  const second = boxes.findIndex((box) => top(box) !== top(boxes[0]));
  return second < 0 ? boxes.length : second;
}

function move(event) {
  const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns(), ArrowDown: columns() };
  const place = boxes.indexOf(event.target);
  if (place < 0 || !(event.code in steps)) return;
  event.preventDefault();
  const target = place + steps[event.code];
  if (!boxes[target]) return;
  boxes[target].focus();
  if (event.shiftKey) markTo(target, true);
  else anchor = target;
  show();
}

form.addEventListener("keydown", move);
form.addEventListener("click", (event) => {
  const place = boxes.indexOf(event.target);
  if (place < 0) return;
  if (event.shiftKey) markTo(place, boxes[place].checked);
  anchor = place;
  show();
});
// A click on a label with shift would select text.
form.addEventListener("mousedown", (event) => {
  if (event.shiftKey) event.preventDefault();
});
form.querySelector("#sheet-all").addEventListener("click", () => {
  const isMarked = boxes.some(({ checked }) => !checked);
  for (const box of boxes) box.checked = isMarked;
  show();
});
show();
