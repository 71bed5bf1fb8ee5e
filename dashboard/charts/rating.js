// The participant's page: one sentence while there is nothing to rate, then the items of one trial. Nothing of the session
// is on it. What was rated is said again and again, also after a reload, until the server no longer asks for it.
import { el, fill, say, show } from "./dom.js";
import { Questions } from "./questions.js";

const here = import.meta.url;
const places = new WeakMap();
// Where what was rated waits until it is stored, in this tab.
const KEPT = "helo rating";
// It is said again after so long (ms).
const AGAIN = 3000;

class Rating {
  constructor(root) {
    this.root = root;
    this.view = el("div", "rating");
    this.view.dir = "auto";
    this.message = el("p", "message");
    this.message.role = "status";
    fill(this.view, this.message);
    this.styled = this.dress();
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

  async take(update, tell) {
    await this.styled;
    this.tell = tell;
    const { state, language, words } = update;
    if (state === "unknown") return;
    if (language) this.view.lang = language;
    if (state !== "ask") {
      sessionStorage.removeItem(KEPT);
      this.end(update.sentence ?? words[state]);
      return;
    }
    const kept = JSON.parse(sessionStorage.getItem(KEPT));
    if (kept?.trial === update.trial) this.save(kept, words);
    else {
      sessionStorage.removeItem(KEPT);
      if (this.trial !== update.trial) this.ask(update);
    }
  }

  ask(update) {
    this.end("");
    this.trial = update.trial;
    this.questions = new Questions(update, (items) => {
      const said = { trial: update.trial, at: Date.now(), items };
      sessionStorage.setItem(KEPT, JSON.stringify(said));
      this.save(said, update.words);
    });
    this.view.append(this.questions.element);
    this.questions.begin();
  }

  save({ trial, at, items }, words) {
    if (this.questions) this.end(words.saving);
    else this.show(words.saving);
    const now = Date.now();
    if (now - (this.told ?? 0) < AGAIN) return;
    this.told = now;
    this.tell({ trial, seconds_ago: Math.max(0, now - at) / 1000, items });
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

export default function rating({ parentElement, data, setTriggerValue }) {
  if (!places.has(parentElement)) places.set(parentElement, new Rating(parentElement));
  const tell = (said) => setTriggerValue("told", said);
  places.get(parentElement).take(data, tell).catch((fault) => {
    console.error(fault);
    parentElement.replaceChildren(el("p", "helo-fault", `This page cannot be shown: ${fault.message}. Reload it.`));
  });
}
