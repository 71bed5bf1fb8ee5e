// Small parts of forms.
import { el, say } from "./dom.js";

export function button(text, press) {
  const made = Object.assign(el("button", "", text), { type: "button" });
  made.addEventListener("click", press);
  return made;
}

/** Say what came of something: read aloud, too, where the line has the role of a status. */
export function tell(line, sentence, done = true) {
  say(line, sentence);
  line.dataset.level = done ? "green" : "amber";
}
