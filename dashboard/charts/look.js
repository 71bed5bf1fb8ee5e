// How the mixture's chart looks: its traces and its layout, in the page's own theme.
import { plain } from "./dom.js";

const GREY = "rgba(128,136,150,";

/** One filled trace an emotion; the first emotion lies on top, as it does in the list beside the chart. */
export function stack(emotions, name, yaxis) {
  return [...emotions].reverse().map((emotion) => ({
    type: "scatter",
    mode: "lines",
    name: plain(emotion.name),
    stackgroup: name,
    yaxis,
    line: { width: 0, color: emotion.colour },
    fillcolor: emotion.colour,
    hovertemplate: "%{fullData.name} %{y:.1%}<extra></extra>",
  }));
}

/** Hatched where there was no estimate. */
export function gaps() {
  return {
    type: "scatter",
    mode: "lines",
    fill: "tozeroy",
    line: { width: 0, color: "rgba(0,0,0,0)" },
    fillcolor: `${GREY}0.08)`,
    fillpattern: { shape: "/", size: 9, solidity: 0.12, fgcolor: `${GREY}0.7)`, fillmode: "overlay" },
    hovertemplate: "no estimate<extra></extra>",
  };
}

/** The empty end of the chart, from the newest estimate to now. */
export function silence(from, to) {
  return {
    type: "rect", xref: "x", yref: "y", x0: from, x1: to, y0: 0, y1: 1, line: { width: 0 }, fillcolor: `${GREY}0.16)`,
  };
}

export function note(text, colour) {
  return { text, xref: "paper", yref: "y domain", x: 0.99, y: 0.5, xanchor: "right", showarrow: false, font: { size: 14, color: colour } };
}

export function frame(theme, withState) {
  const axis = {
    gridcolor: theme.border, zeroline: false, fixedrange: true, tickfont: { color: theme.muted, size: 12 },
    ticks: "", showline: false, automargin: false,
  };
  const share = { ...axis, range: [0, 1], tickformat: ".0%", tickvals: [0, 0.25, 0.5, 0.75, 1], layer: "above traces" };
  const title = (text, y) => ({
    text, xref: "paper", yref: "paper", x: 0, y, xanchor: "left", yanchor: "bottom", showarrow: false,
    font: { size: 12.5, color: theme.muted },
  });
  return {
    font: { family: theme.font, color: theme.text, size: 12.5 },
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    margin: { l: 44, r: 6, t: withState ? 20 : 12, b: 28 },
    showlegend: false,
    dragmode: false,
    hovermode: "closest",
    xaxis: { ...axis, type: "date", tickformat: "%H:%M:%S", nticks: 8, ticklabelstandoff: 4, anchor: withState ? "y2" : "y", showgrid: false },
    yaxis: { ...share, domain: withState ? [0.4, 1] : [0, 1] },
    ...(withState && { yaxis2: { ...share, domain: [0, 0.3], tickvals: [0, 0.5, 1] } }),
    titles: withState ? [title("Estimate", 1.005), title("Simulated state", 0.305)] : [],
  };
}
