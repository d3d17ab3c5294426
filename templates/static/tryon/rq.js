// Selects tasks in django-rq's lists. Their own script calls a jQuery plug-in that Django's admin no longer has,
// and the admin's needs a counter that they don't have.
const all = document.getElementById("action-toggle");
const one = [...document.querySelectorAll("input.action-select")];

for (const box of one) {
    box.setAttribute("aria-label", box.value);
    box.addEventListener("change", () => {
        box.closest("tr").classList.toggle("selected", box.checked);
        if (all) {
            all.checked = one.every((other) => other.checked);
        }
    });
}
if (all) {
    all.setAttribute("aria-label", document.querySelector("[data-select-all]")?.dataset.selectAll ?? "");
    all.addEventListener("change", () => {
        for (const box of one) {
            box.checked = all.checked;
            box.closest("tr").classList.toggle("selected", all.checked);
        }
    });
}
