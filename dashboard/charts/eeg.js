// Scrolling EEG: a trace a channel, with scale, montage and filter to choose; bad channels are marked and say why.
import { choice } from "./choice.js";
import { Columns } from "./columns.js";
import { el, fill, keyed, measured, panel, part, say, show } from "./dom.js";
import { Paper } from "./paper.js";

const SCALES = [20, 50, 100, 200, 500];
const AUTO = [5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000, 50000, 100000];
// Of a stream in another unit nothing is known of how large its signals are.
const ANY = Array.from({ length: 18 }, (_, k) => k - 9).flatMap((power) => [1, 2, 5].map((step) => Number(`${step}e${power}`)));
const MICROVOLTS = "uV";
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
    Object.assign(this, { key, name, setup, onChoice, scale: null, auto: AUTO[3], unit: MICROVOLTS, offered: null, choice: { ...setup.choice } });
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
    this.offer(["as recorded"], MICROVOLTS);
  }

  /** Put the choices there are, which depend on the stream's channels and its unit. What is the same keeps its focus. */
  offer(montages, unit) {
    const offered = `${unit} ${montages}`;
    if (this.offered === offered) return;
    if (unit !== this.unit) Object.assign(this, { unit, scale: null, auto: AUTO[3] });
    this.offered = offered;
    const scales = unit === MICROVOLTS ? SCALES : [];
    const { span, montage, filtered } = this.choice;
    const { spans } = this.setup;
    const asked = (changed) => this.onChoice((this.choice = { ...this.choice, ...changed }));
    const place = (list, value) => Math.max(0, list.indexOf(value));
    this.controls.replaceChildren(
      choice("Montage", montages.map((one) => MONTAGES[one]), place(montages, montage), (_, k) => asked({ montage: montages[k] })),
      choice("Filter", ["1–40 Hz", "Raw"], filtered ? 0 : 1, (_, k) => asked({ filtered: k === 0 })),
      choice("Scale of a division", ["Auto", ...scales.map((one) => measured(one, unit))], scales.indexOf(this.scale) + 1, (_, k) => {
        this.scale = k ? scales[k - 1] : null;
        this.paper.again?.();
      }),
      choice("Time shown", spans.map((one) => `${one} s`), place(spans, span), (_, k) => asked({ span: spans[k] })),
    );
  }

  /** Take what is new. */
  take({ columns, montages, unit }) {
    if (montages) this.offer(montages, unit);
    if (columns) this.columns.take(columns);
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

  /** How much lies between two traces, in the unit of the stream. */
  division(count) {
    if (this.scale) return this.scale;
    const reaches = Array.from({ length: count }, (_, k) => this.columns.reach(k)).filter(Boolean).map(([least, most]) => most - least);
    if (!reaches.length) return this.auto;
    const typical = reaches.sort((a, b) => a - b)[reaches.length >> 1];
    const steps = this.unit === MICROVOLTS ? AUTO : ANY;
    if (typical > this.auto * 1.5 || typical < this.auto * ROOMY) this.auto = steps.find((one) => one * 1.2 >= typical) ?? steps.at(-1);
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

  tell({ quality, reasons, silent, unused, traces = [] }) {
    const good = quality === null ? "Quality not measured now." : `Newest window: quality ${part(quality)}${reasons.length ? `: ${reasons.join("; ")}` : ""}.`;
    const scale = `${traces.length} traces; from one to the next (a division) ${measured(this.division(traces.length), this.unit)}.`;
    const known = unused ? "Recorded only: the model does not know it." : good;
    say(this.state, silent ? `${this.name} ${silent}.` : `${scale} ${known}`);
    this.state.classList.toggle("silent", Boolean(silent));
    this.state.title = this.state.textContent;
  }
}
