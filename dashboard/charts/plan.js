// The transport plan, the fuller a square the stronger two tokens are paired.
import { el, say } from "./dom.js";
import { Reading } from "./reading.js";
import { Squares, text } from "./squares.js";

// Each so many tokens one is numbered.
const NUMBERED = 3;
const ROOM = { wide: 1, left: 3.8, below: 3 };

export class Plan extends Reading {
  constructor(title, hint) {
    super(title, hint, "plan");
    this.squares = new Squares(title, ROOM);
    this.plot.append(this.squares.element);
    this.carried = el("p", "caption");
    this.body.append(this.carried);
  }

  /** Show a plan, physiological tokens downwards, and how much the model makes of it, or say why there is none. */
  draw(message, made) {
    const offered = this.offer(message);
    say(this.carried, offered ? `By it this model carries ${(100 * made.carried).toFixed(0)} % of the body signals’ tokens over.` : "");
    if (!offered) return;
    const { plan } = made;
    const [rows, columns] = [plan.length, plan[0].length];
    this.squares.build(rows, columns, () => words(rows, columns));
    const values = plan.flat();
    const most = Math.max(...values);
    values.forEach((value, k) => {
      const which = `physiological ${Math.floor(k / columns) + 1}, behavioural ${(k % columns) + 1}`;
      this.squares.fill(k, value / most, `${which}: ${(100 * value).toFixed(1)} %`);
    });
  }
}

function words(rows, columns) {
  return [
    ...numbered(rows).map((k) => text(k + 1, { x: -0.3, y: k + 0.9, "text-anchor": "end" })),
    ...numbered(columns).map((k) => text(k + 1, { x: k + 0.5, y: rows + 1.2, "text-anchor": "middle" })),
    text("physiological token", { x: -rows / 2, y: 1.2 - ROOM.left, transform: "rotate(-90)", "text-anchor": "middle" }),
    text("behavioural token", { x: columns / 2, y: rows + ROOM.below - 0.4, "text-anchor": "middle" }),
  ];
}

function numbered(count) {
  return [...Array(count).keys()].filter((k) => k % NUMBERED === 0);
}
