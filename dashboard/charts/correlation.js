// The learned label correlation: what moves together and what apart, as colour and as a number.
import { say } from "./dom.js";
import { Reading } from "./reading.js";
import { Squares, text } from "./squares.js";

// Names stand upright beside the squares and aslant below them; a longer one is cut.
const LONGEST = 13;
const ROOM = { wide: 2, left: 5.6, below: 4.2 };
// Numbers can be read upon the fullest square, on light and on dark.
const FULLEST = 0.65;

export class Correlation extends Reading {
  constructor(title, hint) {
    super(title, hint, "correlation");
    this.squares = new Squares(title, ROOM);
    this.plot.append(this.squares.element);
  }

  /** Show the correlation of these emotions, or say why it is not known. */
  draw(message, values, names) {
    if (!this.offer(message)) return;
    const count = names.length;
    this.squares.build(count, count, () => this.words(names));
    const others = values.map((row, i) => row.filter((_, k) => k !== i)).flat();
    const most = Math.max(...others.map(Math.abs), 0.01);
    values.flat().forEach((value, k) => {
      const [i, j] = [Math.floor(k / count), k % count];
      const said = `${names[i]}, ${names[j]}: ${signed(value)}`;
      this.squares.fill(k, i === j ? 0 : (FULLEST * Math.abs(value)) / most, i === j ? "" : said);
      this.squares.all[k].classList.toggle("apart", value < 0);
      say(this.numbers[k], i === j ? "" : signed(value));
    });
  }

  words(names) {
    const { wide } = ROOM;
    const [places, below] = [[...names.keys()], names.length + 0.5];
    this.numbers = places.flatMap((i) =>
      places.map((k) => text("", { class: "number", x: wide * (k + 0.5), y: i + 0.72, "text-anchor": "middle" })));
    return [
      ...this.numbers,
      ...names.map(short).map((name, i) => text(name, { x: -0.3, y: i + 0.76, "text-anchor": "end" })),
      ...names.map(short).map((name, k) => {
        const x = wide * (k + 0.5) + 0.4;
        return text(name, { x, y: below, "text-anchor": "end", transform: `rotate(-38 ${x} ${below})` });
      }),
    ];
  }
}

function short(name) {
  return name.length > LONGEST ? `${name.slice(0, LONGEST - 1)}…` : name;
}

/** With its sign, and no more than can be read. */
function signed(value) {
  const digits = Math.abs(value).toFixed(2);
  return Number(digits) === 0 ? "0" : `${value < 0 ? "−" : "+"}${digits.replace(/^0/, "")}`;
}
