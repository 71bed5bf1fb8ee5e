// One participant's recorded session: the same in the page and in the report.
import { Course } from "./course.js";
import { el, fill, panel, say } from "./dom.js";
import { Shares } from "./shares.js";
import { table } from "./tables.js";
import { clock } from "./when.js";

const PARTS = 10000;

export class SessionView {
  constructor(Plotly, data) {
    this.data = data;
    this.element = el("div", "helo past");
    this.Plotly = Plotly;
  }

  /** Build what is shown; the element must stand in the page, since it takes the page's colours. */
  async draw() {
    const { data } = this;
    const { setup, session, notices, hidden } = data;
    const head = this.header(session);
    const told = fill(el("ul", "notices"), ...[...notices, ...(hidden ? [hidden] : [])].map((text) => el("li", "", text)));
    const side = el("div", "past-side");
    const below = el("div", "past-tables");
    const top = el("div", "past-grid");
    fill(this.element, head, told, fill(el("main"), top, below), this.foot(setup.words));
    if (data.chart) this.course = new Course(this.Plotly, data, this.colours(), (moment) => this.show(moment));
    if (data.chart?.shares) side.append(this.moment());
    fill(side, this.happened(), this.trials());
    fill(below, ...this.tables());
    fill(top, this.course?.element ?? this.nothing(), side);
    if (this.course) await this.course.draw();
  }

  nothing() {
    const { box, body } = panel("Over the session");
    fill(body, el("p", "empty", "No estimate was recorded."));
    return box;
  }

  header({ name, participant, model, begun, length, running }) {
    const when = begun ? new Date(begun).toLocaleString([], { dateStyle: "medium", timeStyle: "short", hourCycle: "h23" }) : "";
    const facts = [when, `${clock(length)} long`, running ? "is still being recorded" : "", model].filter(Boolean).join(" · ");
    const whose = fill(el("div", "whose"), el("span", "brand", "helo"), el("h1", "", name), el("span", "chip", participant), el("span", "model", facts));
    return fill(el("header", "top"), fill(el("div", "line"), whose));
  }

  moment() {
    this.shares = new Shares(this.data.setup);
    this.title = this.shares.element.querySelector("h2");
    return this.shares.element;
  }

  show(k) {
    if (!this.shares) return;
    const { t, shares, why } = this.data.chart;
    const of = (rows) => rows.map((row) => (row[k] === null ? null : row[k] / PARTS));
    say(this.title, `At ${clock(t[k])}`);
    const known = shares.share[0][k] !== null;
    this.shares.update({ current: known ? { shares: of(shares.share), low: of(shares.low), high: of(shares.high) } : { message: `No estimate: ${why[k] ?? "no reason given"}.` } });
  }

  happened() {
    const { events } = this.data;
    const rows = events.rows.map(({ t, kind, text, source }) => [clock(t), kind, text, source]);
    const more = events.more ? `${events.more} more are in events.jsonl.` : "";
    return table("What happened", ["At", "What", "", "From"], rows, "Nothing was noted.", more);
  }

  trials() {
    const rows = this.data.trials.map(({ t, duration, name, condition }) => [
      clock(t), duration === null ? "no end" : `${duration.toFixed(1)} s`, name, condition || "–",
    ]);
    return table("Trials", ["Begins", "Lasts", "Name", "Condition"], rows, "No trial is marked.");
  }

  tables() {
    const { reasons, clocks, facts, chart } = this.data;
    const hint = "Offset: what is added to the source's stamps to reach this host's clock.";
    const made = [
      table("What was amiss", ["Where", "What", "For"], reasons, "Nothing was amiss."),
      table("Clocks", ["Sensor", "Stream", "Rate", "Offset", "Changed by", "Segments"], clocks, "No stream was recorded.", hint),
      table("Where it comes from", [], facts, ""),
    ];
    return chart?.again ? [table("Live against re-analysis", [], [], chart.again.sentence), ...made] : made;
  }

  foot({ shares, movement, green, no_decision: decision }) {
    return fill(el("footer", "foot"), ...[shares, movement, green, decision].map((text) => el("span", "", `${text} `)));
  }

  /** The page's colours as Plotly reads them: computed, since it knows neither variables nor mixtures of colours. */
  colours() {
    const probe = this.element.appendChild(el("i"));
    const computed = (name) => {
      probe.style.color = `var(${name})`;
      const { color } = getComputedStyle(probe);
      return color.startsWith("color(") ? `rgb(${color.match(/[\d.]+/g).slice(0, 3).map((part) => Math.round(255 * part))})` : color;
    };
    const names = { text: "--text", muted: "--muted", border: "--border", primary: "--st-primary-color", red: "--red" };
    const found = Object.fromEntries(Object.entries(names).map(([key, name]) => [key, computed(name)]));
    probe.remove();
    return { ...found, font: getComputedStyle(this.element).fontFamily };
  }

  async recolour() {
    await this.course?.recolour(this.colours());
  }

  forget() {
    this.course?.forget();
  }
}
