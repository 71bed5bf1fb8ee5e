// The last minutes: one Plotly chart that stays in the page and only ever gets new points. The viewer may look at it in
// two ways, zoom and pan; then it stands still, while points go on coming, until the viewer returns to live.
import { choice } from "./choice.js";
import { el, fill, panel, say } from "./dom.js";
import { Lanes } from "./lanes.js";
import { fitting } from "./look.js";
import { Gaps, marks } from "./marks.js";
import { Stack } from "./stack.js";

const SPANS = [60, 120, 300];
const VIEWS = { Mixture: Stack, "From average": Lanes };
// Of what is kept only so much is in the chart while it moves, in spans: each redraw costs by the point.
const IN_CHART = 1.2;
const USE = "Drag to zoom, Shift and drag to pan, double click to return to live.";

export class Mixture {
  constructor(Plotly, setup, theme) {
    Object.assign(this, { Plotly, setup, theme, span: SPANS[1], drawn: false, held: null, pointed: false });
    this.kept = Math.ceil((1.2 * SPANS.at(-1)) / setup.hop);
    this.points = [];
    this.state = [];
    this.waiting = { points: [], state: [] };
    this.gaps = new Gaps();
    this.view = new Stack(setup);
    this.words = `${setup.words.shares} ${setup.words.movement}`;
    const { box, head, body } = panel("Mixture over time", this.words);
    this.hint = head.querySelector(".hint");
    box.classList.add("mixture");
    this.plot = el("div", "plot");
    this.pause = el("button", "", "Pause chart");
    Object.assign(this.pause, { type: "button", title: USE });
    this.pause.addEventListener("click", () => (this.held ? this.live() : this.hold(this.range())));
    const views = choice("What is shown", Object.keys(VIEWS), 0, (name) => this.look(VIEWS[name]));
    const spans = choice("Time shown", SPANS.map((span) => `${span / 60} min`), 1, (_, place) => this.reach(SPANS[place]));
    head.append(fill(el("div", "controls"), views, spans, fill(el("div", "choice"), this.pause)));
    body.append(this.plot);
    this.plot.addEventListener("mouseover", ({ target }) => this.point(target));
    this.element = box;
  }

  /** Take new points and move on in time, with one redraw; the first call draws the chart. */
  async update({ now, points, state, events }) {
    Object.assign(this, { now, events });
    this.waiting.points.push(...points);
    this.waiting.state.push(...state);
    // In the middle of the viewer's dragging a redraw would take the chart out of the hand.
    if (this.plot._dragging) return;
    const fresh = this.waiting;
    this.waiting = { points: [], state: [] };
    this.points = this.points.concat(fresh.points).slice(-this.kept);
    this.state = this.state.concat(fresh.state).slice(-this.kept);
    this.gaps.take(fresh.points, this.points[0]?.[1] ?? 0);
    if (this.held && this.points.length && this.held[1] < this.points[0][1]) this.held = null;
    await this.draw(fresh);
    say(this.pause, this.held ? "Return to live" : "Pause chart");
    this.element.classList.toggle("held", Boolean(this.held));
  }

  async draw(fresh) {
    if (!this.drawn) return this.anew();
    const begin = this.begin();
    if (begin < this.begins || this.view.outgrows(this.points)) return this.look(this.view.constructor);
    const added = this.view.take(fresh.points, fresh.state).map(packed);
    if (!added.some(({ x }) => x.length)) return this.move();
    Object.assign(this.plot.layout, this.marked());
    this.plot.layout.xaxis.range = this.range();
    const columns = Object.fromEntries(Object.keys(added[0]).map((name) => [name, added.map((one) => one[name])]));
    this.begins = begin;
    const room = this.plot.data.map(({ x }, k) => since(x, begin) + added[k].x.length);
    const most = Object.fromEntries(Object.keys(columns).map((name) => [name, room]));
    await this.Plotly.extendTraces(this.plot, columns, [...added.keys()], most);
  }

  /** From when on the chart has points: a viewer who holds it may go anywhere. */
  begin() {
    return this.held ? -Infinity : this.now - IN_CHART * this.span * 1000;
  }

  async anew() {
    this.view.outgrows(this.points);
    say(this.hint, `${this.view.hint()}${this.words}`);
    this.begins = this.begin();
    const [points, state] = [this.points, this.state].map((all) => all.filter(([, time]) => time >= this.begins));
    const traces = this.view.take(points, state).map(packed);
    const layout = { ...this.view.layout(this.theme), ...this.marked() };
    layout.xaxis.range = this.range();
    const looks = this.view.looks().map((one, place) => ({ ...one, ...traces[place] }));
    await this.Plotly.newPlot(this.plot, looks, layout, { displayModeBar: false, doubleClick: false });
    this.fit ??= fitting(this.Plotly, this.plot);
    this.drawn = true;
    this.plot.removeAllListeners();
    this.plot.on("plotly_relayout", (change) => this.relaid(change));
    this.plot.on("plotly_doubleclick", () => this.live());
  }

  /** Show the last minutes in another way, or in the same one drawn anew. */
  async look(View) {
    this.view = new View(this.setup);
    if (this.drawn) await this.anew();
  }

  async reach(span) {
    this.span = span;
    if (this.held) this.held = [this.held[1] - span * 1000, this.held[1]];
    if (this.drawn) await this.draw({ points: [], state: [] });
  }

  /** Only a viewer changes one end of the range: our own changes name both at once. */
  relaid(change) {
    if ("xaxis.range[0]" in change) this.hold(this.plot.layout.xaxis.range.map(milliseconds));
  }

  /** What a mark tells goes with it where the chart moves on under the pointer: Plotly waits for the pointer to move. */
  point(target) {
    const pointed = target.closest(".annotation") !== null;
    if (this.pointed && !pointed) this.Plotly.Fx.loneUnhover(this.plot._fullLayout._hoverlayer);
    this.pointed = pointed;
  }

  hold(range) {
    this.held = range;
    say(this.pause, "Return to live");
    this.element.classList.add("held");
    if (this.drawn) this.draw({ points: [], state: [] });
  }

  async live() {
    this.held = null;
    say(this.pause, "Pause chart");
    this.element.classList.remove("held");
    await this.move();
  }

  async move() {
    await this.Plotly.relayout(this.plot, { "xaxis.range": this.range(), ...this.marked() });
  }

  async recolour(theme) {
    this.theme = theme;
    await this.look(this.view.constructor);
  }

  forget() {
    this.fit?.disconnect();
    this.Plotly.purge(this.plot);
  }

  range() {
    return this.held ?? [this.now - this.span * 1000, this.now];
  }

  /** What is written into the chart: titles, gaps, events, the empty end. */
  marked() {
    const layout = this.plot._fullLayout;
    const width = layout ? layout._size.w : this.plot.clientWidth;
    const { now, events, theme } = this;
    const newest = this.points.at(-1)?.[1];
    const found = marks({ range: this.range(), width, gaps: this.gaps.all, events, newest, now, theme, hop: this.setup.hop });
    return { shapes: found.shapes, annotations: [...this.view.titles(theme), ...found.annotations] };
  }
}

/** A trace whose numbers Plotly takes as they are, and only copies when there are more; nothing is NaN then. */
function packed({ x, y, ...rest }) {
  return { x: Float64Array.from(x), y: Float64Array.from(y, (value) => value ?? NaN), ...rest };
}

/** How many of these times, oldest first, are not before `begin`. */
function since(times, begin) {
  const first = times.findIndex((time) => time >= begin);
  return first < 0 ? 0 : times.length - first;
}

/** A moment of the chart's axis as a number: Plotly gives a date that a viewer has set as text. */
function milliseconds(moment) {
  return typeof moment === "number" ? moment : Date.parse(`${moment.replace(" ", "T")}Z`);
}
