// The session's state in large words, and for the operator the buttons that change it.
import { el, fill, panel, say, show } from "./dom.js";
import { button, tell } from "./form.js";
import { clock, daytime } from "./when.js";

// What is asked for, how the button says it, and in which states it can be done.
const BUTTONS = [
  ["record", "Record", ["set-up"]],
  ["pause", "Pause", ["recording"]],
  ["record", "Go on", ["paused"]],
  ["stop", "Stop", ["off", "set-up", "recording", "paused", "stopped"]],
];
const READ_ONLY =
  "Read-only: the session is controlled from the operator’s address, which helo run or helo demo printed in its terminal, and helo status prints again.";

export class Steer {
  constructor(line) {
    this.line = line;
    const { box, body } = panel("Session");
    box.classList.add("steer");
    this.word = el("p", "word");
    this.since = el("p", "since");
    this.recording = el("p", "caption");
    this.unrated = el("p", "caption");
    this.readonly = el("p", "readonly", READ_ONLY);
    this.buttons = fill(el("div", "buttons"), ...BUTTONS.map((one) => this.button(one)));
    Object.assign(this.buttons, { role: "group", ariaLabel: "Control of the session" });
    this.answer = Object.assign(el("p", "answer"), { role: "status" });
    this.override = this.overriding();
    this.confirm = this.confirming();
    fill(body, this.word, this.since, this.recording, this.unrated, this.buttons, this.answer, this.override, this.readonly, this.confirm);
    this.element = box;
  }

  update({ state: { name, word, since }, session, sent, unrated, operator }) {
    say(this.word, word);
    this.word.dataset.state = name;
    say(this.since, since === null ? "" : `since ${daytime(since)}, for ${clock(Math.max(0, sent - since) / 1000)}`);
    say(this.recording, session.recording);
    for (const place of [this.unrated, this.left]) {
      say(place, unrated);
      show(place, Boolean(unrated));
    }
    show(this.readonly, operator === false);
    show(this.buttons, operator === true);
    show(this.answer, operator === true);
    for (const [place, [, , states]] of BUTTONS.entries()) {
      // Not `disabled`: a button that is pressed must not lose the keyboard's focus by it.
      this.buttons.children[place].ariaDisabled = String(!states.includes(name));
    }
  }

  /** The session has ended: none of this can be done any more. */
  end() {
    say(this.word, "Ended");
    this.word.dataset.state = "ended";
    for (const place of [this.since, this.recording]) say(place, "");
    show(this.override, false);
    this.confirm.close();
    for (const made of this.buttons.children) made.ariaDisabled = "true";
  }

  button([what, text]) {
    const made = button(text, () => {
      if (made.ariaDisabled === "true") return;
      if (what === "stop") this.confirm.showModal();
      else this.ask(what);
    });
    made.dataset.what = what;
    return made;
  }

  async ask(what, fields) {
    show(this.override, false);
    tell(this.answer, "…");
    const answer = await this.line.ask(what, () => fields ?? {});
    tell(this.answer, answer.sentence, answer.done);
    show(this.override, answer.overridable);
    if (answer.overridable) this.reason.focus();
  }

  overriding() {
    const form = el("form", "override");
    this.reason = Object.assign(el("input"), { required: true, maxLength: 200, autocomplete: "off" });
    const label = fill(el("label", "field"), "Reason to record nevertheless", this.reason);
    fill(form, label, Object.assign(el("button", "", "Record despite this"), { type: "submit" }), button("Leave it", () => show(form, false)));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.ask("record", { despite: this.reason.value });
      this.reason.value = "";
    });
    show(form, false);
    return form;
  }

  confirming() {
    const dialog = el("dialog", "confirm");
    const title = Object.assign(el("h2", "", "End the session?"), { id: "helo-confirm" });
    dialog.setAttribute("aria-labelledby", title.id);
    const yes = button("End the session", () => {
      dialog.close();
      this.ask("stop");
    });
    yes.dataset.what = "stop";
    const no = Object.assign(button("Go back", () => dialog.close()), { autofocus: true });
    const what = el("p", "", "Its files are closed, and nothing is received or estimated any more.");
    this.left = el("p");
    return fill(dialog, title, what, this.left, fill(el("div", "buttons"), no, yes));
  }
}
