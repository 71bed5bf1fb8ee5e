// What every page that is kept in the browser does: it is built once in its place, then brought up to date with what the
// server sends. Streamlit calls the function that `page` returns when the page is opened, and whenever the script ran again.
import { el, fill, say, seconds } from "./dom.js";
import { Header } from "./header.js";
import { Plotly } from "./plotly.js";
import { Way } from "./way.js";

const here = import.meta.url;
const pages = new WeakMap();
// Without an update for this long (ms) the server is gone, or the way to it.
const SILENCE = 4000;

/** The function that Streamlit calls, for a kind of page. */
export function page(Kind) {
  return ({ parentElement, data, setTriggerValue }) => {
    let known = pages.get(parentElement);
    if (!known) pages.set(parentElement, (known = new Kind(parentElement)));
    known.way.open(data.ticket, () => setTriggerValue("again", true));
    // Streamlit also cleans up before it calls again; the page ends only with its place.
    return () => setTimeout(() => parentElement.isConnected || known.close());
  };
}

/**
 * A kind of page has `build(update)`, which returns its panels; `show(update, received)`; `recolour(theme)`; `forget()`.
 * It may say something to the server by `way`.
 */
export class Page {
  static styles = ["live.css"];

  constructor(root) {
    this.root = root;
    this.way = new Way((update, received) => this.queue(update, received));
    this.work = this.prepare();
    this.clock = setInterval(() => this.watch(), 1000);
  }

  async prepare() {
    await Promise.all(this.constructor.styles.map((name) => this.style(name)));
    this.view = el("div", "helo");
    this.header = new Header();
    this.probe = Object.assign(el("i", "probe"), { hidden: true });
    fill(this.root, fill(this.view, this.probe));
  }

  style(name) {
    const style = Object.assign(el("link"), { rel: "stylesheet", href: new URL(name, here).href });
    return new Promise((ready, fault) => {
      style.addEventListener("load", ready);
      style.addEventListener("error", () => fault(new Error(`${name} did not load`)));
      this.root.append(style);
    });
  }

  /** Updates are taken one after another; resolves when this one is drawn. */
  queue(update, received) {
    this.received = received;
    const taken = () => this.failed || this.take(update, received);
    return (this.work = this.work.then(taken).catch((fault) => this.fail(fault)));
  }

  async take(update, received) {
    if (update.feed !== this.feed) await this.place(update);
    await this.dress();
    this.header.update(update);
    await this.show(update, received);
    this.drawn = true;
  }

  async place(update) {
    this.forget();
    this.feed = update.feed;
    const panels = this.build(update, await Plotly);
    const grid = fill(el("main", `grid ${this.constructor.grid}`), ...panels.map((panel) => panel.element));
    this.view.replaceChildren(this.probe, this.header.element, grid, el("footer", "foot", update.setup.words.no_decision));
  }

  theme() {
    const style = getComputedStyle(this.view);
    const [text, muted, border, panel] = ["text", "muted", "border", "panel"].map((name) => style.getPropertyValue(`--${name}`).trim());
    // Red depends on the theme within itself, which only an element's own colour resolves.
    return { text, muted, border, panel, red: getComputedStyle(this.probe).color, font: style.fontFamily };
  }

  async dress() {
    const theme = this.theme();
    const dressed = JSON.stringify(theme);
    if (dressed === this.dressed) return;
    this.dressed = dressed;
    await this.recolour(theme);
  }

  watch() {
    const silent = performance.timeOrigin + performance.now() - this.received;
    if (!this.drawn || (silent < SILENCE && !this.way.ended)) return;
    this.header.judge(this.way.ended ? this.over() : gone(silent));
  }

  /** What there is to say when the session has ended. */
  over() {
    say(this.header.recording, "");
    return { level: "ended", title: "The session has ended; this page can be closed.", reasons: [] };
  }

  fail(fault) {
    this.failed = true;
    this.way.leave();
    console.error(fault);
    const text = `This page cannot draw: ${fault?.message ?? "a file did not load"}. Reload it.`;
    this.root.replaceChildren(el("p", "helo-fault", text));
  }

  close() {
    if (pages.get(this.root) !== this) return;
    clearInterval(this.clock);
    this.way.leave();
    this.forget();
    pages.delete(this.root);
  }
}

/** What there is to say when the server has been silent for so long (ms). */
function gone(silent) {
  const title = `The dashboard's server has not answered for ${seconds(silent / 1000)}; what is seen is old.`;
  return { level: "red", title, reasons: [] };
}

// That of when the page was opened: where daylight saving begins or ends meanwhile, the axis goes on without a jump.
const ZONE = 60000 * new Date().getTimezoneOffset();

/** A chart's time axis knows no time zones: move a moment so that it shows the viewer's clock. */
export function local(time) {
  return time - ZONE;
}
