// The least and the most of each trace in each pixel's time, as the server sends them: only what is new.

const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer;
export const floats = (text) => new Float32Array(bytes(text));

export class Columns {
  rows = [];

  /** Take new columns, in the place of all others where they are the whole. */
  take({ whole, width, zero, start, at, breaks, low, high }) {
    if (whole) Object.assign(this, { rows: [], width, zero });
    const [places, lows, highs] = [new Int32Array(bytes(at)), floats(low), floats(high)];
    const broken = new Set(breaks);
    const traces = places.length ? lows.length / places.length : 0;
    places.forEach((place, k) => {
      const cut = (all) => all.subarray(k * traces, (k + 1) * traces);
      this.rows.push({ time: (start + place) * this.width + this.zero, broken: broken.has(k), low: cut(lows), high: cut(highs) });
    });
  }

  /** Forget what is older than a moment (ms). */
  forget(before) {
    const first = this.rows.findIndex(({ time }) => time >= before);
    if (first > 0) this.rows.splice(0, first);
  }

  get newest() {
    return this.rows.at(-1)?.time ?? null;
  }

  /** Least and most of a trace; null where it has no number. */
  reach(trace) {
    let [least, most] = [Infinity, -Infinity];
    for (const { low, high } of this.rows) {
      if (low[trace] < least) least = low[trace];
      if (high[trace] > most) most = high[trace];
    }
    return least <= most ? [least, most] : null;
  }

  /** Where a trace lies in the middle, whatever single columns do. */
  middle(trace) {
    const middles = this.rows.map(({ low, high }) => (low[trace] + high[trace]) / 2).filter((value) => !Number.isNaN(value));
    return middles.length ? middles.sort((a, b) => a - b)[middles.length >> 1] : 0;
  }
}
