// "/" leads to the search from anywhere, and Escape back to where the person was.

const search = document.getElementById("studio-search");
const TYPED_INTO = "input, textarea, select, [contenteditable]";
let before = null;

document.addEventListener("keydown", (event) => {
  const isSlash = event.key === "/" || (event.code === "Slash" && !event.shiftKey);
  if (!search || !isSlash || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (event.target.closest?.(TYPED_INTO)) return;
  event.preventDefault();
  before = document.activeElement;
  search.focus();
  search.select();
});

search?.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  event.preventDefault();
  search.blur();
  before?.focus();
});
