// What stands in the charts' place while there is nothing to draw, or nothing that may be shown: the reason, in words.
import { el, fill, panel, say } from "./dom.js";

export class Absent {
  constructor(title, place) {
    const { box, body } = panel(title);
    box.classList.add(place);
    this.message = el("p", "empty");
    fill(body, this.message);
    this.element = box;
  }

  update({ status, current }) {
    say(this.message, current.message ?? status.title);
  }
}
