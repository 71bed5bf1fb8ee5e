// A whole session over one time axis: mixture, departure from the mean label, sensors, and what happened.
import { band, line } from "./bands.js";
import { el, fill, panel, plain, say } from "./dom.js";
import { gaps } from "./look.js";
import { area, withHover } from "./stack.js";
import { Steps } from "./steps.js";
import { timeline } from "./timeline.js";
import { at, clock, from } from "./when.js";

const PARTS = 10000;
const THOUSAND = 1000;
const SPACE = 44;
// Beyond a day (s) the axis begins anew at 0:00:00, so that it says on which day.
const DAY = 86400;
// Width of a letter (px), more or less.
const LETTER = 7;
const MARGIN = { l: 104, r: 12, t: 40, b: 30 };

const percent = (value, scale) => `${((100 * value) / scale).toFixed(1)} %`;
const signed = (parts) => `${parts < 0 ? "−" : "+"}${Math.abs((100 * parts) / PARTS).toFixed(1)}`;

const faded = (rgb, share) => rgb.replace("rgb(", "rgba(").replace(")", `, ${share})`);

export class Course {
  constructor(Plotly, data, theme, onMoment) {
    Object.assign(this, { Plotly, data, theme, onMoment });
    const { box, head, body } = panel("Over the session", this.hint());
    box.classList.add("course");
    this.plot = el("div", "course-plot");
    // Until windows are full there are no estimates: the first moment that has one says more than the first of all.
    const value = Math.max(0, data.chart.estimated.findIndex((share) => share > 0));
    this.slider = Object.assign(el("input", "scrub"), { type: "range", min: 0, max: data.chart.t.length - 1, value, step: 1 });
    this.slider.setAttribute("aria-label", "Moment of the session");
    this.slider.addEventListener("input", () => this.choose(Number(this.slider.value)));
    this.told = el("output", "told");
    head.append(this.zooms());
    fill(body, this.plot, fill(el("div", "scrubber"), this.told, this.slider));
    this.element = box;
  }

  async draw() {
    const { sections, height } = this.sections();
    const traces = sections.flatMap((section) => section.traces);
    this.plot.style.height = `${height}px`;
    this.layout = this.frame(sections, height);
    await this.Plotly.newPlot(this.plot, traces, this.layout, { displayModeBar: false, responsive: true });
    this.plot.on("plotly_click", ({ points }) => this.choose(this.momentAt(points[0].x)));
    this.choose(Number(this.slider.value));
  }

  async recolour(theme) {
    this.theme = theme;
    await this.draw();
  }

  forget() {
    this.Plotly.purge(this.plot);
  }

  choose(moment) {
    const { t, width } = this.data.chart;
    this.slider.value = moment;
    say(this.told, clock(t[moment]));
    this.slider.setAttribute("aria-valuetext", clock(t[moment]));
    const middle = at(t[moment] + width / 2);
    this.Plotly.relayout(this.plot, { "shapes[0].x0": middle, "shapes[0].x1": middle });
    this.onMoment(moment);
  }

  hint() {
    const { width, t, ticks } = this.data.chart;
    const together = ticks > t.length ? `, which stands for ${width.toFixed(1)} s` : "";
    return `Drag to zoom; click, or move the slider, for a moment${together}.`;
  }

  /** The moment in which a place of the axis lies: the mixture has its points where moments begin, lines in their middle. */
  momentAt(x) {
    const seconds = from(x) + 1e-6;
    return Math.max(0, this.data.chart.t.findLastIndex((time) => time <= seconds));
  }

  /** What is drawn, from top to bottom, each with its height in pixels and its axis. */
  sections() {
    const { chart } = this.data;
    const made = [];
    const add = (build, height, title) => {
      const axis = made.length ? `y${made.length + 1}` : "y";
      made.push({ height, title, axis, ...build(axis) });
    };
    if (chart.shares) {
      add((axis) => this.mixture(axis), 220, "Mixture: shares of the estimate; hatched where there is none");
      add((axis) => this.departures(axis), 32 * this.data.setup.emotions.length, "");
      made.at(-1).title = `Departure from the mean label, ±${(100 * made.at(-1).reach).toFixed(0)} points a row: line its middle, band its least and most`;
    }
    if (chart.again?.most) add((axis) => this.again(axis), 60, "Live against re-analysis: largest difference of a share, in points");
    add((axis) => this.sensors(axis), 30 * (chart.uses.length + 1), "Sensors: band is quality from 0 to 1, line the share of real data");
    add((axis) => timeline(this.data, axis, this.theme), 24 * timeline(this.data, "y", this.theme).rows, "What happened");
    const height = made.reduce((sum, section) => sum + section.height + SPACE, MARGIN.t + MARGIN.b - SPACE);
    return { sections: made, height };
  }

  mixture(axis) {
    const { emotions } = this.data.setup;
    const { t, width, shares, why } = this.data.chart;
    const points = t.map((time, k) => [k, at(time), shares.share[0][k] === null ? null : shares.share.map((row) => row[k])]);
    points.push([t.length, at(t.at(-1) + width), points.at(-1)[2]]);
    // Two milliseconds before the next moment: the fall to nothing lies between them.
    const { layers, gap } = new Steps(emotions.length, 1000 * width, 1000 * width - 2).take(points);
    const looks = [...area(emotions, "estimate", axis), { ...gaps(), yaxis: axis }];
    const filled = [...withHover(layers), gap];
    const traces = looks.map((look, place) => ({ ...look, ...filled[place] }));
    const without = shares.share[0].map((share) => (share === null ? 0.5 : null));
    const reason = (k) => plain(`no estimate: ${why[k] ?? "no reason given"}`);
    traces.push(line(this.data.chart, at, without, reason, { line: { width: 30, color: "rgba(0,0,0,0)" }, yaxis: axis }));
    return { traces, range: [0, 1], ticks: { tickvals: [0, 0.5, 1], ticktext: ["0 %", "50 %", "100 %"] } };
  }

  departures(axis) {
    const { setup: { emotions, mean }, chart } = this.data;
    const { least, most, share } = chart.shares;
    const largest = Math.max(...[...least, ...most].flat().map((value) => Math.abs(value ?? 0)), 1) / PARTS;
    const reach = [0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 1].find((step) => step >= largest) ?? 1;
    const place = (row, value) => (value === null ? null : emotions.length - 1 - row + (0.46 * value) / PARTS / reach);
    const traces = emotions.flatMap(({ name, colour }, row) => {
      const each = (values) => values.map((value) => place(row, value));
      const middle = share[row].map((value) => (value === null ? null : value - mean[row] * PARTS));
      const said = (k) => `${plain(name)} ${signed(middle[k])} (${signed(least[row][k])} to ${signed(most[row][k])})`;
      const look = { fillcolor: `${colour}66`, line: { width: 0.5, color: colour }, yaxis: axis };
      return [band(chart, at, each(least[row]), each(most[row]), look), line(chart, at, each(middle), said, { line: { width: 1.4, color: colour }, yaxis: axis })];
    });
    const tickvals = emotions.map((_, row) => emotions.length - 1 - row);
    return { traces, reach, range: [-0.6, emotions.length - 0.4], grid: true, ticks: { tickvals, ticktext: emotions.map(({ name }) => plain(name)) } };
  }

  again(axis) {
    const { chart } = this.data;
    const points = chart.again.most.map((value) => (value === null ? null : (100 * value) / PARTS));
    const look = { yaxis: axis, line: { width: 1.4, color: this.theme.text } };
    const top = Math.max(...points.map((value) => value ?? 0), 0.1);
    return { traces: [line(chart, at, points, (k) => `${points[k].toFixed(2)} points`, look)], range: [-0.05 * top, 1.1 * top], ticks: { nticks: 3 } };
  }

  sensors(axis) {
    const { chart } = this.data;
    const rows = [...chart.uses.map((use) => [use.name, use]), ["Estimated", null]];
    const place = (row, value) => (value === null ? null : rows.length - 1 - row + (0.8 * value) / THOUSAND);
    const blue = this.theme.primary;
    const traces = rows.flatMap(([name, use], row) => {
      const each = (values) => values.map((value) => place(row, value));
      if (!use) return [band(chart, at, each(chart.t.map(() => 0)), each(chart.estimated), { fillcolor: faded(blue, 0.33), line: { width: 0.5, color: blue }, yaxis: axis })];
      const said = (k) => `${plain(name)}: quality ${percent(use.least[k], THOUSAND)} to ${percent(use.most[k], THOUSAND)}, real data ${percent(use.valid[k], THOUSAND)}, weight ${use.weight[k] === null ? "–" : percent(use.weight[k], THOUSAND)}`;
      const ground = use.least.map((value) => (value === null ? null : 0));
      return [
        band(chart, at, each(ground), each(use.least), { fillcolor: faded(blue, 0.33), line: { width: 0 }, yaxis: axis }),
        band(chart, at, each(use.least), each(use.most), { fillcolor: faded(blue, 0.14), line: { width: 0 }, yaxis: axis }),
        line(chart, at, each(use.valid), said, { line: { width: 1.2, color: this.theme.text }, yaxis: axis }),
      ];
    });
    const tickvals = rows.map((_, row) => rows.length - 1 - row + 0.4);
    return { traces, range: [-0.15, rows.length], ticks: { tickvals, ticktext: rows.map(([name]) => plain(name)) } };
  }

  frame(sections, height) {
    const { theme } = this;
    const inner = height - MARGIN.t - MARGIN.b;
    const quiet = { zeroline: false, ticks: "", showline: false, showgrid: false, tickfont: { color: theme.muted, size: 12 } };
    const { t, width } = this.data.chart;
    const [format, nticks] = t.at(-1) + width > DAY ? ["day %-j, %-H:%M:%S", 6] : ["%-H:%M:%S", 10];
    const layout = {
      font: { family: theme.font, color: theme.text, size: 12.5 }, height, margin: MARGIN, showlegend: false, dragmode: "zoom", hovermode: "closest",
      paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
      hoverlabel: { font: { family: theme.font } },
      xaxis: { ...quiet, type: "date", tickformat: format, hoverformat: format, nticks, range: [at(t[0]), at(t.at(-1) + width)], anchor: sections.at(-1).axis, showgrid: true, gridcolor: theme.border },
      shapes: [{ type: "line", xref: "x", yref: "paper", y0: 0, y1: 1, x0: at(t[0]), x1: at(t[0]), line: { width: 1.5, color: theme.text } }, ...this.trialShapes()],
      annotations: this.trialNames(),
    };
    let below = 0;
    for (const section of [...sections].reverse()) {
      const [low, high] = [below / inner, (below + section.height) / inner];
      below += section.height + SPACE;
      layout[`yaxis${section.axis.slice(1)}`] = { ...quiet, ...section.ticks, domain: [Math.max(0, low), Math.min(1, high)], range: section.range, fixedrange: true, showgrid: Boolean(section.grid), gridcolor: theme.border };
      layout.annotations.push({
        text: section.title, xref: "paper", yref: "paper", x: 0, y: Math.min(1, high), xanchor: "left", yanchor: "bottom", yshift: 2, showarrow: false, align: "left",
        font: { size: 12.5, color: theme.muted },
      });
    }
    return layout;
  }

  /** Trials with their ends; one whose end was not marked, since it was broken off say, ends where the next one begins. */
  trialEnds() {
    const { chart: { t, width }, trials } = this.data;
    const last = t.at(-1) + width;
    const until = (trial) => Math.min(last, trials.find((other) => other.t > trial.t)?.t ?? last);
    return trials.map((trial) => ({ ...trial, end: trial.duration === null ? Math.max(trial.t, until(trial)) : trial.t + trial.duration }));
  }

  trialShapes() {
    return this.trialEnds().map(({ t, end }) => ({
      type: "rect", xref: "x", yref: "paper", y0: 0, y1: 1, x0: at(t), x1: at(end), fillcolor: this.theme.primary, opacity: 0.08, line: { width: 0 }, layer: "below",
    }));
  }

  /** The names of trials above the chart, as far as there is room for them. */
  trialNames() {
    const { t, width } = this.data.chart;
    const last = t.at(-1) + width;
    const pixels = (this.plot.clientWidth - MARGIN.l - MARGIN.r) / (last - t[0]);
    let taken = -Infinity;
    return this.trialEnds().flatMap((trial) => {
      const name = trial.name.length > 14 ? `${trial.name.slice(0, 13)}…` : trial.name;
      const half = (name.length * LETTER) / 2;
      const middle = Math.min((trial.t + trial.end) / 2, last - half / pixels); // not beyond the chart's edge
      if (middle * pixels - half < taken) return [];
      taken = middle * pixels + half + LETTER;
      return [{
        text: plain(name), x: at(middle), xref: "x", y: 1, yref: "paper", yshift: 20, yanchor: "bottom", showarrow: false,
        font: { size: 12, color: this.theme.primary },
      }];
    });
  }

  zooms() {
    const group = el("div", "choice");
    group.setAttribute("role", "group");
    group.setAttribute("aria-label", "Zoom");
    const { t, width } = this.data.chart;
    const [first, last] = [t[0], t.at(-1) + width];
    const zoom = (factor) => {
      const middle = t[Number(this.slider.value)] + width / 2;
      const [left, right] = this.plot.layout.xaxis.range.map(from);
      const half = Math.min((right - left) * factor, last - first) / 2;
      const centre = Math.min(Math.max(middle, first + half), last - half);
      this.Plotly.relayout(this.plot, { "xaxis.range": [at(centre - half), at(centre + half)] });
    };
    const button = (text, label, act) => {
      const made = Object.assign(el("button", "", text), { type: "button" });
      made.setAttribute("aria-label", label);
      made.addEventListener("click", act);
      return made;
    };
    return fill(group, button("−", "Zoom out", () => zoom(2)), button("+", "Zoom in at the moment", () => zoom(0.5)),
      button("All", "Whole session", () => this.Plotly.relayout(this.plot, { "xaxis.range": [at(first), at(last)] })));
  }
}
