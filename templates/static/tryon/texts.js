// The page's sentences, translated by Django in the page's template of texts.

const texts = new Map(
  [...document.getElementById("texts").content.querySelectorAll("[data-text]")].map((node) => [
    node.dataset.text,
    node.textContent,
  ]),
);

/** Return the sentence of that name, with the {words} in braces filled in. */
export function say(name, words = {}) {
  return texts.get(name).replace(/\{(\w+)\}/g, (_, word) => words[word]);
}
