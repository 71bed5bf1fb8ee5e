// The live page: the mixture and what it is made from; the server sends only the points that are new to it.
import { Absent } from "./absent.js";
import { Age } from "./age.js";
import { Happened } from "./happened.js";
import { Health } from "./health.js";
import { Mixture } from "./mixture.js";
import { local, Page, page } from "./page.js";
import { Shares } from "./shares.js";

class Live extends Page {
  static grid = "of-live";

  build({ setup }, Plotly) {
    this.next = { points: 0, state: 0 };
    const drawn = setup.emotions.length > 0 && !setup.blind;
    this.mixture = drawn ? new Mixture(Plotly, setup, this.theme()) : null;
    const charts = drawn ? [new Shares(setup)] : [new Absent("Mixture over time", "mixture"), new Absent("Now", "shares")];
    this.panels = [...charts, new Health(setup), new Age(), new Happened()];
    return [this.mixture, ...this.panels].filter(Boolean);
  }

  async show(update) {
    const points = this.fresh("points", update);
    const state = this.fresh("state", update);
    const now = local(update.sent);
    const events = update.events.map((event) => ({ ...event, at: local(event.at) })).reverse();
    await this.mixture?.update({ now, points: points.map(moved), state: state.map(moved), events });
    for (const panel of this.panels) panel.update({ ...update, points });
  }

  /** The points that this page does not have yet: when the way was lost and found, the server sends all again. */
  fresh(which, { [which]: points }) {
    const fresh = points.filter(([number]) => number >= this.next[which]);
    if (fresh.length) this.next[which] = fresh.at(-1)[0] + 1;
    return fresh;
  }

  async recolour(theme) {
    await this.mixture?.recolour(theme);
  }

  forget() {
    this.mixture?.forget();
    this.mixture = null;
  }
}

function moved([number, time, ...rest]) {
  return [number, local(time), ...rest];
}

export default page(Live);
