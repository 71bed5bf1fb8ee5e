// The mixture over the last minutes: one Plotly chart that stays in the page and only ever gets new points.
import { el, panel, seconds } from "./dom.js";
import { frame, gaps, note, silence, stack } from "./look.js";
import { Steps } from "./steps.js";

const SPANS = [60, 120, 300];
// With no estimate for this long (ms) the empty end of the chart says so.
const SILENCE = 2000;

export class Mixture {
  constructor(Plotly, setup, theme) {
    Object.assign(this, { Plotly, setup, theme, span: SPANS[1], drawn: false });
    const hopMs = setup.hop * 1000;
    this.estimate = new Steps(setup.emotions.length, hopMs);
    this.state = setup.state ? new Steps(setup.emotions.length, setup.state.hop * 1000) : null;
    this.kept = Math.ceil((1.2 * SPANS.at(-1)) / setup.hop);
    const { box, head, body } = panel("Mixture over time", `${setup.words.shares} ${setup.words.movement}`);
    box.classList.add("mixture");
    this.plot = el("div", "plot");
    head.append(this.spans());
    body.append(this.plot);
    this.element = box;
  }

  /** Take new points and move on in time, with one redraw; the first call draws the chart. */
  async update({ now, points, state }) {
    this.now = now;
    const added = [...this.steps(this.estimate, points, true), ...this.steps(this.state, state, false)];
    if (!this.drawn) return this.draw(added);
    if (!added.some(({ x }) => x.length)) return this.move();
    const { "xaxis.range": range, ...marks } = this.view();
    Object.assign(this.plot.layout, marks);
    this.plot.layout.xaxis.range = range;
    const [x, y] = [added.map((one) => one.x), added.map((one) => one.y)];
    await this.Plotly.extendTraces(this.plot, { x, y }, [...added.keys()], this.kept);
  }

  async recolour(theme) {
    this.theme = theme;
    if (this.drawn) await this.Plotly.relayout(this.plot, { ...this.frame(), ...this.view() });
  }

  forget() {
    this.fit?.disconnect();
    this.Plotly.purge(this.plot);
  }

  async draw(added) {
    const { emotions } = this.setup;
    const looks = [...stack(emotions, "estimate", "y"), gaps(), ...(this.state ? stack(emotions, "state", "y2") : [])];
    const traces = looks.map((look, place) => ({ ...look, ...added[place] }));
    const layout = this.frame();
    const { "xaxis.range": range, ...marks } = this.view();
    Object.assign(layout, marks);
    layout.xaxis.range = range;
    await this.Plotly.newPlot(this.plot, traces, layout, { displayModeBar: false });
    this.drawn = true;
    this.fit = new ResizeObserver(() => this.Plotly.Plots.resize(this.plot));
    this.fit.observe(this.plot);
  }

  async move() {
    await this.Plotly.relayout(this.plot, this.view());
  }

  steps(maker, points, withGap) {
    if (!maker) return [];
    const { layers, gap } = maker.take(points);
    return withGap ? [...layers, gap] : layers;
  }

  frame() {
    const { titles, ...layout } = frame(this.theme, Boolean(this.state));
    this.titles = titles;
    return layout;
  }

  /** What changes with time: the range shown, and the mark of an empty end. */
  view() {
    const newest = this.estimate.last?.time;
    const silent = newest ? this.now - newest : 0;
    const marks = { shapes: [], annotations: [...this.titles] };
    if (silent > SILENCE) {
      marks.shapes.push(silence(newest, this.now));
      marks.annotations.push(note(`no estimate for ${seconds(silent / 1000)}`, this.theme.text));
    }
    return { "xaxis.range": [this.now - this.span * 1000, this.now], ...marks };
  }

  spans() {
    const group = el("div", "choice");
    group.setAttribute("role", "group");
    group.setAttribute("aria-label", "Time shown");
    const buttons = SPANS.map((span) => {
      const button = el("button", "", `${span / 60} min`);
      button.type = "button";
      button.addEventListener("click", () => choose(span));
      return button;
    });
    const choose = (span) => {
      this.span = span;
      buttons.forEach((button, place) => button.setAttribute("aria-pressed", String(SPANS[place] === span)));
      if (this.drawn) this.move();
    };
    choose(this.span);
    group.append(...buttons);
    return group;
  }
}
