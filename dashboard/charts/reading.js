// A panel of what the model used: above, a sentence that says how to read it; in its place one when there is nothing to show.
import { el, fill, panel, say, show } from "./dom.js";

export class Reading {
  constructor(title, hint, place) {
    const { box, body } = panel(title);
    box.classList.add("used", place);
    this.plot = el("div", "plot");
    this.message = el("p", "empty");
    this.body = fill(body, el("p", "caption", hint), this.plot, this.message);
    this.element = box;
  }

  /** Say why there is nothing to show, where a message does; return whether there is something. */
  offer(message) {
    show(this.plot, !message);
    show(this.message, Boolean(message));
    say(this.message, message ?? "");
    return !message;
  }
}
