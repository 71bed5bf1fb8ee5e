// What the model used: the weight of each modality and its distance from the training data over the last minutes, and
// what the newest estimate was made of. The server sends all of it, once a second.
import { Correlation } from "./correlation.js";
import { plain } from "./dom.js";
import { axis, fitting, frame } from "./look.js";
import { local, Page, page } from "./page.js";
import { Plan } from "./plan.js";
import { Reading } from "./reading.js";

const CONFIG = { displayModeBar: false };
// Of the last minutes is shown (ms) so much, and the axis moves on in such steps: Plotly measures, and keeps, each place
// at which a time has stood.
const [SPAN, STEP] = [120000, 5000];

class Chart extends Reading {
  constructor(Plotly, title, hint, place) {
    super(title, hint, place);
    this.Plotly = Plotly;
    this.fit = fitting(Plotly, this.plot);
  }

  /** Draw, or say why there is nothing to draw. */
  async draw(message, traces, layout) {
    if (this.offer(message)) await this.Plotly.react(this.plot, traces(), layout(), CONFIG);
  }

  forget() {
    this.fit.disconnect();
    this.Plotly.purge(this.plot);
  }
}

class Used extends Page {
  static grid = "of-used";

  build({ setup }, Plotly) {
    const { weights, distances, plan, correlation } = setup.words.used;
    this.weights = new Chart(Plotly, "Weight of each modality", weights, "weights");
    this.distances = new Chart(Plotly, "Distance from the training data", distances, "distances");
    this.plan = new Plan("Transport plan", plan);
    this.correlation = new Correlation("Learned label correlation", correlation);
    this.charts = [this.weights, this.distances];
    return [...this.charts, this.plan, this.correlation];
  }

  async show(update) {
    this.update = update;
    const theme = this.theme();
    await this.overTime(update, theme);
    this.ofTheNewest(update);
  }

  async overTime({ over: { modalities, times, weights, distances }, status, setup }, theme) {
    const nothing = times.length ? null : status.title;
    const hidden = weights ? nothing : setup.words.blind;
    const x = times.map(local);
    const end = Math.ceil((x.at(-1) ?? 0) / STEP) * STEP;
    const range = [end - SPAN, end];
    const time = (layout) => ({ ...layout, xaxis: { ...layout.xaxis, range, fixedrange: true }, dragmode: false, showlegend: true, legend: legend(theme) });
    await this.weights.draw(hidden, () => runs(weights).flatMap(([first, end], run) => modalities.map(({ name, colour }, k) => ({
      type: "scatter", mode: "lines", name: plain(name), stackgroup: `weights ${run}`, line: { width: 0, color: colour },
      fillcolor: colour, x: x.slice(first, end), y: weights[k].slice(first, end), legendgroup: name, showlegend: run === 0,
      hovertemplate: "%{fullData.name} %{y:.0%}<extra></extra>",
    }))), () => time(frame(theme, { yaxis: { ...axis(theme), range: [0, 1], tickformat: ".0%", layer: "above traces" } })));
    const most = Math.max(1.2, ...distances.flat().filter((value) => value !== null).map((value) => 1.05 * value));
    await this.distances.draw(nothing, () => modalities.map(({ name, colour }, k) => ({
      type: "scatter", mode: "lines", name: plain(name), line: { width: 2, color: colour }, x, y: distances[k],
      hovertemplate: "%{fullData.name} %{y:.2f}<extra></extra>",
    })), () => ({
      ...time(frame(theme, { yaxis: { ...axis(theme), range: [0, most] } })),
      shapes: [{ type: "line", xref: "paper", x0: 0, x1: 1, y0: 1, y1: 1, line: { width: 1.5, dash: "dash", color: theme.red } }],
      annotations: [{ text: "limit", xref: "paper", x: 0, xanchor: "left", y: 1, yanchor: "bottom", showarrow: false, font: { size: 12, color: theme.red } }],
    }));
  }

  ofTheNewest({ made, setup }) {
    this.plan.draw(made.without || null, made);
    const names = setup.emotions.map(({ name }) => name);
    this.correlation.draw(made.correlation ? null : made.asked, made.correlation, names);
  }

  async recolour() {
    if (this.update) await this.show(this.update);
  }

  forget() {
    for (const chart of this.charts ?? []) chart.forget();
    this.charts = [];
  }
}

/** Where weights are known, from the first place to the one behind the last: Plotly would stack what is not known as 0. */
function runs(weights) {
  const known = weights.length ? [...weights[0].map((value) => value !== null), false] : [];
  const firsts = [...known.keys()].filter((k) => known[k] && !known[k - 1]);
  return firsts.map((first) => [first, known.indexOf(false, first)]);
}

function legend(theme) {
  return { orientation: "h", x: 1, xanchor: "right", y: 1, yanchor: "bottom", font: { color: theme.text, size: 12.5 } };
}

export default page(Used);
