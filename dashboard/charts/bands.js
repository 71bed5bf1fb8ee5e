// Rows of small charts over one axis: what lay between the least and the most of each moment, and a line.

// Beyond this many widths between two moments, time is missing between them.
const JUMP = 1.6;

/** Stretches `[first, last + 1]` of moments with values, without a gap in time. */
function stretches({ t, width }, known) {
  const found = [];
  let first = null;
  for (let k = 0; k <= t.length; k += 1) {
    const broken = k === t.length || !known(k) || (k > 0 && t[k] - t[k - 1] > JUMP * width);
    if (broken && first !== null) {
      found.push([first, k]);
      first = null;
    }
    if (k < t.length && known(k) && first === null) first = k;
  }
  return found;
}

/** Between `low` and `high`, one closed shape a stretch; nothing where a value is null. */
export function band(moments, at, low, high, look) {
  const x = [];
  const y = [];
  for (const [first, end] of stretches(moments, (k) => low[k] !== null && high[k] !== null)) {
    const [from, to] = [moments.t[first], moments.t[end - 1] + moments.width];
    for (let k = first; k < end; k += 1) x.push(moments.t[k]), y.push(high[k]);
    x.push(to, to), y.push(high[end - 1], low[end - 1]);
    for (let k = end - 1; k >= first; k -= 1) x.push(moments.t[k]), y.push(low[k]);
    x.push(from, null), y.push(high[first], null);
  }
  return { type: "scatter", mode: "lines", fill: "toself", x: x.map(at), y, hoverinfo: "skip", line: { width: 0.5 }, ...look };
}

/** A line through the middle of the moments, broken where there is no value or time is missing. */
export function line(moments, at, values, said, look) {
  const x = [];
  const y = [];
  const customdata = [];
  for (const [first, end] of stretches(moments, (k) => values[k] !== null)) {
    for (let k = first; k < end; k += 1) {
      x.push(moments.t[k] + moments.width / 2), y.push(values[k]), customdata.push(said(k));
    }
    x.push(null), y.push(null), customdata.push("");
  }
  return { type: "scatter", mode: "lines", x: x.map(at), y, customdata, hovertemplate: "%{customdata}<extra></extra>", ...look };
}
