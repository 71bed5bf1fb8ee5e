// What is written into a chart over time: why there are gaps, what happened, and the empty end.
import { plain, seconds } from "./dom.js";
import { GREY } from "./look.js";

// Width of a letter (px), more or less.
const LETTER = 6.6;
const LINES = 4;
// The mark of a gap too narrow for words, from so many pixels on, so far (px) from the one before.
const NARROW = "?";
const NARROWEST = 10;
const APART = 40;
// Whoever points at a gap's mark is told the reason in lines of so many letters.
const TOLD = 44;
// A label of what happened is so wide (px); where there is no room for it only the line is drawn.
const LABEL = 110;
// With no estimate for this long (ms) when one was due the empty end of the chart says so.
const SILENCE = 2000;

/** The gaps of a row of points, each with the newest reason that was given. */
export class Gaps {
  constructor() {
    this.all = [];
    this.open = null;
    this.last = null;
  }

  take(points, oldest) {
    for (const [, time, shares, , , , reason] of points) {
      if (shares) {
        if (this.open) this.open.to = time;
        this.open = null;
      } else {
        if (!this.open) this.all.push((this.open = { from: this.last ?? time, to: time, reason }));
        Object.assign(this.open, { to: time, reason: reason || this.open.reason });
      }
      this.last = time;
    }
    this.all = this.all.filter(({ to }) => to >= oldest);
  }
}

/** Shapes and annotations for a range of time that is `width` pixels wide. */
export function marks({ range: [from, to], width, gaps, events, newest, now, theme, hop }) {
  const pixels = (time) => ((time - from) / (to - from)) * width;
  const visible = gaps.filter((gap) => gap.to > from && gap.from < to);
  const annotations = [];
  let last = -Infinity;
  for (const gap of visible) {
    const mark = why(gap, from, to, pixels, theme);
    if (!mark || (mark.text === NARROW && pixels(mark.x) - last < APART)) continue;
    last = pixels(mark.x);
    annotations.push(mark);
  }
  const shapes = [];
  let taken = -Infinity;
  for (const event of events.filter(({ at }) => at >= from && at <= to)) {
    shapes.push(line(event, theme));
    const at = pixels(event.at);
    const leftwards = at + LABEL > width;
    if ((leftwards ? at - LABEL : at) < taken) continue;
    taken = leftwards ? at : at + LABEL;
    annotations.push(label(event, leftwards, theme));
  }
  if (newest && now - newest > SILENCE + 1000 * hop && newest < to) {
    shapes.push({ type: "rect", xref: "x", yref: "paper", x0: newest, x1: Math.min(now, to), y0: 0, y1: 1, line: { width: 0 }, fillcolor: `${GREY}0.16)` });
    annotations.push({
      text: `no estimate for ${seconds((now - newest) / 1000)}`, xref: "paper", yref: "y domain", x: 0.99, y: 0.5,
      xanchor: "right", showarrow: false, font: { size: 14, color: theme.text },
    });
  }
  return { shapes, annotations };
}

/** Why there was no estimate: in the gap as far as it fits there, all of it to whoever points at it. */
function why(gap, from, to, pixels, theme) {
  const [start, end] = [Math.max(from, gap.from), Math.min(to, gap.to)];
  const wide = pixels(end) - pixels(start);
  if (wide < NARROWEST || !gap.reason) return null;
  const letters = Math.floor((wide - 6) / LETTER);
  return {
    text: letters < 8 ? NARROW : wrapped(gap.reason, letters),
    hovertext: lines(gap.reason, TOLD).map(plain).join("<br>"), x: (start + end) / 2, xref: "x",
    yref: "y domain", y: 0.5, showarrow: false, font: { size: 12, color: theme.text }, bgcolor: theme.panel, opacity: 0.9,
  };
}

function wrapped(text, letters) {
  const all = lines(text, letters);
  const shown = all.slice(0, LINES).map((one) => cut(one, letters));
  if (all.length > LINES) shown[LINES - 1] = cut(`${all[LINES - 1]} …`, letters);
  return shown.map(plain).join("<br>");
}

/** A text in lines of so many letters, or of one word that is longer. */
function lines(text, letters) {
  const all = [""];
  for (const word of text.split(" ")) {
    const longer = all.at(-1) ? `${all.at(-1)} ${word}` : word;
    if (longer.length <= letters || !all.at(-1)) all[all.length - 1] = longer;
    else all.push(word);
  }
  return all;
}

const cut = (text, letters) => (text.length <= letters ? text : `${text.slice(0, Math.max(1, letters - 1))}…`);

function line({ at, kind }, theme) {
  const alarm = kind === "alarm";
  return {
    type: "line", xref: "x", yref: "paper", x0: at, x1: at, y0: 0, y1: 1,
    line: { width: alarm ? 2 : 1, dash: alarm ? "solid" : "dot", color: alarm ? theme.red : theme.text },
  };
}

function label({ at, kind, text }, leftwards, theme) {
  const told = plain(cut(kind === "marker" ? text : `${kind}: ${text}`, Math.floor(LABEL / LETTER) - 2));
  return {
    text: leftwards ? `${told} ▾` : `▾ ${told}`, hovertext: plain(`${kind}: ${text}`), xref: "x", yref: "paper", x: at, y: 1,
    xanchor: leftwards ? "right" : "left", xshift: leftwards ? 6 : -6, yanchor: "bottom", showarrow: false,
    font: { size: 12, color: kind === "alarm" ? theme.red : theme.muted },
  };
}
