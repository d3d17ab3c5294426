// The words of the pages of the review room, in the person's language.

/** Return a text of the page, with words in its places. */
export function say(name, words = {}) {
  const text = document.querySelector(`#review-texts [data-text="${name}"]`).textContent;
  return text.replace(/\{(\w+)\}/g, (_place, word) => words[word] ?? "");
}
