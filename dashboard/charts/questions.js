// The items of one trial, each a row of buttons of which none is chosen at first, by touch, mouse or keyboard: arrows within
// a row, digits, Tab to the next. How long it took is measured from the moment they were shown.
import { el, fill, say, show } from "./dom.js";
import { daytime } from "./when.js";

export class Questions {
  /**
   * `begun` says what has been answered already, in `items`, and since when the items are seen (ms); `changed` is called
   * with what is answered whenever that changes, and `done` once, with everything.
   */
  constructor({ question, items, answers, words }, begun, changed, done) {
    this.element = el("section", "questions");
    this.element.style.setProperty("--answers", answers.length);
    this.element.style.setProperty("--narrow", answers.length > 7 ? Math.ceil(answers.length / 2) : answers.length);
    this.title = Object.assign(el("h1", "", question), { tabIndex: -1 });
    this.rated = new Map(begun.items.map((item) => [item.name, item]));
    this.shown = performance.now() - (Date.now() - begun.since);
    this.changed = changed;
    this.items = items;
    this.button = Object.assign(el("button", "done", words.done), { type: "button", disabled: this.open });
    this.button.addEventListener("click", () => done(items.map(({ name }) => this.rated.get(name))), { once: true });
    const rows = el("div", "items");
    this.late = Object.assign(el("p", "late"), { hidden: true });
    fill(this.element, this.title, this.late, rows, this.button);
    let above = "";
    items.forEach((item, place) => {
      const anchors = JSON.stringify(item.anchors);
      if (anchors !== above && anchors !== "{}") rows.append(legend(item.anchors, answers));
      above = anchors;
      rows.append(this.row(item, place, answers));
    });
  }

  /** Where several trials wait, the one that is asked about is not what has just ended: say which, without words of any language. */
  tell(late) {
    show(this.late, Boolean(late));
    if (late) say(this.late, `${daytime(late.from)} – ${daytime(late.to)} · 1 / ${late.of}`);
  }

  /** Tab leads to the first item. */
  begin() {
    this.title.focus({ preventScroll: true });
  }

  /** Whether something is not answered yet. */
  get open() {
    return this.rated.size < this.items.length;
  }

  row(item, place, answers) {
    const row = el("div", "item");
    const label = Object.assign(el("span", "text", item.text), { id: `item-${place}` });
    const group = el("div", "answers");
    group.role = "radiogroup";
    group.setAttribute("aria-labelledby", label.id);
    const radios = answers.map((answer) => this.answer(item, place, answer));
    fill(group, ...radios.map(({ choice }) => choice));
    group.addEventListener("keydown", (event) => {
      const chosen = radios.find(({ answer }) => String(answer) === event.key);
      if (!chosen || event.ctrlKey || event.altKey || event.metaKey) return;
      event.preventDefault();
      chosen.radio.focus();
      chosen.radio.click();
    });
    return fill(row, label, group);
  }

  answer(item, place, answer) {
    const choice = el("label", "answer");
    const radio = Object.assign(el("input"), { type: "radio", name: `item-${place}`, value: answer });
    radio.checked = this.rated.get(item.name)?.value === answer;
    const anchor = item.anchors[answer];
    radio.setAttribute("aria-label", anchor ? `${answer}, ${anchor}` : String(answer));
    radio.addEventListener("change", () => this.rate(item.name, answer));
    return { answer, radio, choice: fill(choice, radio, el("span", "", String(answer))) };
  }

  rate(name, value) {
    const changes = (this.rated.get(name)?.changes ?? 0) + 1;
    const reaction = (performance.now() - this.shown) / 1000;
    this.rated.set(name, { name, value, reaction_s: Math.round(reaction * 1000) / 1000, changes });
    this.button.disabled = this.open;
    this.changed([...this.rated.values()]);
  }
}

/** What answers mean, above their columns; each button says it, too. */
function legend(anchors, answers) {
  const row = fill(el("div", "item anchors"), el("span"));
  row.setAttribute("aria-hidden", "true");
  const words = answers.map((answer) => {
    const word = el("span", "anchor", anchors[answer] ?? "");
    word.dataset.answer = answer;
    return word;
  });
  return fill(row, fill(el("div", "answers"), ...words));
}
