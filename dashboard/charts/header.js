// Whose session it is, what must be known of it, and the one line that says whether to believe what is seen.
import { el, fill, keyed, say, show } from "./dom.js";
import { Sound } from "./sound.js";

const MARKS = { green: "●", amber: "▲", red: "■", waiting: "…", ended: "■" };
const WORDS = { green: "Sensors work", amber: "Attention", red: "Not live", waiting: "Waiting", ended: "Ended" };

export class Header {
  constructor() {
    this.element = el("header", "top");
    this.title = el("h1");
    this.participant = el("span", "chip");
    this.model = el("span", "model");
    this.recording = el("span", "recording");
    this.status = fill(el("div", "status"), el("b", "mark"), el("b", "word"), el("span", "title"));
    this.status.setAttribute("role", "status");
    this.reasons = el("ul", "reasons");
    this.notices = el("ul", "notices");
    const whose = fill(el("div", "whose"), el("span", "brand", "helo live"), this.title, this.participant, this.model,
      this.recording);
    this.sound = new Sound();
    const below = fill(el("div", "below"), this.reasons, this.sound.element);
    fill(this.element, this.status, fill(el("div", "line"), whose, below), this.notices);
  }

  update(update) {
    const { session, status, notices } = update;
    say(this.title, session.name);
    show(this.participant, Boolean(session.participant));
    say(this.participant, session.participant);
    say(this.model, session.model);
    say(this.recording, session.recording);
    this.judge(status);
    this.sound.update(update);
    show(this.notices, notices.length > 0);
    lines(this.notices, notices);
  }

  judge({ level, title, reasons }) {
    const [mark, word, text] = this.status.children;
    this.status.dataset.level = level;
    say(mark, MARKS[level]);
    say(word, WORDS[level]);
    say(text, title);
    lines(this.reasons, reasons);
  }
}

function lines(list, sentences) {
  keyed(list, sentences, (text) => text, (text) => el("li", "", text), () => {});
}
