// What happened: markers, notes, restarts and gaps, the newest first.
import { el, fill, keyed, panel, show } from "./dom.js";
import { daytime } from "./when.js";

// The newest; the chart shows more.
const SHOWN = 8;

export class Happened {
  constructor() {
    const { box, body } = panel("What happened");
    box.classList.add("happened");
    this.list = el("ol");
    this.message = el("p", "empty", "Nothing yet.");
    fill(body, this.list, this.message);
    this.element = box;
  }

  update({ events: all }) {
    const events = all.slice(0, SHOWN);
    show(this.message, !events.length);
    show(this.list, events.length > 0);
    keyed(this.list, events, (event) => event.key, (event) => this.row(event), () => {});
  }

  row({ at, kind, text }) {
    return fill(el("li"), el("time", "", daytime(at)), el("b", "", kind), el("span", "", text));
  }
}
