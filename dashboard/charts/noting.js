// Notes: by a hot key, by its button, or in words; of now, or of some seconds ago. What counts is when the key was pressed.
import { el, fill, keyed, panel, say, show } from "./dom.js";
import { button, tell } from "./form.js";
import { moment } from "./line.js";

const LONGEST_AGO = 30;
const CLOCK = new Intl.DateTimeFormat([], { hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 1, hourCycle: "h23" });

export class Noting {
  constructor(line) {
    this.line = line;
    this.labels = [];
    const { box, head, body } = panel("Notes");
    this.hint = el("p", "hint");
    head.append(this.hint);
    box.classList.add("noting");
    this.keys = el("div", "keys");
    Object.assign(this.keys, { role: "group", ariaLabel: "Notes by one key" });
    this.none = el("p", "caption", "Name up to nine labels as notes in the session file: then the keys 1 to 9 note them.");
    this.answer = Object.assign(el("p", "answer"), { role: "status" });
    fill(body, this.keys, this.none, this.form(), this.answer);
    this.element = box;
    this.ended = new AbortController();
    document.addEventListener("keydown", (event) => this.press(event), { signal: this.ended.signal });
  }

  update({ labels, operator }) {
    this.labels = labels;
    show(this.element, operator === true);
    show(this.none, !labels.length);
    const within = this.line.within;
    say(this.hint, within === null ? "" : `A note has the time at which its key was pressed, to ${Math.ceil(within)} ms.`);
    keyed(this.keys, labels, (label) => label, (label) => this.key(label), (child, label) => {
      child.ariaKeyShortcuts = String(labels.indexOf(label) + 1);
      say(child.firstChild, child.ariaKeyShortcuts);
    });
  }

  key(label) {
    const made = button("", (event) => this.note(label, moment(event)));
    return fill(made, el("kbd"), el("span", "", label));
  }

  form() {
    const form = el("form", "say");
    this.text = Object.assign(el("input"), { required: true, maxLength: 300, autocomplete: "off" });
    this.ago = Object.assign(el("input"), { type: "number", min: 0, max: LONGEST_AGO, step: 1, value: 0, required: true });
    fill(
      form,
      fill(el("label", "field"), "In words", this.text),
      fill(el("label", "field ago"), "Seconds ago", this.ago),
      Object.assign(el("button", "", "Note"), { type: "submit" }),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.note(this.text.value, moment(event));
      this.text.value = "";
    });
    return form;
  }

  /** A digit is a hot key unless somebody writes, or is asked something else. */
  press(event) {
    const label = this.labels[Number(event.key) - 1];
    if (!label || this.element.hidden || event.repeat || event.ctrlKey || event.altKey || event.metaKey) return;
    if (!this.element.isConnected || event.target.closest("input, textarea, select, dialog, [contenteditable]")) return;
    event.preventDefault();
    this.note(label, moment(event));
  }

  async note(text, pressed) {
    const ago = this.ago.checkValidity() ? this.ago.valueAsNumber : 0;
    this.ago.value = 0; // of the next note only: whoever presses a key must not think of it
    const happened = pressed - 1000 * ago;
    tell(this.answer, "…");
    const answer = await this.line.ask("note", () => ({ text, time: this.line.host(happened) }));
    tell(this.answer, `“${text}” at ${CLOCK.format(happened)}: ${answer.sentence}`, answer.done);
  }

  end() {
    this.ended.abort();
  }
}
