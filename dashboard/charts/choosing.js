// Which model estimates, and where it runs: for the operator, while the session is set up.
import { el, fill, keyed, panel, say, show } from "./dom.js";
import { tell } from "./form.js";

const HINT = "Another one can be chosen in set-up, before anything is recorded. It is tried first; until it is taken this one goes on.";

export class Choosing {
  constructor(line) {
    this.line = line;
    const { box, head, body } = panel("Model");
    box.classList.add("choosing");
    this.now = el("p", "now");
    fill(head, this.now, el("p", "hint", HINT));
    this.answer = Object.assign(el("p", "answer"), { role: "status" });
    fill(body, this.form(), this.answer);
    this.element = box;
    this.chosen = "";
  }

  update({ model, operator }) {
    show(this.element, operator === true && model !== null);
    if (!model) return;
    const { names, name, devices, device, runs } = model;
    say(this.now, runs ? `${name} on ${device}` : `${name} on ${device} is being loaded`);
    options(this.model, names);
    options(this.device, devices);
    // What somebody is choosing stays; what somebody else has chosen shows.
    const chosen = `${name} ${device}`;
    if (chosen === this.chosen) return;
    this.chosen = chosen;
    this.model.value = name;
    this.device.value = device;
  }

  form() {
    const form = el("form", "choose");
    this.model = el("select");
    this.device = el("select");
    this.use = Object.assign(el("button", "", "Use this model"), { type: "submit" });
    fill(form, fill(el("label", "field"), "Model", this.model), fill(el("label", "field device"), "Runs on", this.device), this.use);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.ask();
    });
    return form;
  }

  async ask() {
    if (this.use.ariaDisabled === "true") return;
    this.use.ariaDisabled = "true";
    tell(this.answer, `${this.model.value} is being tried …`);
    const { value: model } = this.model;
    const { value: device } = this.device;
    const answer = await this.line.ask("model", () => ({ model, device }));
    tell(this.answer, answer.sentence, answer.done);
    this.use.ariaDisabled = "false";
  }
}

function options(select, names) {
  keyed(select, names, (name) => name, (name) => Object.assign(el("option", "", name), { value: name }), () => {});
}
