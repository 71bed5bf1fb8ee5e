// The mixture as a stacked area, and the simulated state below it where there is one.
import { plain } from "./dom.js";
import { axis, frame, gaps } from "./look.js";
import { Steps } from "./steps.js";

const SHARE = "%{fullData.name} %{y:.1%}<extra></extra>";
const NOTHING = "no estimate<extra></extra>";

export class Stack {
  constructor(setup) {
    this.setup = setup;
    const count = setup.emotions.length;
    this.estimate = new Steps(count, setup.hop * 1000);
    this.state = setup.state ? new Steps(count, setup.state.hop * 1000) : null;
  }

  looks() {
    const { emotions } = this.setup;
    return [...area(emotions, "estimate", "y"), gaps(), ...(this.state ? area(emotions, "state", "y2") : [])];
  }

  /** What the new points add to each trace, in the order of `looks`. */
  take(points, state) {
    const { layers, gap } = this.estimate.take(points);
    const marked = { ...gap, hovertemplate: gap.x.map(() => "") }; // Plotly wants the same of every trace
    return [...withHover(layers), marked, ...(this.state ? withHover(this.state.take(state).layers) : [])];
  }

  /** Whether all must be drawn anew, for these points to have room. */
  outgrows() {
    return false;
  }

  layout(theme) {
    const share = { ...axis(theme), range: [0, 1], tickformat: ".0%", tickvals: [0, 0.25, 0.5, 0.75, 1], layer: "above traces" };
    if (!this.state) return frame(theme, { yaxis: share });
    const low = { ...share, domain: [0, 0.3], tickvals: [0, 0.5, 1] };
    return frame(theme, { anchor: "y2", yaxis: { ...share, domain: [0.4, 1] }, yaxis2: low });
  }

  hint() {
    return "";
  }

  titles(theme) {
    if (!this.state) return [];
    return [{
      text: "Simulated state", xref: "paper", yref: "paper", x: 0, y: 0.305, xanchor: "left", yanchor: "bottom",
      showarrow: false, font: { size: 12.5, color: theme.muted },
    }];
  }
}

/** One filled trace an emotion; the first emotion lies on top, as it does in the list beside the chart. */
export function area(emotions, name, yaxis) {
  return [...emotions].reverse().map((emotion) => ({
    type: "scatter",
    mode: "lines",
    name: plain(emotion.name),
    stackgroup: name,
    yaxis,
    line: { width: 0, color: emotion.colour },
    fillcolor: emotion.colour,
  }));
}

/** Layers with what is said of each point: where there is no estimate the stack falls to nothing, which is no share of 0 %. */
export function withHover(layers) {
  const each = layers[0].x.map((_, k) => (layers.every(({ y }) => y[k] === 0) ? NOTHING : SHARE));
  return layers.map((layer) => ({ ...layer, hovertemplate: [...each] }));
}
