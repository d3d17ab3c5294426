// Elements, without text that becomes HTML: a page may forbid that (Trusted Types).

/** Return an element. Properties that begin with "on" are listeners, true and false set or leave out an attribute. */
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (typeof value === "boolean") element.toggleAttribute(name, value);
    else if (value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== undefined));
  return element;
}

/** Return a button. `part` is its name for the page's style sheet, `kind` its look. */
export function button(text, onclick, kind = "quiet", part = "button") {
  return h("button", { type: "button", class: kind, part, onclick }, text);
}

/** Change the text of a line that screen readers speak, only if it has changed. */
export function tell(line, text) {
  if (line.textContent !== text) line.textContent = text;
}
