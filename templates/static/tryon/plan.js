// The page of a new plan: what a person fills in is what is chosen, and the chosen model photos are counted.

const models = document.getElementById("plan-models");
const count = document.getElementById("plan-models-count");

for (const source of document.querySelectorAll(".plan-source")) {
  source.addEventListener("input", ({ target }) => {
    if (target.type !== "radio" && target.value.trim()) source.querySelector("[type=radio]").checked = true;
  });
}

function tell() {
  count.textContent = models.querySelectorAll("[name=models]:checked").length;
}

models.addEventListener("change", tell);
addEventListener("pageshow", tell); // after it a browser has given back what was chosen before
