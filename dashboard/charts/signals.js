// The signals of the last seconds. The server sends the least and the most of each pixel's time, new ones only; what the
// viewer chooses to see goes back to it, all but the scale.
import { Eeg } from "./eeg.js";
import { Absent } from "./absent.js";
import { Face } from "./face.js";
import { Heads } from "./heads.js";
import { Page, page } from "./page.js";
import { Trace } from "./trace.js";

class Signals extends Page {
  static grid = "of-signals";
  static styles = ["live.css", "signals.css"];

  build({ setup, choice }) {
    this.panels = setup.panels.flatMap((one) => {
      if (one.use === "EEG") return [new Eeg(one, { ...setup, choice }, (chosen) => this.way.choose(chosen)), new Heads(one, setup)];
      return [one.use === "Face" ? new Face(one, setup) : new Trace(one, setup)];
    });
    return this.panels.length ? this.panels : [(this.absent = new Absent("Signals", "eeg"))];
  }

  async show(update) {
    this.absent?.update({ status: update.status, current: {} });
    const { signals, choice } = update;
    const theme = this.theme();
    for (const panel of this.panels) {
      const told = signals[panel.key];
      panel.take(told);
      panel.draw({ now: update.sent, span: choice.span, told, theme });
    }
  }

  async recolour() {}

  forget() {
    this.panels = [];
    this.absent = null;
  }
}

export default page(Signals);
