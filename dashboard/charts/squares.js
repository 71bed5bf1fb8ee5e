// A matrix as squares, the fuller the stronger. It may be another one every second: squares change in their place, where
// a chart would make a picture of each.
import { fill, say } from "./dom.js";

const SVG = "http://www.w3.org/2000/svg";
// Between two squares, in heights of one.
const SPACE = 0.08;

export class Squares {
  /** How wide one is, and how much room words have to the left of them and below, in heights of one. */
  constructor(title, { wide, left, below }) {
    Object.assign(this, { wide, left, below, size: "" });
    this.element = shape("svg", { class: "squares", role: "img", "aria-label": title });
  }

  /** Make so many, unless they are there, with the `words` beside them that a function returns: a page's stay the same. */
  build(rows, columns, words) {
    if (this.size === `${rows} ${columns}`) return;
    this.size = `${rows} ${columns}`;
    const { wide, left, below } = this;
    this.element.setAttribute("viewBox", `${-left} 0 ${wide * columns + left} ${rows + below}`);
    const [width, height] = [wide - SPACE, 1 - SPACE];
    this.all = Array.from({ length: rows * columns }, (_, k) => {
      const [x, y] = [wide * (k % columns) + SPACE / 2, Math.floor(k / columns) + SPACE / 2];
      return fill(shape("rect", { x, y, width, height }), shape("title"));
    });
    const ground = shape("rect", { class: "ground", width: wide * columns, height: rows });
    this.element.replaceChildren(ground, ...this.all, ...words());
  }

  /** Show how strong one is, from 0 to 1, and what is said of it to whoever points at it. */
  fill(k, strength, said) {
    const square = this.all[k];
    const opacity = strength.toFixed(3);
    if (square.getAttribute("fill-opacity") !== opacity) square.setAttribute("fill-opacity", opacity);
    say(square.firstChild, said);
  }
}

export function text(content, attributes) {
  return Object.assign(shape("text", attributes), { textContent: content });
}

function shape(name, attributes = {}) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}
