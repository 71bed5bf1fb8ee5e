// The current distribution: a bar an emotion with its 90 % interval and the mean label, and the departure from it.
import { el, fill, keyed, panel, say, show } from "./dom.js";

const SHARE_STEPS = [0.2, 0.3, 0.5, 0.75, 1];
const DEPARTURE_STEPS = [0.05, 0.1, 0.2, 0.5, 1];

// A smaller change within 30 s is not told.
const MOVED = 0.01;
const TREND = "▲ rises, ▼ falls: by more than one point within 30 s (means of 5 s)";

const percent = (share) => `${(100 * share).toFixed(1)} %`;
const signed = (share) => {
  const points = Math.abs(100 * share).toFixed(1);
  return points === "0.0" ? points : `${share < 0 ? "−" : "+"}${points}`;
};

/** The smallest step that holds the value; never smaller than before, so that the axis does not jump about. */
const grown = (before, value, steps) => Math.max(before, steps.find((step) => step >= value) ?? 1);

export class Shares {
  constructor(setup) {
    this.setup = setup;
    this.top = SHARE_STEPS[0];
    this.reach = DEPARTURE_STEPS[0];
    const { box, body } = panel("Now");
    box.classList.add("shares");
    this.table = el("div", "bars");
    this.message = el("p", "empty");
    const { mean_label, simulated } = setup.words;
    this.caption = el("p", "caption", setup.state ? `${mean_label} ${simulated}` : mean_label);
    this.head = this.columns();
    fill(body, this.head, this.table, this.message, this.caption);
    this.element = box;
  }

  columns() {
    const row = el("div", "bar-row bar-head");
    this.shareScale = el("span", "scale");
    this.departureScale = el("span", "scale");
    const share = fill(el("span", "column"), el("span", "", "Share"), this.shareScale);
    const departure = fill(el("span", "column"), el("span", "", "From average"), this.departureScale);
    const trend = Object.assign(el("span", "column", "30 s"), { title: TREND });
    return fill(row, el("span"), share, el("span"), departure, el("span"), trend);
  }

  update({ current, truth, trend }) {
    const shown = Boolean(current?.shares);
    for (const part of [this.head, this.table, this.caption]) show(part, shown);
    show(this.message, !shown);
    if (!shown) {
      say(this.message, current?.message ?? "");
      return;
    }
    const { mean, emotions } = this.setup;
    const departures = current.shares.map((share, k) => share - mean[k]);
    this.top = grown(this.top, Math.max(...current.high, ...mean, ...(truth ?? [])), SHARE_STEPS);
    this.reach = grown(this.reach, Math.max(...departures.map(Math.abs)), DEPARTURE_STEPS);
    say(this.shareScale, `of ${100 * this.top} %`);
    say(this.departureScale, `± ${100 * this.reach}`);
    const items = emotions.map((emotion, k) => ({
      ...emotion, share: current.shares[k], low: current.low[k], high: current.high[k], mean: mean[k],
      departure: departures[k], truth: truth?.[k], change: trend?.[k] ?? null,
    }));
    keyed(this.table, items, (item) => item.name, (item) => this.row(item), (row, item) => this.place(row, item));
  }

  row({ name, colour }) {
    const row = el("div", "bar-row");
    row.style.setProperty("--emotion", colour);
    const label = el("span", "name", name);
    const track = fill(el("span", "track"), ...["bar", "interval", "mean", "truth"].map((part) => el("i", part)));
    const departure = fill(el("span", "track departure"), el("i", "bar"), el("i", "zero"));
    return fill(row, label, track, el("span", "number"), departure, el("span", "number"), el("span", "trend"));
  }

  place(row, { name, share, low, high, mean, departure, truth, change }) {
    const [, track, number, departed, points, trend] = row.children;
    const [bar, whisker, notch, state] = track.children;
    const at = (value) => `${(100 * value) / this.top}%`;
    bar.style.width = at(share);
    const known = low !== null && high !== null;
    show(whisker, known);
    if (known) {
      whisker.style.left = at(low);
      whisker.style.width = at(high - low);
    }
    notch.style.left = at(mean);
    show(state, truth !== undefined);
    if (truth !== undefined) state.style.left = at(truth);
    const half = (50 * Math.min(Math.abs(departure), this.reach)) / this.reach;
    departed.firstChild.style.left = `${departure < 0 ? 50 - half : 50}%`;
    departed.firstChild.style.width = `${half}%`;
    say(number, percent(share));
    say(points, signed(departure));
    say(trend, change === null || Math.abs(change) < MOVED ? "" : change > 0 ? "▲" : "▼");
    trend.title = change === null ? "" : `${name}: ${signed(change)} points within 30 s`;
    const interval = known ? ` (90 % interval ${percent(low)} to ${percent(high)})` : "";
    row.title = `${name}: ${percent(share)}${interval}, average ${percent(mean)}`;
  }
}
