// One sensor's signal against time: skin conductance with its parts, pulse, temperature, motion.
import { Columns } from "./columns.js";
import { el, fill, keyed, measured, panel, part, say } from "./dom.js";
import { Paper, ticks } from "./paper.js";

const LEFT = 46;
const AXES = ["#0072B2", "#D55E00", "#009E73"];
// A line between features is drawn over at most this time (ms).
const APART = 1000;
// Share of the height that the phasic part takes.
const PHASIC = 0.4;
// Between two levels that are written beside one another (px).
const WRITTEN = 13;

export class Trace {
  constructor({ key, name, use, colour }, setup) {
    Object.assign(this, { key, name, use, colour, setup });
    this.columns = new Columns();
    const { box, head, body } = panel(name);
    box.classList.add("signal", "body", use.toLowerCase());
    this.value = el("b", "value");
    this.legend = el("span", "legend");
    head.append(this.legend, this.value);
    this.paper = new Paper(`${name}, scrolling`);
    this.state = el("p", "caption said");
    fill(body, el("p", "caption", setup.how[use] ?? ""), fill(el("div", "stage-of"), this.paper.canvas), this.state);
    this.element = box;
  }

  take({ columns }) {
    if (columns) this.columns.take(columns);
  }

  draw({ now, span, told, theme }) {
    const from = now - 1000 * span;
    this.columns.forget(from - 500);
    this.paper.canvas.dataset.newest = this.columns.newest ?? "";
    this.tell(told);
    this.paper.again = () => this.draw({ now, span, told, theme });
    if (!this.paper.begin({ from, to: now, left: LEFT, theme })) return;
    const { skin } = told;
    if (told.silent) this.paper.empty(this.columns.newest);
    const height = this.paper.bottom * (skin ? 1 - PHASIC : 1);
    const traces = told.traces ?? [];
    const tonic = skin ? skin.tonic.filter((value, k) => value !== null && skin.times[k] >= from) : [];
    const y = this.scale(traces.map((_, k) => this.columns.reach(k)), tonic, 4, height - 4);
    this.paper.inside(0, height, () => {
      traces.forEach((_, k) => this.paper.envelope(this.columns.rows, k, y, this.ink(k, traces.length, theme)));
      if (skin) this.paper.line(skin.times, skin.tonic, y, { colour: this.colour, dash: [5, 4], width: 2, apart: APART });
    });
    if (skin?.times.length) this.phasic(skin, height, from, theme);
  }

  ink(k, count, theme) {
    return count > 1 ? AXES[k % AXES.length] : theme.text;
  }

  /** Draw levels for what lies between `top` and `bottom`, and return how high a value lies. */
  scale(reaches, more, top, bottom) {
    const known = [...reaches.filter(Boolean).flat(), ...more];
    if (!known.length) return () => bottom;
    const [least, most] = [Math.min(...known), Math.max(...known)];
    const room = (most - least) * 0.08 || Math.abs(most) * 0.01 || 0.5;
    const [low, high] = [least - room, most + room];
    const y = (value) => bottom - ((value - low) / (high - low)) * (bottom - top);
    for (const [value, text] of ticks(low, high, Math.max(2, Math.min(4, (bottom - top) / 40)))) this.paper.level(y(value), text);
    return y;
  }

  phasic({ times, phasic, marks }, top, from, theme) {
    const seen = phasic.filter((value, k) => value !== null && times[k] >= from);
    const most = Math.max(0.02, ...seen.map(Math.abs)) * 1.15;
    const [first, last] = [top + 14, this.paper.bottom - 2];
    const y = (value) => (first + last) / 2 - (value / most) * ((last - first) / 2);
    const highest = ticks(0, most * 0.95, 2).at(-1);
    this.paper.level(y(0), "0");
    if (y(0) - y(highest[0]) >= WRITTEN) this.paper.level(y(highest[0]), highest[1]);
    this.paper.inside(top, this.paper.bottom - top, () => {
      this.paper.line(times, phasic, y, { colour: this.colour, apart: APART });
      Object.assign(this.paper.pen, { fillStyle: theme.text, textAlign: "center", textBaseline: "alphabetic" });
      for (const mark of marks) this.paper.pen.fillText("▲", this.paper.x(mark), top + 12);
    });
  }

  tell(told) {
    const { silent, unit, traces, skin, pulse, quality, reasons, unused } = told;
    const newest = this.columns.rows.at(-1)?.high;
    const one = newest && newest.length === 1 && !silent ? said(newest[0], unit) : "";
    const unclear = pulse?.measured ? "no clear pulse" : "not measured now";
    const beats = pulse ? (pulse.bpm === null ? unclear : `${pulse.bpm} beats/min`) : one;
    say(this.value, this.use === "PPG" ? (silent ? "" : beats) : one);
    const axes = (traces ?? []).length > 1 ? traces : [];
    keyed(this.legend, axes, ({ label }) => label, () => el("span"), (node, { label }) => say(node, label));
    [...this.legend.children].forEach((node, k) => (node.style.color = AXES[k % AXES.length]));
    this.state.classList.toggle("silent", Boolean(silent));
    const sentences = [];
    if (silent) sentences.push(`${this.name} ${silent}.`);
    if (unused) sentences.push("Recorded only: the model does not know it.");
    else if (!silent) sentences.push(quality === null ? "Quality not measured now." : `Quality ${part(quality)}${reasons.length ? `: ${reasons.join("; ")}` : ""}.`);
    if (skin && !silent && !unused) sentences.push(responses(skin));
    else if (skin === null && !silent && !unused) sentences.push("This model's features know no tonic and phasic part.");
    say(this.state, sentences.join(" "));
    this.state.title = this.state.textContent;
  }
}

function said(value, unit) {
  return Number.isNaN(value) ? "–" : measured(value.toFixed(2), unit);
}

function responses({ tonic, phasic, responses: counts, largest, rise, now_known }) {
  if (counts.length && !now_known) return "Tonic level not measured now.";
  if (!counts.length || tonic.at(-1) === null) return "Tonic level not known yet.";
  const count = counts.at(-1);
  const parts = `Tonic ${tonic.at(-1).toFixed(2)} µS, phasic ${phasic.at(-1).toFixed(3)} µS;`;
  if (count === null) return `${parts} no responses counted while, or just after, something is wrong.`;
  if (!count) return `${parts} no response in the last 5 s.`;
  return `${parts} ${count} response${count > 1 ? "s" : ""} in the last 5 s, the largest ${largest.toFixed(2)} µS in ${rise.toFixed(1)} s.`;
}
