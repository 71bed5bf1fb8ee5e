// What happened, as a lane for each kind of thing on the session's time axis.
import { plain } from "./dom.js";
import { at } from "./when.js";

const LANES = [
  ["Trials", []],
  ["Markers", ["marker"]],
  ["Notes", ["note", "rating"]],
  ["Alarms", ["alarm"]],
  ["Streams", ["gap", "lost", "returned", "clock", "clock jump"]],
  ["Processes", ["restart"]],
];
const REST = "Session";

const laneOf = (kind) => LANES.find(([, kinds]) => kinds.includes(kind))?.[0] ?? REST;

/** Traces of the lanes that have something, and how many there are. */
export function timeline({ events, trials }, axis, theme) {
  const held = new Map();
  const put = (lane, t, text) => held.set(lane, [...(held.get(lane) ?? []), [t, text]]);
  for (const { t, kind, text, source } of events.rows) put(laneOf(kind), t, `${kind}: ${text}${source ? ` (${source})` : ""}`);
  const names = [...LANES.map(([name]) => name), REST].filter((name) => held.has(name) || (name === "Trials" && trials.length));
  const place = (name) => names.length - 1 - names.indexOf(name);
  const look = (name) => (name === "Alarms" ? { symbol: "triangle-up", size: 11, color: theme.red } : { symbol: "line-ns-open", size: 13, color: theme.text, line: { width: 2 } });
  const traces = [...held].map(([name, rows]) => ({
    type: "scatter", mode: "markers", yaxis: axis, x: rows.map(([t]) => at(t)), y: rows.map(() => place(name)), marker: look(name),
    customdata: rows.map(([, text]) => plain(text.length > 120 ? `${text.slice(0, 119)}…` : text)), hovertemplate: "%{x} %{customdata}<extra></extra>",
  }));
  if (trials.length) traces.push(bars(trials, axis, place("Trials"), theme));
  const rows = Math.max(1, names.length);
  const ticktext = names.length ? names : ["nothing"];
  return { traces, rows, range: [-0.6, rows - 0.4], ticks: { tickvals: ticktext.map((_, k) => rows - 1 - k), ticktext } };
}

function bars(trials, axis, row, theme) {
  const known = trials.filter(({ duration }) => duration !== null);
  const said = ({ name, condition }) => plain(`trial ${name}${condition ? `, ${condition}` : ""}`);
  return {
    type: "scatter", mode: "lines", yaxis: axis, line: { width: 9, color: theme.primary },
    x: known.flatMap(({ t, duration }) => [at(t), at(t + duration), null]),
    y: known.flatMap(() => [row, row, null]),
    customdata: known.flatMap((trial) => [said(trial), said(trial), ""]),
    hovertemplate: "%{customdata}<extra></extra>",
  };
}
