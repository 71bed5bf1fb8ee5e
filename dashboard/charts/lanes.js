// How far each share departs from the mean label: a lane an emotion, with its 90 % interval as a band.
import { plain } from "./dom.js";
import { axis, frame, gaps } from "./look.js";
import { JUMP, Steps } from "./steps.js";

const SCALE = 10000;
// A lane is so high, in shares to each side of the mean label: the smallest that holds nearly all intervals.
const REACHES = [0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.6, 1];
const NEARLY_ALL = 0.95;
// What goes further reaches into the next lane, but not beyond that.
const FURTHEST = 1;

export class Lanes {
  constructor(setup) {
    this.setup = setup;
    this.count = setup.emotions.length;
    this.gap = new Steps(0, setup.hop * 1000);
    this.reach = 0;
    this.last = null;
  }

  looks() {
    const plainLine = { type: "scatter", mode: "lines", hoverinfo: "skip" };
    const lanes = this.setup.emotions.flatMap(({ name, colour }) => [
      { ...plainLine, line: { width: 0, color: colour } },
      { ...plainLine, line: { width: 0, color: colour }, fill: "tonexty", fillcolor: `${colour}40` },
      { ...plainLine, name: plain(name), line: { width: 1.75, color: colour }, connectgaps: false },
    ]);
    return [...lanes, gaps()];
  }

  take(points) {
    const edges = this.gap.take(points).gap;
    const rows = this.broken(points);
    const x = rows.map(([, time]) => time);
    const lanes = this.setup.emotions.flatMap((_, k) => {
      const middle = this.count - k - 0.5;
      const at = (values) => middle + this.inLane(values[k] / SCALE - this.setup.mean[k]);
      return [
        { x, y: rows.map(([, , , , low]) => (low ? at(low) : middle)) },
        { x, y: rows.map(([, , , , , high]) => (high ? at(high) : middle)) },
        { x, y: rows.map(([, , shares]) => (shares ? at(shares) : null)) },
      ];
    });
    return [...lanes, { x: edges.x, y: edges.y.map((value) => value * this.count) }];
  }

  outgrows(points) {
    const all = points.filter(([, , shares]) => shares).map((point) => this.most(point)).sort((a, b) => a - b);
    const needed = Math.max(this.reach, all[Math.floor(NEARLY_ALL * (all.length - 1))] ?? 0);
    const before = this.reach;
    this.reach = REACHES.find((reach) => reach >= needed) ?? 1;
    return this.reach > before;
  }

  /** Points with a break wherever time is missing between two: no line is drawn over it. */
  broken(points) {
    const rows = [];
    for (const point of points) {
      const time = point[1];
      if (this.last !== null && time - this.last > JUMP * this.setup.hop * 1000) rows.push([0, this.last + 1, null], [0, time - 1, null]);
      rows.push(point);
      this.last = time;
    }
    return rows;
  }

  layout(theme) {
    const lanes = {
      ...axis(theme), range: [0, this.count], showgrid: true,
      tickvals: this.setup.emotions.map((_, k) => this.count - k - 0.5),
      ticktext: this.setup.emotions.map(({ name }) => plain(name)),
    };
    return frame(theme, { left: 88, yaxis: lanes });
  }

  titles() {
    return [];
  }

  hint() {
    return `Grey lines: the mean label; bands: the 90 % interval; a lane is ± ${Math.round(100 * this.reach)} points. `;
  }

  most([, , shares, , low, high]) {
    const away = (value, k) => Math.abs(value / SCALE - this.setup.mean[k]);
    return Math.max(...(low ?? shares).map(away), ...(high ?? shares).map(away));
  }

  inLane(departure) {
    return Math.max(-FURTHEST, Math.min(FURTHEST, departure / (2 * this.reach)));
  }
}
