// What happened: markers, notes, restarts and gaps, the newest first.
import { el, fill, keyed, panel, show } from "./dom.js";

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
    const clock = new Date(at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
    return fill(el("li"), el("time", "", clock), el("b", "", kind), el("span", "", text));
  }
}
