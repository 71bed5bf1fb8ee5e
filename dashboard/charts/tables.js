// Tables of text in panels.
import { el, fill, panel } from "./dom.js";

// Up to so many letters a cell is not broken into lines.
const SHORT = 16;

/** A panel with a table; with no rows it says so. */
export function table(title, heads, rows, empty, hint) {
  const { box, body } = panel(title, hint);
  box.classList.add("told-table");
  if (!rows.length) return fill(box, fill(body, el("p", "empty", empty)));
  const made = el("table");
  if (heads.length) made.append(fill(el("thead"), fill(el("tr"), ...heads.map((name) => el("th", "", name)))));
  made.append(fill(el("tbody"), ...rows.map((row) => fill(el("tr"), ...row.map((cell) => el("td", cell.length <= SHORT ? "short" : "", cell))))));
  const scroll = fill(el("div", "told-scroll"), made);
  scroll.tabIndex = 0;
  scroll.setAttribute("role", "region");
  scroll.setAttribute("aria-label", title);
  fill(body, scroll);
  return box;
}
