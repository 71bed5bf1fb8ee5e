// Moments: of a session in seconds from its beginning, and as clocks tell them.

// Some midnight: Plotly's date axis would take the first ten seconds after its zero for years.
const MIDNIGHT = Date.UTC(2000, 0, 1);

/** What Plotly's date axis takes; it shows them as h:mm:ss. */
export const at = (t) => (t === null ? null : MIDNIGHT + 1000 * t);

/** Back from what Plotly's date axis gives. */
export const from = (x) => ((typeof x === "number" ? x : Date.parse(`${x.replace(" ", "T")}Z`)) - MIDNIGHT) / 1000;

/** A moment (epoch ms) by the viewer's clock. */
export const daytime = (time) => new Date(time).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });

export function clock(t) {
  const whole = Math.round(Math.abs(t));
  const two = (value) => String(value).padStart(2, "0");
  return `${t < 0 && whole ? "−" : ""}${Math.floor(whole / 3600)}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
}
