// From points to what the chart draws. Where there is no estimate the stack falls to nothing, at once, and the gap is
// marked: silence is never drawn as data.

// Beyond this many hops between two points, time is missing between them.
export const JUMP = 1.6;
const SCALE = 10000;

export class Steps {
  /** A point stands for what follows it for so long, `standsMs`: a recorded moment for its width, a live estimate for none. */
  constructor(count, hopMs, standsMs = 0) {
    this.count = count;
    this.hopMs = hopMs;
    this.standsMs = standsMs;
    this.last = null;
  }

  /** Points `[number, time, shares or null, ...]` -> `{ layers: [{x, y}], gap: {x, y} }`, the last emotion first. */
  take(points) {
    const x = [];
    const rows = [];
    const gap = { x: [], y: [] };
    const push = (time, shares) => (x.push(time), rows.push(shares));
    const mark = (time, value) => (gap.x.push(time), gap.y.push(value));
    for (const [, time, shares] of points) {
      const last = this.last;
      const missing = last && time - last.time > JUMP * this.hopMs;
      if (last?.shares && (missing || !shares)) {
        const end = last.time + this.standsMs;
        if (this.standsMs) push(end, last.shares);
        push(end + 1, null);
        mark(end, 0);
        mark(end + 1, 1);
      }
      if (!shares) {
        push(time, null);
        mark(time, 1);
      } else {
        if (last && (missing || !last.shares)) {
          push(time - 1, null);
          mark(time - 1, 1);
          mark(time, 0);
        }
        push(time, shares);
      }
      this.last = { time, shares };
    }
    const emotions = [...Array(this.count).keys()].reverse();
    return { layers: emotions.map((k) => ({ x, y: rows.map((row) => (row ? row[k] / SCALE : 0)) })), gap };
  }
}
