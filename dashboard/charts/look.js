// How the charts over time look: axes and frame, in the page's own theme.

export const GREY = "rgba(128,136,150,";

/** Hatched where there was no estimate. */
export function gaps() {
  return {
    type: "scatter",
    mode: "lines",
    fill: "tozeroy",
    line: { width: 0, color: "rgba(0,0,0,0)" },
    fillcolor: `${GREY}0.08)`,
    fillpattern: { shape: "/", size: 9, solidity: 0.12, fgcolor: `${GREY}0.7)`, fillmode: "overlay" },
    hoverinfo: "skip",
  };
}

/** Keep a chart that is drawn as large as its place, while it is in the page; until it is disconnected. */
export function fitting(Plotly, plot) {
  const fits = ({ width, height }) => Math.abs(width - plot.clientWidth) < 1 && Math.abs(height - plot.clientHeight) < 1;
  // What is observed is told of at once, too, though a chart that has just been drawn is as large as its place.
  const observer = new ResizeObserver(() => plot.data && plot.clientWidth && !fits(plot._fullLayout) && Plotly.Plots.resize(plot));
  observer.observe(plot);
  return observer;
}

/**
 * Labels stand upright and have room at both ends: Plotly would else measure each with every redraw, to turn or hide it,
 * and keep what it found for every place a label had stood at (10,000 of them, some megabytes).
 */
export function axis(theme) {
  return {
    gridcolor: theme.border, zeroline: false, fixedrange: true, tickfont: { color: theme.muted, size: 12 },
    ticks: "", showline: false, automargin: false, tickangle: 0, ticklabeloverflow: "allow",
  };
}

/** What both views share; `axes` are a view's own. */
export function frame(theme, { left = 44, anchor = "y", ...axes }) {
  return {
    font: { family: theme.font, color: theme.text, size: 12.5 },
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    margin: { l: left, r: 30, t: 18, b: 28 }, // on the right half a label of the time axis
    showlegend: false,
    dragmode: "zoom",
    hovermode: "closest",
    xaxis: {
      ...axis(theme), type: "date", tickformat: "%H:%M:%S", ticklabelstandoff: 4, anchor, showgrid: false,
      fixedrange: false,
    },
    ...axes,
  };
}
