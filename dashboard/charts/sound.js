// A short double tone when an alarm begins, if the viewer wants it; remembered for the next visit.
import { el, fill, show } from "./dom.js";

const WANTED = "helo-sound";

export class Sound {
  constructor() {
    this.box = Object.assign(el("input"), { type: "checkbox", checked: localStorage.getItem(WANTED) === "yes" });
    this.element = fill(el("label", "sound"), this.box, "Sound alarms");
    this.box.addEventListener("change", () => {
      localStorage.setItem(WANTED, this.box.checked ? "yes" : "no");
      // A browser lets a page sound only after a click: this one.
      if (this.box.checked) this.play();
    });
    this.known = null;
  }

  /** Alarms are the keys of those that sound now; those that sounded before this page was opened are seen, not heard. */
  update({ alarms, setup }) {
    show(this.element, setup.alarms);
    const fresh = this.known !== null && alarms.some((key) => !this.known.has(key));
    this.known = new Set(alarms);
    if (fresh && this.box.checked) this.play();
  }

  play() {
    this.context ??= new AudioContext();
    this.context.resume();
    for (const [start, pitch] of [[0, 880], [0.22, 660]]) this.tone(this.context.currentTime + start, pitch);
    this.element.dataset.played = String(Number(this.element.dataset.played ?? 0) + 1);
  }

  tone(start, pitch) {
    const tone = new OscillatorNode(this.context, { frequency: pitch });
    const volume = new GainNode(this.context, { gain: 0.15 });
    tone.connect(volume).connect(this.context.destination);
    tone.start(start);
    tone.stop(start + 0.18);
  }
}
