// Heads from above, nose up: power in each band between the channels, and which channels are good.
import { floats } from "./columns.js";
import { el, fill, panel, say, show } from "./dom.js";

// Cividis: the same order to every kind of colour vision.
const INKS = ["#00224e", "#35456c", "#666970", "#948e77", "#c8b866", "#fee838"].map((one) => [1, 3, 5].map((k) => parseInt(one.slice(k, k + 2), 16)));
const MARGIN = 0.13;

export class Heads {
  constructor({ key }, setup) {
    this.key = key;
    const { box, body } = panel("Head maps");
    box.classList.add("signal", "heads");
    this.row = el("div", "heads-row");
    this.message = el("p", "empty");
    this.channels = el("p", "caption said");
    fill(body, el("p", "caption", setup.how.heads), this.row, this.message, this.channels);
    this.element = box;
    this.heads = [];
  }

  /** Take the head's shape, which comes once. */
  take({ scalp }) {
    if (scalp) this.scalp = { ...scalp, weights: scalp.weights ? floats(scalp.weights) : null };
  }

  draw({ told: { heads }, theme }) {
    const power = heads?.power;
    show(this.message, !heads);
    show(this.row, Boolean(heads));
    say(this.message, heads ? "" : "Not known before the EEG is taken up.");
    if (!heads) return say(this.channels, "");
    this.offer([...heads.bands, "Quality"]);
    heads.bands.forEach((band, k) => this.one(this.heads[k], power?.[k] ?? null, heads, theme));
    this.one(this.heads.at(-1), null, heads, theme);
    say(this.heads.at(-1).range, good(heads));
    say(this.channels, faults(heads));
    this.channels.title = this.channels.textContent;
  }

  offer(names) {
    if (this.heads.length === names.length) return;
    this.heads = names.map((name) => {
      const canvas = el("canvas");
      canvas.setAttribute("role", "img");
      canvas.setAttribute("aria-label", `${name} over the head`);
      const range = el("small");
      return { canvas, range, element: fill(el("figure", "head"), fill(el("figcaption"), el("b", "", name)), canvas, range) };
    });
    this.row.replaceChildren(...this.heads.map(({ element }) => element));
  }

  one({ canvas, range }, values, { states }, theme) {
    const size = Math.round(canvas.clientWidth * (window.devicePixelRatio || 1));
    if (!size) return;
    if (canvas.width !== size) canvas.width = canvas.height = size;
    const pen = canvas.getContext("2d");
    pen.clearRect(0, 0, size, size);
    const [middle, radius] = [size / 2, size * (0.5 - MARGIN / 1.6)];
    if (values) {
      this.map(pen, values, middle, radius);
      say(range, `${Math.min(...values).toFixed(1)} to ${Math.max(...values).toFixed(1)}`);
    }
    if (!values) say(range, "");
    outline(pen, middle, radius, theme);
    this.scalp.places.forEach(([x, y], k) => dot(pen, middle + x * radius, middle - y * radius, size, states[k], values, theme));
  }

  map(pen, values, middle, radius) {
    const { side, weights } = this.scalp;
    if (!weights) return;
    const count = values.length;
    const [least, most] = [Math.min(...values), Math.max(...values)];
    const picture = new ImageData(side, side);
    for (let point = 0; point < side * side; point += 1) {
      let value = 0;
      for (let k = 0; k < count; k += 1) value += weights[point * count + k] * values[k];
      picture.data.set([...ink((value - least) / (most - least || 1)), 255], 4 * point);
    }
    this.small ??= new OffscreenCanvas(side, side);
    this.small.getContext("2d").putImageData(picture, 0, 0);
    pen.save();
    pen.beginPath();
    pen.arc(middle, middle, radius, 0, 2 * Math.PI);
    pen.clip();
    pen.imageSmoothingQuality = "high";
    pen.drawImage(this.small, middle - radius, middle - radius, 2 * radius, 2 * radius);
    pen.restore();
  }
}

function good({ states }) {
  return `${states.filter((state) => !state).length} of ${states.length} good`;
}

/** What is wrong with which channels, those of one fault in one sentence. */
function faults({ channels, states }) {
  const alike = new Map();
  states.forEach((state, k) => state && alike.set(state, [...(alike.get(state) ?? []), channels[k]]));
  const told = [...alike].map(([state, names]) => `${names.length === channels.length ? "every channel" : names.join(", ")} ${state}`);
  return told.length ? `✕ ${told.join("; ")}.` : "● good: no channel is called bad.";
}

function ink(share) {
  const place = Math.max(0, Math.min(1, share)) * (INKS.length - 1);
  const [from, to] = [INKS[Math.floor(place)], INKS[Math.ceil(place)]];
  return from.map((value, k) => value + (to[k] - value) * (place % 1));
}

function outline(pen, middle, radius, theme) {
  Object.assign(pen, { strokeStyle: theme.text, lineWidth: Math.max(1, radius / 45) });
  pen.beginPath();
  pen.arc(middle, middle, radius, 0, 2 * Math.PI);
  pen.stroke();
  pen.beginPath();
  pen.moveTo(middle - radius * 0.13, middle - radius * 0.99);
  pen.lineTo(middle, middle - radius * 1.15);
  pen.lineTo(middle + radius * 0.13, middle - radius * 0.99);
  pen.stroke();
  for (const way of [-1, 1]) {
    pen.beginPath();
    pen.ellipse(middle + way * radius * 1.045, middle, radius * 0.045, radius * 0.14, 0, 0, 2 * Math.PI);
    pen.stroke();
  }
}

/** A channel: a dot where it is good, a cross where it is not; on a map with a pale rim, to be seen on any colour. */
function dot(pen, x, y, size, state, values, theme) {
  const r = size / (values ? 62 : 36);
  const rim = Math.max(1, r / 2);
  if (!state) {
    pen.beginPath();
    pen.arc(x, y, r, 0, 2 * Math.PI);
    Object.assign(pen, { fillStyle: values ? "#000" : theme.text, strokeStyle: "#fff", lineWidth: rim });
    if (values) pen.stroke();
    pen.fill();
    return;
  }
  for (const [colour, width] of [["#fff", 3 * rim], [theme.red, 1.6 * rim]]) {
    Object.assign(pen, { strokeStyle: colour, lineWidth: width });
    pen.beginPath();
    const arm = 1.7 * r;
    pen.moveTo(x - arm, y - arm);
    pen.lineTo(x + arm, y + arm);
    pen.moveTo(x - arm, y + arm);
    pen.lineTo(x + arm, y - arm);
    pen.stroke();
  }
}
