// Scrolling EEG: a trace a channel, with scale, montage and filter to choose; bad channels are marked and say why.
import { choice } from "./choice.js";
import { Columns } from "./columns.js";
import { el, fill, keyed, panel, say, show } from "./dom.js";
import { Paper } from "./paper.js";

const SCALES = [20, 50, 100, 200, 500];
const AUTO = [5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000, 50000, 100000];
// A narrower scale is taken once a trace fills less than this share of its division: no flicker between two.
const ROOMY = 0.3;
const LEFT = 66;
const AXIS = 18;
// A trace never reaches further than so many divisions from its own place.
const FURTHEST = 2;
// Between two labels (px).
const APART = 11;
const MONTAGES = { "as recorded": "As recorded", average: "Average", longitudinal: "Bipolar" };

export class Eeg {
  constructor({ key, name }, setup, onChoice) {
    Object.assign(this, { key, name, setup, onChoice, scale: null, auto: AUTO[3], montages: null, choice: { ...setup.choice } });
    this.columns = new Columns();
    const { box, head, body } = panel(name);
    box.classList.add("signal", "eeg");
    this.controls = el("div", "controls");
    head.append(this.controls);
    this.how = el("p", "caption");
    this.state = el("p", "caption said");
    this.paper = new Paper(`${name}, scrolling`);
    this.labels = el("div", "labels");
    fill(body, this.how, fill(el("div", "stage-of"), this.paper.canvas, this.labels), this.state);
    this.element = box;
    this.offer(["as recorded"]);
  }

  /** Put the choices there are; the montages depend on the stream's channels. What is the same keeps its focus. */
  offer(montages) {
    if (this.montages === String(montages)) return;
    this.montages = String(montages);
    const { span, montage, filtered } = this.choice;
    const { spans } = this.setup;
    const asked = (changed) => this.onChoice((this.choice = { ...this.choice, ...changed }));
    const place = (list, value) => Math.max(0, list.indexOf(value));
    this.controls.replaceChildren(
      choice("Montage", montages.map((one) => MONTAGES[one]), place(montages, montage), (_, k) => asked({ montage: montages[k] })),
      choice("Filter", ["1–40 Hz", "Raw"], filtered ? 0 : 1, (_, k) => asked({ filtered: k === 0 })),
      choice("Microvolts a division", ["Auto", ...SCALES.map((one) => `${one} µV`)], this.scale ? SCALES.indexOf(this.scale) + 1 : 0, (_, k) => {
        this.scale = k ? SCALES[k - 1] : null;
        this.paper.again?.();
      }),
      choice("Time shown", spans.map((one) => `${one} s`), place(spans, span), (_, k) => asked({ span: spans[k] })),
    );
  }

  /** Take what is new; false when something before it never came. */
  take({ columns, montages }) {
    if (montages) this.offer(montages);
    return !columns || this.columns.take(columns);
  }

  draw({ now, span, told, theme }) {
    this.paper.again = () => this.draw({ now, span, told, theme });
    const traces = told.traces ?? [];
    say(this.how, this.setup.how[this.choice.filtered ? "filtered" : "raw"]);
    this.tell(told);
    this.columns.forget(now - 1000 * span - 500);
    this.paper.canvas.dataset.newest = this.columns.newest ?? "";
    if (!this.paper.begin({ from: now - 1000 * span, to: now, left: LEFT, theme })) return;
    const lane = this.paper.bottom / Math.max(1, traces.length);
    if (told.silent) this.paper.empty(this.columns.newest);
    const division = this.division(traces.length);
    traces.forEach(({ bad }, k) => {
      const [middle, own] = [this.columns.middle(k), lane * (k + 0.5)];
      const y = (value) => own - lane * Math.max(-FURTHEST, Math.min(FURTHEST, (value - middle) / division));
      this.paper.inside(0, this.paper.bottom, () => this.paper.envelope(this.columns.rows, k, y, bad ? theme.red : theme.text));
    });
    this.label(traces, lane);
  }

  /** How much lies between two traces (uV). */
  division(count) {
    if (this.scale) return this.scale;
    const reaches = Array.from({ length: count }, (_, k) => this.columns.reach(k)).filter(Boolean).map(([least, most]) => most - least);
    if (!reaches.length) return this.auto;
    const typical = reaches.sort((a, b) => a - b)[reaches.length >> 1];
    if (typical > this.auto * 1.5 || typical < this.auto * ROOMY) this.auto = AUTO.find((one) => one * 1.2 >= typical) ?? AUTO.at(-1);
    return this.auto;
  }

  label(traces, lane) {
    const step = Math.ceil(APART / lane);
    const told = traces.map((trace, k) => ({ ...trace, k })).filter(({ bad, k }) => bad || k % step === 0);
    keyed(this.labels, told, ({ k, label }) => `${k} ${label}`, () => fill(el("div", "label"), el("b"), el("span")), (row, { k, label, bad }) => {
      row.style.top = `${lane * (k + 0.5)}px`;
      row.classList.toggle("bad", Boolean(bad));
      const [name, why] = row.children;
      say(name, label);
      say(why, bad ? `✕ ${bad}` : "");
      show(why, Boolean(bad));
    });
  }

  tell({ quality, reasons, silent, traces = [] }) {
    const good = quality === null ? "" : ` Newest window: quality ${(100 * quality).toFixed(0)} %${reasons.length ? `: ${reasons.join("; ")}` : ""}.`;
    const scale = `${traces.length} traces; from one to the next (a division) ${this.division(traces.length)} µV.`;
    say(this.state, silent ? `${this.name} ${silent}.` : `${scale}${good}`);
    this.state.classList.toggle("silent", Boolean(silent));
    this.state.title = this.state.textContent;
  }
}
