// The line from the control page to the server. What is asked for is said again until it is answered; each round trip
// tells how this page's clock and the host's LSL clock differ, so that a key press has a time whoever hears of it when.
import { operatorKey } from "./key.js";

// What is unanswered is said again, and given up, after so long (ms).
const AGAIN = 1000;
const PATIENCE = 30000;
// A model is tried before it is taken.
const PATIENCE_OF = { model: 100000 };
// The clocks are compared so often (ms), the first few times at once; clocks drift, so that old trips do not count.
const COMPARED = 2000;
const AT_ONCE = 5;
const TRIPS = 30;

/** This page's clock (ms): it never jumps. */
const now = () => performance.timeOrigin + performance.now();

/** When the browser took an event, on this page's clock (ms). */
export const moment = (event) => performance.timeOrigin + event.timeStamp;

class Line {
  constructor() {
    this.tell = null;
    this.key = operatorKey();
    /** Whether the server knows the key; null before it said so. */
    this.operator = this.key ? null : false;
    this.name = crypto.getRandomValues(new Uint32Array(2)).join("-");
    this.count = 0;
    this.asked = new Map();
    this.trips = [];
    this.sent = new Set();
    this.said = -Infinity;
    setInterval(() => this.again(), AGAIN);
  }

  /** From now on this page passes on what is said. */
  attach(tell) {
    this.tell = tell;
  }

  /** This page is gone; another one may have come in its place. */
  detach(tell) {
    if (this.tell === tell) this.tell = null;
  }

  /** Ask for something; `fields` says the rest once the clocks are compared. Resolves to what came of it. */
  ask(what, fields = () => ({})) {
    return new Promise((answer) => {
      this.asked.set(`${this.name} ${++this.count}`, { what, fields, answer, since: now() });
      this.say();
    });
  }

  /** Seconds on the host's LSL clock. */
  host(time) {
    return this.best().offset + time / 1000;
  }

  /** By how much `host` may be wrong (ms); null before the clocks were compared. */
  get within() {
    return this.trips.length ? this.best().round / 2 : null;
  }

  best() {
    return this.trips.reduce((best, trip) => (trip.round < best.round ? trip : best));
  }

  receive({ line, sent, at, left, operator, answers }, received) {
    if (this.id !== undefined && line !== this.id) this.lost();
    this.id = line;
    // The server says with every update what it heard last: only the first time is that a round trip.
    if (this.sent.has(sent)) {
      this.sent = new Set([...this.sent].filter((other) => other > sent));
      this.operator = operator;
      // As NTP has it: from the page at `sent` to the server at `at`, and from there at `left` to the page at `received`.
      const offset = (at - sent / 1000 + (left - received / 1000)) / 2;
      this.trips = [...this.trips.slice(1 - TRIPS), { offset, round: received - sent - 1000 * (left - at) }];
      if (this.trips.length < AT_ONCE || this.unsaid()) this.say();
    }
    for (const answer of answers) this.close(answer.id, answer);
  }

  unsaid() {
    return [...this.asked.values()].some(({ said }) => !said);
  }

  say() {
    if (this.operator === false || !this.tell) return;
    this.said = now();
    this.sent.add(this.said);
    const asks = this.trips.length ? [...this.asked].map(([id, ask]) => this.message(id, ask)) : [];
    this.tell({ sent: this.said, key: this.key, asks });
  }

  message(id, ask) {
    ask.said ??= ask.fields(); // said again, it is word for word the same
    return { id, what: ask.what, ...ask.said };
  }

  again() {
    for (const [id, { what, since }] of this.asked) {
      if (now() - since > (PATIENCE_OF[what] ?? PATIENCE)) this.close(id, failed("No answer came; what happened says whether it was done."));
    }
    if (this.asked.size || now() - this.said >= COMPARED) this.say();
  }

  /** Whoever heard us is gone. A note that is told its successor again is known again by its time; nothing else is. */
  lost() {
    for (const [id, { what, said }] of this.asked) {
      if (said && what !== "note") this.close(id, failed("The way to the server was lost before it answered; what happened says whether it was done."));
    }
  }

  close(id, answer) {
    this.asked.get(id)?.answer(answer);
    this.asked.delete(id);
  }
}

function failed(sentence) {
  return { done: false, sentence, overridable: false };
}

/** One a tab: when Streamlit puts the page into another place, what was asked for is not forgotten. */
export const line = new Line();
