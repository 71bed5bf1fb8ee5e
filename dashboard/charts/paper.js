// A canvas that scrolls: a time axis, and curves in it. Text from outside is never drawn here, but stands beside it.
import { el } from "./dom.js";
import { GREY } from "./look.js";
import { daytime } from "./when.js";

const STEPS = [1, 2, 5, 10];
// Between two times on the axis (px).
const APART = 90;
const AXIS = 18;

export class Paper {
  constructor(label) {
    this.canvas = el("canvas", "paper");
    this.canvas.setAttribute("role", "img");
    this.canvas.setAttribute("aria-label", label);
    // Between two updates a picture must not be stretched to another size.
    new ResizeObserver(() => this.again?.()).observe(this.canvas);
  }

  /** Begin a picture of the moments `from` to `to` (ms); false while there is no room for one. */
  begin({ from, to, left, theme }) {
    const [width, height] = [this.canvas.clientWidth, this.canvas.clientHeight];
    if (width < left + 40 || height < 30) return false;
    const ratio = window.devicePixelRatio || 1;
    const [inner, outer] = [Math.round(width * ratio), Math.round(height * ratio)];
    if (this.canvas.width !== inner) this.canvas.width = inner;
    if (this.canvas.height !== outer) this.canvas.height = outer;
    const pen = this.canvas.getContext("2d");
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, width, height);
    Object.assign(pen, { lineCap: "round", lineJoin: "round", font: `11.5px ${theme.font}` });
    Object.assign(this, { pen, from, to, left, width, theme, bottom: height - AXIS });
    // What is seen, for whoever cannot read a picture.
    Object.assign(this.canvas.dataset, { from, to, left });
    this.axis();
    return true;
  }

  x(time) {
    return this.left + ((time - this.from) / (this.to - this.from)) * (this.width - this.left);
  }

  axis() {
    const { pen, theme, from, to } = this;
    const room = (this.width - this.left) / APART;
    const step = 1000 * (STEPS.find((one) => (to - from) / 1000 / one <= room) ?? STEPS.at(-1));
    Object.assign(pen, { strokeStyle: theme.border, fillStyle: theme.muted, lineWidth: 1, textAlign: "center", textBaseline: "alphabetic" });
    for (let time = Math.ceil(from / step) * step; time <= to; time += step) {
      const x = Math.round(this.x(time)) + 0.5;
      this.rule(x, 0, x, this.bottom);
      const half = 26;
      if (x - half < this.left || x + half > this.width) continue;
      pen.fillText(daytime(time), x, this.bottom + 14);
    }
  }

  rule(x0, y0, x1, y1) {
    this.pen.beginPath();
    this.pen.moveTo(x0, y0);
    this.pen.lineTo(x1, y1);
    this.pen.stroke();
  }

  /** A horizontal line with its value left of it. */
  level(y, text) {
    const { pen, theme } = this;
    Object.assign(pen, { strokeStyle: theme.border, fillStyle: theme.muted, lineWidth: 1, textAlign: "right", textBaseline: "middle" });
    this.rule(this.left, Math.round(y) + 0.5, this.width, Math.round(y) + 0.5);
    if (text) pen.fillText(text, this.left - 5, y);
  }

  /** Grey from the newest sample on: nothing comes any more. */
  empty(newest) {
    const x = Math.max(this.left, this.x(newest ?? this.from));
    this.pen.fillStyle = `${GREY}0.16)`;
    this.pen.fillRect(x, 0, this.width - x, this.bottom);
  }

  inside(top, height, draw) {
    this.pen.save();
    this.pen.beginPath();
    this.pen.rect(this.left, top, this.width - this.left, height);
    this.pen.clip();
    draw();
    this.pen.restore();
  }

  /** One trace of an envelope; `y` says how high a value lies. No line leads over missing time. */
  envelope(rows, trace, y, colour) {
    const { pen } = this;
    pen.beginPath();
    let down = false;
    for (const { time, broken, low, high } of rows) {
      if (Number.isNaN(low[trace])) {
        down = false;
        continue;
      }
      const x = this.x(time);
      if (down && !broken) pen.lineTo(x, y(high[trace]));
      else pen.moveTo(x, y(high[trace]));
      pen.lineTo(x, y(low[trace]));
      down = true;
    }
    Object.assign(pen, { strokeStyle: colour, lineWidth: 1 });
    pen.stroke();
  }

  /** A line through points, broken at those without a value and where one is later than it may be (ms). */
  line(times, values, y, { colour, dash = [], width = 1.5, apart }) {
    const { pen } = this;
    pen.beginPath();
    values.forEach((value, k) => {
      if (value === null) return;
      const joined = k && values[k - 1] !== null && times[k] - times[k - 1] <= apart;
      if (joined) pen.lineTo(this.x(times[k]), y(value));
      else pen.moveTo(this.x(times[k]), y(value));
    });
    Object.assign(pen, { strokeStyle: colour, lineWidth: width });
    pen.setLineDash(dash);
    pen.stroke();
    pen.setLineDash([]);
  }
}

/** Round numbers from one value to another, about so many. */
export function ticks(least, most, about) {
  const rough = (most - least) / about || 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((one) => one * power).find((one) => one >= rough);
  const found = [];
  for (let value = Math.ceil(least / step) * step; value <= most; value += step) found.push(value);
  const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  return found.map((value) => [value, value.toFixed(digits)]);
}
