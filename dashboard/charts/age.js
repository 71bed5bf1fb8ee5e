// How old what is seen is, from the moment it is about to the moment it is painted, split by stage.
import { el, fill, panel, say } from "./dom.js";

const STAGES = ["arrival", "features", "join", "inference", "paint"];
const TOLD = {
  arrival: "until the moment's last sample arrived",
  features: "until that sensor's features were ready",
  join: "until all sensors were in, or given up",
  inference: "until the estimate was made",
  paint: "until it stood here",
};
// Of the last minute (ms).
const KEPT = 60000;
// On another machine another clock would tell when it stood there.
const ONE_CLOCK = ["localhost", "127.0.0.1", "[::1]"].includes(window.location.hostname);

export class Age {
  constructor() {
    const { box, body } = panel("Age of the picture", "p50 / p95 of the last minute");
    box.classList.add("age");
    this.rows = STAGES.map((stage) => this.row(stage, TOLD[stage]));
    const elsewhere = ONE_CLOCK ? "" : "; known only on the machine that runs the session, by whose clock the moment is told";
    this.total = this.row("total", `from the moment to this screen${elsewhere}`);
    this.total.classList.add("total");
    fill(body, ...this.rows, this.total);
    this.element = box;
    this.seen = [];
    this.since = null;
  }

  row(stage, told) {
    const row = fill(el("span", "stage"), el("span", "name", stage), el("span", "number", "–"), "/", el("span", "number", "–"));
    row.dataset.stage = stage;
    row.title = `${stage}: ${told}`;
    return row;
  }

  /** Call when the update stands in the page: it is seen with the next frame, of which a hidden page has none. */
  update({ points, ahead }) {
    if (!document.hidden) requestAnimationFrame(() => this.take(points, ahead));
  }

  /**
   * Points are the new ones only. Both sides look at the wall clock, which may be steered meanwhile: the server says by
   * how much (ms) it has left the one by which it tells times.
   */
  take(points, ahead) {
    const [painted, at] = [Date.now() - ahead, performance.now()];
    // What was there before this page is its past, not its age.
    this.since ??= painted;
    for (const [, time, , stages] of points.filter((point) => point[1] > this.since)) {
      const known = stages.filter((stage) => stage !== null);
      if (!known.length) continue;
      const made = time + known.reduce((sum, stage) => sum + stage, 0);
      // A clock that was set since the server looked would have it painted before it was made.
      const here = ONE_CLOCK && painted >= made ? [painted - made, painted - time] : [null, null];
      this.seen.push({ at, took: [...stages, ...here] });
    }
    this.seen = this.seen.filter((one) => at - one.at < KEPT);
    this.tell();
  }

  tell() {
    const rows = [...this.rows, this.total];
    const columns = rows.map((_, k) => this.seen.map(({ took }) => took[k]).filter((value) => value !== null));
    rows.forEach((row, k) => {
      const [, half, most] = row.children;
      say(half, milliseconds(quantile(columns[k], 0.5)));
      say(most, milliseconds(quantile(columns[k], 0.95)));
    });
  }
}

function quantile(values, share) {
  if (!values.length) return NaN;
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
}

function milliseconds(value) {
  if (Number.isNaN(value)) return "–";
  return value < 9.95 ? `${Math.max(0, value).toFixed(1)} ms` : `${value.toFixed(0)} ms`;
}
