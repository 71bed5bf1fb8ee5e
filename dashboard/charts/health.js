// The sensors in words: what each delivers, how old its newest sample is, and what the estimate took from it.
import { el, fill, keyed, panel, part, say, seconds, show } from "./dom.js";

const COLUMNS = ["Sensor", "State", "Rate", "Newest", "Covered", "Quality", "Clock", "Gaps", "Lost", "Weight in it"];

const known = (value) => (value === null ? "–" : String(value));

export class Health {
  constructor(setup) {
    const { box, body } = panel("Sensors", setup.words.green);
    box.classList.add("health");
    this.table = el("table");
    const head = fill(el("thead"), fill(el("tr"), ...COLUMNS.map((name) => el("th", "", name))));
    this.rows = el("tbody");
    this.message = el("p", "empty", "No stream is known yet.");
    fill(this.table, head, this.rows);
    fill(body, fill(el("div", "scroll"), this.table), this.message);
    this.element = box;
  }

  update({ streams }) {
    show(this.message, !streams.length);
    show(this.table, streams.length > 0);
    keyed(this.rows, streams, (stream) => stream.key, () => this.row(), (row, stream) => this.place(row, stream));
  }

  row() {
    const row = el("tr");
    const name = fill(el("td"), fill(el("span", "named"), el("b"), el("small")));
    const state = fill(el("td"), fill(el("span", "state"), el("i"), el("span"), el("small")));
    const weight = fill(el("td"), fill(el("span", "share"), fill(el("span", "weight"), el("i")), el("span", "number")));
    const clock = fill(el("td", "clock"), fill(el("span", "named"), el("span"), el("small")));
    const cells = (...names) => names.map((cell) => el("td", cell));
    return fill(row, name, state, ...cells("rate", "age", "covered", "quality"), clock, ...cells("gaps", "lost"), weight);
  }

  place(row, { name, source, level, state, note, rate, age, coverage, quality, gaps, lost, clock, clock_figures, left_out, weight }) {
    const [names, states, rates, ages, covered, qualities, clocks, gapped, missed, weights] = row.children;
    const [title, origin] = names.firstChild.children;
    const [, words, reason] = states.firstChild.children;
    const [bar, number] = weights.firstChild.children;
    row.dataset.level = level;
    say(title, name);
    say(origin, source);
    names.title = source ? `${name}: ${source}` : name;
    say(words, state);
    say(reason, note);
    say(rates, rate);
    say(covered, part(coverage));
    say(qualities, part(quality));
    say(clocks.firstChild.firstChild, clock);
    say(clocks.firstChild.lastChild, clock_figures.split(", ").slice(0, 2).join(", "));
    clocks.title = clock_figures;
    say(ages, age === null ? "–" : `${seconds(age)} ago`);
    say(gapped, known(gaps));
    say(missed, known(lost));
    show(bar, weight !== null);
    bar.firstChild.style.width = `${100 * (weight ?? 0)}%`;
    say(number, weight === null ? (left_out ? "not in it" : "–") : weight > 0 && weight < 0.005 ? "<1 %" : `${(100 * weight).toFixed(0)} %`);
  }
}
