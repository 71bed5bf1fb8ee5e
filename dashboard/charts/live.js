// The live page: built once in its place, then kept up to date with what the server sends.
// Streamlit calls the default function whenever there is a new update, and when the theme changes.
import { Absent } from "./absent.js";
import { Age } from "./age.js";
import { el, fill, seconds } from "./dom.js";
import { Happened } from "./happened.js";
import { Header } from "./header.js";
import { Health } from "./health.js";
import { Mixture } from "./mixture.js";
import { Shares } from "./shares.js";

const here = import.meta.url;
const Plotly = script("../plotly.min.js");
const pages = new WeakMap();
// Without an update for this long (ms) the server is gone, or the way to it.
const SILENCE = 4000;

export default function receive({ parentElement, data, setTriggerValue }) {
  const received = performance.timeOrigin + performance.now();
  let page = pages.get(parentElement);
  if (!page) pages.set(parentElement, (page = new Page(parentElement)));
  page.ask = (now) => {
    // Once a second is enough: the answer is on its way.
    if (now - (page.asked ?? 0) < 1000) return;
    page.asked = now;
    setTriggerValue("resend", now);
  };
  page.queue(data, received);
  // Streamlit also cleans up after a call that a newer update overtook; the page ends only with its place.
  return () => setTimeout(() => parentElement.isConnected || page.close());
}

class Page {
  constructor(root) {
    this.root = root;
    this.work = this.prepare();
    this.clock = setInterval(() => this.watch(), 1000);
  }

  async prepare() {
    const style = Object.assign(el("link"), { rel: "stylesheet", href: new URL("live.css", here).href });
    await new Promise((ready, fault) => {
      style.addEventListener("load", ready);
      style.addEventListener("error", () => fault(new Error("live.css did not load")));
      this.root.append(style);
    });
    this.view = el("div", "helo");
    this.header = new Header();
    this.root.append(this.view);
  }

  /** Updates are taken one after another, in the order in which they came. */
  queue(update, received) {
    this.received = received;
    this.work = this.work.then(() => this.failed || this.take(update, received)).catch((fault) => this.fail(fault));
  }

  async take(update, received) {
    if (update.feed !== this.feed) await this.build(update);
    const points = this.fresh("points", update);
    const state = this.fresh("state", update);
    if (!points || !state) return this.ask(received);
    for (const which of ["points", "state"]) this.next[which] = (update[which].at(-1)?.[0] ?? -1) + 1;
    const now = local(update.sent);
    await this.recolour();
    this.header.update(update);
    await this.mixture?.update({ now, points: points.map(moved), state: state.map(moved) });
    for (const panel of this.panels) panel.update({ ...update, points });
    this.drawn = true;
  }

  async build({ feed, setup }) {
    const Chart = await Plotly;
    this.mixture?.forget();
    this.feed = feed;
    this.next = { points: 0, state: 0 };
    const drawn = setup.emotions.length > 0 && !setup.blind;
    this.mixture = drawn ? new Mixture(Chart, setup, this.colours()) : null;
    const charts = drawn ? [new Shares(setup)] : [new Absent("Mixture over time", "mixture"), new Absent("Now", "shares")];
    this.panels = [...charts, new Health(setup), new Age(), new Happened()];
    const all = [this.mixture, ...this.panels].filter(Boolean);
    const grid = fill(el("main", "grid"), ...all.map((panel) => panel.element));
    this.view.replaceChildren(this.header.element, grid, el("footer", "foot", setup.words.no_decision));
  }

  /** The points that this page does not have yet; null when some before them never came. */
  fresh(which, { [which]: points, oldest }) {
    const next = Math.max(this.next[which], oldest[which]);
    return points.length && points[0][0] > next ? null : points.filter(([number]) => number >= next);
  }

  colours() {
    const style = getComputedStyle(this.view);
    const read = (name) => style.getPropertyValue(name).trim();
    return { text: read("--text"), muted: read("--muted"), border: read("--border"), font: style.fontFamily };
  }

  async recolour() {
    const colours = this.colours();
    const theme = JSON.stringify(colours);
    if (theme === this.theme) return;
    this.theme = theme;
    await this.mixture?.recolour(colours);
  }

  watch() {
    const silent = performance.timeOrigin + performance.now() - this.received;
    if (!this.drawn || silent < SILENCE) return;
    this.header.judge({
      level: "red",
      title: `The dashboard's server has not answered for ${seconds(silent / 1000)}; what is seen is old.`,
      reasons: [],
    });
  }

  fail(fault) {
    this.failed = true;
    console.error(fault);
    const text = `This page cannot draw: ${fault?.message ?? "a file did not load"}. Reload it.`;
    this.root.replaceChildren(el("p", "helo-fault", text));
  }

  close() {
    if (pages.get(this.root) !== this) return;
    clearInterval(this.clock);
    this.mixture?.forget();
    pages.delete(this.root);
  }
}

/** The chart's time axis knows no time zones: move moments so that it shows the viewer's clock. */
function local(time) {
  return time - 60000 * new Date(time).getTimezoneOffset();
}

function moved([number, time, ...rest]) {
  return [number, local(time), ...rest];
}

function script(name) {
  return new Promise((ready, fault) => {
    if (window.Plotly) return ready(window.Plotly);
    const node = document.createElement("script");
    node.src = new URL(name, here).href;
    node.addEventListener("load", () => ready(window.Plotly));
    node.addEventListener("error", () => fault(new Error(`${name} did not load`)));
    document.head.append(node);
  });
}
