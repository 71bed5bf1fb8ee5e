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
    const [health, happened] = [new Health(setup), new Happened()];
    this.age = new Age();
    this.panels = [...charts, health, happened];
    return [this.mixture, ...charts, health, this.age, happened].filter(Boolean);
  }

  async show(update) {
    const points = this.fresh("points", update);
    const state = this.fresh("state", update);
    const now = local(update.sent);
    const events = update.events.map((event) => ({ ...event, at: local(event.at) })).reverse();
    // The panels first: what they say may leave the chart another size.
    for (const panel of this.panels) panel.update({ ...update, points });
    await this.mixture?.update({ now, points: points.map(moved), state: state.map(moved), events });
    this.age.update({ points, ahead: update.ahead });
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
