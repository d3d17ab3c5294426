// The board keeps the rows near the eye, and empty space in place of the others. A window is one body of the table.

const table = document.querySelector(".board-grid table");

if (table) start(table);

function start(board) {
  const grid = board.closest(".board-grid");
  const form = document.getElementById("board-form");
  const chosen = new Set();
  const size = Number(board.dataset.window);
  const rowHeight = parseFloat(getComputedStyle(board).getPropertyValue("--row-height"));
  const columns = board.tHead.rows[0].cells.length;

  const first = board.tBodies[0];
  first.dataset.from = board.dataset.start;
  const watcher = new IntersectionObserver((entries) => entries.forEach(see), { root: grid, rootMargin: "800px 0px" });
  for (let from = 0; from < Number(board.dataset.number); from += size) {
    if (from === Number(board.dataset.start)) continue;
    const body = document.createElement("tbody");
    body.dataset.from = String(from);
    empty(body);
    if (from < Number(board.dataset.start)) board.insertBefore(body, first);
    else board.append(body);
  }
  for (const body of board.tBodies) watcher.observe(body);

  /** Fill a window that comes near, and empty one that goes. */
  function see(entry) {
    const body = entry.target;
    body.isNear = entry.isIntersecting;
    if (body.isNear && body.dataset.empty) load(body);
    if (!body.isNear && !body.dataset.empty && !body.contains(document.activeElement)) empty(body);
  }

  function empty(body) {
    const rows = Math.min(size, Number(board.dataset.number) - Number(body.dataset.from));
    const row = document.createElement("tr");
    const space = row.appendChild(document.createElement("td"));
    space.colSpan = columns;
    space.className = "board-space";
    space.style.height = `${rows * rowHeight}px`;
    body.replaceChildren(row);
    body.dataset.empty = "1";
  }

  async function load(body) {
    delete body.dataset.empty;
    try {
      const answer = await fetch(`${board.dataset.address}&rows=1&from=${body.dataset.from}`);
      if (!answer.ok || answer.redirected) throw new TypeError(`status ${answer.status}`);
      const rows = new DOMParser().parseFromString(`<table>${await answer.text()}</table>`, "text/html");
      if (!body.isNear) return empty(body);
      body.replaceChildren(...rows.querySelectorAll("tr"));
      for (const box of boxes(body)) box.checked = chosen.has(box.value);
      trouble(false);
    } catch (error) {
      if (!(error instanceof TypeError)) throw error; // fetch's own for a network that is away
      empty(body);
      trouble(true);
    }
  }

  function trouble(isThere) {
    document.getElementById("board-trouble").hidden = !isThere;
  }

  const boxes = (part) => [...part.querySelectorAll("input[name=place]")];

  function note(box) {
    if (box.checked) chosen.add(box.value);
    else chosen.delete(box.value);
  }

  grid.addEventListener("change", ({ target }) => {
    if (target.matches(".board-all")) {
      for (const box of boxes(target.closest("tr"))) {
        box.checked = target.checked;
        note(box);
      }
    } else if (target.matches("[name=place]")) note(target);
    tell();
  });

  function tell() {
    const output = document.getElementById("board-chosen");
    if (output) output.textContent = chosen.size ? `${output.dataset.some} ${chosen.size}` : output.dataset.none;
  }

  // The rows that are out of sight have no boxes, so the form sends what was chosen, and not the boxes.
  form.addEventListener("formdata", ({ formData }) => formData.set("place", [...chosen].join(" ")));

  for (const box of boxes(board)) if (box.checked) note(box);
  tell();
}
