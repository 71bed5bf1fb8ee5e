// The participant's page: one sentence while there is nothing to rate, then the items of one trial. Nothing of the session
// is on it. What was rated is said again and again, also after a reload, until the server no longer asks for it; what was
// answered before that survives a reload, too.
import { el, fill, say, show } from "./dom.js";
import { Questions } from "./questions.js";
import { Way } from "./way.js";

const here = import.meta.url;
const places = new WeakMap();
// Where what was rated waits until it is stored, in this tab.
const KEPT = "helo rating";
// Where answers wait until all are given.
const BEGUN = "helo rating begun";
// It is said again after so long (ms).
const AGAIN = 3000;
// A server that was only started anew is back within so long (ms).
const BACK = 15000;

class Rating {
  constructor(root) {
    this.root = root;
    this.view = el("div", "rating");
    this.view.dir = "auto";
    this.message = el("p", "message");
    this.message.role = "status";
    fill(this.view, this.message);
    this.styled = this.dress();
    this.way = new Way((update) => this.take(update).catch((fault) => this.fail(fault)));
    this.clock = setInterval(() => this.watch(), 1000);
  }

  async dress() {
    const style = Object.assign(el("link"), { rel: "stylesheet", href: new URL("rating.css", here).href });
    await new Promise((ready, fault) => {
      style.addEventListener("load", ready);
      style.addEventListener("error", () => fault(new Error("rating.css did not load")));
      this.root.append(style);
    });
    this.root.append(this.view);
  }

  async take(update) {
    await this.styled;
    const { state, language, words } = update;
    if (state === "unknown") return;
    if (language) this.view.lang = language;
    this.words = words;
    if (state !== "ask") {
      forget(KEPT, BEGUN);
      this.end(update.sentence ?? words[state]);
      return;
    }
    const kept = recalled(KEPT, update.trial);
    if (kept) this.save(kept, words);
    else {
      forget(KEPT);
      if (this.trial !== update.trial) this.ask(update);
      this.questions.tell(update.late);
    }
  }

  ask(update) {
    this.end("");
    this.trial = update.trial;
    const { trial, words } = update;
    const begun = recalled(BEGUN, trial) ?? { since: Date.now(), items: [] };
    keep(BEGUN, { trial, ...begun });
    const changed = (items) => keep(BEGUN, { trial, since: begun.since, items });
    const done = (items) => {
      const said = { trial, at: Date.now(), items };
      keep(KEPT, said);
      this.save(said, words);
    };
    this.questions = new Questions(update, begun, changed, done);
    this.view.append(this.questions.element);
    this.questions.begin();
  }

  save({ trial, at, items }, words) {
    if (this.questions) this.end(words.saving);
    else this.show(words.saving);
    const now = Date.now();
    if (now - (this.told ?? 0) < AGAIN) return;
    this.told = now;
    this.way.tell({ trial, seconds_ago: Math.max(0, now - at) / 1000, items });
  }

  /** Say that the session has ended; what is being answered, or is not stored yet, stays for as long as the server may come back. */
  watch() {
    if (!this.way.ended || !this.words) return;
    const open = this.questions || sessionStorage.getItem(KEPT);
    if (!open || performance.now() - this.way.endedAt > BACK) this.end(this.words.ended);
  }

  fail(fault) {
    clearInterval(this.clock);
    this.way.leave();
    console.error(fault);
    this.root.replaceChildren(el("p", "helo-fault", `This page cannot be shown: ${fault.message}. Reload it.`));
  }

  close() {
    clearInterval(this.clock);
    this.way.leave();
    places.delete(this.root);
  }

  /** Take the questions away, and say something in their place. */
  end(sentence) {
    this.questions?.element.remove();
    this.questions = this.trial = this.told = null;
    this.show(sentence);
  }

  show(sentence) {
    say(this.message, sentence);
    show(this.message, Boolean(sentence));
  }
}

function keep(name, what) {
  sessionStorage.setItem(name, JSON.stringify(what));
}

function recalled(name, trial) {
  const kept = JSON.parse(sessionStorage.getItem(name));
  return kept?.trial === trial ? kept : null;
}

function forget(...names) {
  for (const name of names) sessionStorage.removeItem(name);
}

export default function rating({ parentElement, data, setTriggerValue }) {
  if (!places.has(parentElement)) places.set(parentElement, new Rating(parentElement));
  const page = places.get(parentElement);
  page.way.open(data.ticket, () => setTriggerValue("again", true));
  return () => setTimeout(() => parentElement.isConnected || page.close());
}
