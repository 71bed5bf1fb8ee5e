// The transport plan as squares, the fuller the stronger two tokens are paired. It may be another one every second: squares
// change in their place, where a chart would make a picture of each.
import { el, fill, say } from "./dom.js";
import { Reading } from "./reading.js";

const SVG = "http://www.w3.org/2000/svg";
// Each so many tokens one is numbered.
const NUMBERED = 3;
// Room for numbers and names, left and below (squares).
const [LEFT, BELOW] = [3.8, 3];

export class Plan extends Reading {
  constructor(title, hint) {
    super(title, hint, "plan");
    this.picture = shape("svg", { class: "squares", role: "img", "aria-label": title });
    this.plot.append(this.picture);
    this.carried = el("p", "caption");
    this.body.append(this.carried);
    this.size = "";
  }

  /** Show a plan, physiological tokens downwards, and how much the model makes of it, or say why there is none. */
  draw(message, made) {
    const offered = this.offer(message);
    say(this.carried, offered ? `By it this model carries ${(100 * made.carried).toFixed(0)} % of the body signals’ tokens over.` : "");
    if (!offered) return;
    const { plan } = made;
    const [rows, columns] = [plan.length, plan[0].length];
    if (this.size !== `${rows} ${columns}`) this.build(rows, columns);
    const values = plan.flat();
    const most = Math.max(...values);
    values.forEach((value, k) => {
      this.squares[k].setAttribute("fill-opacity", (value / most).toFixed(3));
      say(this.squares[k].firstChild, `physiological ${Math.floor(k / columns) + 1}, behavioural ${(k % columns) + 1}: ${(100 * value).toFixed(1)} %`);
    });
  }

  build(rows, columns) {
    this.size = `${rows} ${columns}`;
    this.picture.setAttribute("viewBox", `${-LEFT} 0 ${columns + LEFT} ${rows + BELOW}`);
    this.squares = Array.from({ length: rows * columns }, (_, k) =>
      fill(shape("rect", { x: (k % columns) + 0.04, y: Math.floor(k / columns) + 0.04, width: 0.92, height: 0.92 }), shape("title")));
    const numbers = [
      ...numbered(rows).map((k) => text(k + 1, { x: -0.3, y: k + 0.9, "text-anchor": "end" })),
      ...numbered(columns).map((k) => text(k + 1, { x: k + 0.5, y: rows + 1.2, "text-anchor": "middle" })),
    ];
    const names = [
      text("physiological token", { x: -rows / 2, y: -LEFT + 1.2, "text-anchor": "middle", transform: "rotate(-90)" }),
      text("behavioural token", { x: columns / 2, y: rows + BELOW - 0.4, "text-anchor": "middle" }),
    ];
    const ground = shape("rect", { class: "ground", width: columns, height: rows });
    this.picture.replaceChildren(ground, ...this.squares, ...numbers, ...names);
  }

  forget() {}
}

function numbered(count) {
  return [...Array(count).keys()].filter((k) => k % NUMBERED === 0);
}

function shape(name, attributes = {}) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

function text(content, attributes) {
  return Object.assign(shape("text", attributes), { textContent: content });
}
