// The window: a modal dialog with a title, a body, and a foot of actions.

import { button, h, tell } from "./dom.js";

export class Panel {
  /** `onleave` is called when the shopper wants to leave, `onclose` when the window has closed. */
  constructor({ onleave, onclose }) {
    this.title = h("h2", { id: "title", part: "title", tabindex: "-1" });
    this.closing = h("button", { type: "button", class: "close", part: "close", onclick: onleave }, h("span", { "aria-hidden": "true" }, "×"));
    this.news = h("p", { class: "news soft", role: "status", part: "news" });
    this.problem = h("p", { class: "problem", role: "alert", part: "problem" });
    this.body = h("div", { class: "body", part: "body" });
    this.foot = h("div", { class: "foot", part: "actions" });
    const notes = h("div", { class: "notes" }, this.problem, this.news);
    const header = h("header", { part: "header" }, this.title, this.closing);
    this.dialog = h(
      "dialog",
      {
        part: "dialog",
        "aria-labelledby": "title",
        oncancel: (event) => {
          if (event.target !== this.dialog) return; // of a file chooser
          event.preventDefault();
          onleave();
        },
        onclick: (event) => event.target === this.dialog && onleave(),
        onclose: (event) => event.target === this.dialog && onclose(),
      },
      header,
      this.body,
      notes,
      this.foot,
    );
  }

  get isOpen() {
    return this.dialog.open;
  }

  open() {
    this.dialog.showModal();
    this.title.focus();
  }

  close() {
    this.dialog.close();
  }

  /** Show a state. A reader of screens hears its title, because what had the focus may be gone. */
  show({ title, close, state, body, foot = [] }) {
    this.dialog.dataset.state = state;
    tell(this.title, title);
    this.closing.setAttribute("aria-label", close);
    this.news.textContent = this.problem.textContent = "";
    this.body.replaceChildren(...body);
    this.foot.replaceChildren(...foot);
    this.body.scrollTop = 0;
    if (this.isOpen) this.title.focus();
  }

  complain(text) {
    this.news.textContent = "";
    tell(this.problem, text);
  }

  say(text) {
    this.problem.textContent = "";
    tell(this.news, text);
  }

  /** Ask whether to go on. `onkeep` and `onstop` are the answers. */
  ask({ question, keep, stop, onkeep, onstop }) {
    const kept = button(keep, onkeep, "primary");
    this.body.prepend(h("div", { class: "question", role: "group", "aria-labelledby": "question", part: "question" }, h("p", { id: "question" }, question), h("div", { class: "row" }, kept, button(stop, onstop))));
    this.body.scrollTop = 0;
    kept.focus();
  }

  get isAsking() {
    return this.body.querySelector(".question") !== null;
  }
}
