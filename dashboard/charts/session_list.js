// The list of recorded sessions: each name is a link to its page.
import { el, fill, panel } from "./dom.js";

const HEADS = ["Session", "Begun", "Length", "Who", "Sensors", "Estimated", "Quality", "Alarms", "Trials", "Recording"];

export class SessionList {
  constructor({ rows, where }) {
    this.element = el("div", "helo past");
    const { box, body } = panel("Recorded sessions", where);
    box.classList.add("session-list");
    fill(this.element, fill(el("header", "top"), fill(el("div", "whose"), el("span", "brand", "helo"), el("h1", "", "Sessions"))), fill(el("main"), box));
    if (!rows.length) fill(body, el("p", "empty", "No session is recorded here yet. Record one: helo demo, or helo run SESSION.yaml."));
    else fill(body, fill(el("div", "scroll"), this.table(rows)));
  }

  table(rows) {
    const head = fill(el("thead"), fill(el("tr"), ...HEADS.map((name) => el("th", "", name))));
    return fill(el("table"), head, fill(el("tbody"), ...rows.map((row) => this.row(row))));
  }

  row({ name, fault, begun, state, length, participants, modalities, estimated, quality, alarms, trials, analysed }) {
    const link = Object.assign(el("a", "", name), { href: `?session=${encodeURIComponent(name)}`, target: "_self" });
    const row = fill(el("tr"), fill(el("td"), fault ? el("b", "", name) : link));
    if (fault) {
      const told = el("td", "fault", fault);
      told.colSpan = HEADS.length - 1;
      return fill(row, told);
    }
    const when = begun ? new Date(begun).toLocaleString([], { dateStyle: "medium", timeStyle: "short", hourCycle: "h23" }) : "–";
    const cells = [when, length, participants, modalities, estimated, quality, String(alarms), String(trials), analysed ? `${state}, re-analysed` : state];
    return fill(row, ...cells.map((cell) => el("td", "", cell)));
  }
}
