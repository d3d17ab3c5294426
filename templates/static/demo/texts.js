// The page's sentences, translated by Django in the page's template of texts.

const texts = new Map(
  [...document.getElementById("texts").content.querySelectorAll("[data-text]")].map((node) => [
    node.dataset.text,
    node.textContent,
  ]),
);

/** The sentence of that name, with {words} in braces filled in. */
export function say(name, words = {}) {
  return texts.get(name).replace(/\{(\w+)\}/g, (_, word) => words[word]);
}
