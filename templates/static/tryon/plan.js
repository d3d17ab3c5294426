// The page of a new plan: what a person fills in is what is chosen, and the chosen model photos are counted.
// A recipe has options of its own.

const models = document.getElementById("plan-models");
const count = document.getElementById("plan-models-count");

for (const source of document.querySelectorAll(".plan-source")) {
  source.addEventListener("input", ({ target }) => {
    if (target.type !== "radio" && target.value.trim()) source.querySelector("[type=radio]").checked = true;
  });
}

const recipe = document.getElementById("id_recipe");
const options = ["mode", "resolution", "background", "garment", "recipe_name"]
  .map((name) => document.getElementById(`id_${name}`))
  .filter(Boolean); // not everybody may keep a recipe

function tell() {
  count.textContent = models.querySelectorAll("[name=models]:checked").length;
  for (const field of options) field.disabled = recipe.value !== "";
}

models.addEventListener("change", tell);
recipe.addEventListener("change", tell);
addEventListener("pageshow", tell); // after it a browser has given back what was chosen before
