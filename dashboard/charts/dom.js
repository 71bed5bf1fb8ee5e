// Making and filling elements. Text from outside only ever becomes textContent: it is data, not markup.

export function el(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

export function fill(parent, ...children) {
  parent.append(...children);
  return parent;
}

/** Set the text only where it changed: an untouched node costs no layout and keeps a selection. */
export function say(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

export function show(node, visible) {
  if (node.hidden === visible) node.hidden = !visible;
}

/** Keep one child an item, in order, found again by its key; `make(item)` builds it and `update(child, item)` fills it. */
export function keyed(parent, items, keyOf, make, update) {
  const known = new Map([...parent.children].map((child) => [child.dataset.key, child]));
  const keys = numbered(items.map(keyOf));
  items.forEach((item, place) => {
    const key = keys[place];
    let child = known.get(key);
    known.delete(key);
    if (!child) {
      child = make(item);
      child.dataset.key = key;
    }
    if (parent.children[place] !== child) parent.insertBefore(child, parent.children[place] ?? null);
    update(child, item);
  });
  known.forEach((child) => child.remove());
}

/** Make keys differ where items are equal: each is told apart by how many like it came before. */
function numbered(keys) {
  const counts = new Map();
  return keys.map((key) => {
    const before = counts.get(key) ?? 0;
    counts.set(key, before + 1);
    return `${before} ${key}`;
  });
}

/** What Plotly would read as markup, as plain text. */
export function plain(text) {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

export function seconds(value) {
  if (value < 9.95) return `${Math.max(0, value).toFixed(1)} s`;
  return value < 120 ? `${value.toFixed(0)} s` : `${(value / 60).toFixed(0)} min`;
}

/** A part of a whole, where it matters whether anything is missing: 100 % is all of it, and 0 % nothing. */
export function part(value) {
  if (value === null) return "–";
  if (value > 0 && value < 0.01) return "<1 %";
  return `${Math.floor(100 * value + 1e-6)} %`;
}

const UNITS = { uS: "µS", uV: "µV", degC: "°C" };

/** A value with its unit as the screen writes it; a unit that is not known is not written. */
export function measured(value, unit) {
  return `${value} ${UNITS[unit] ?? unit}`.trim();
}

export function panel(title, hint) {
  const box = el("section", "panel");
  const head = fill(el("header", "panel-head"), el("h2", "", title));
  if (hint) head.append(el("p", "hint", hint));
  const body = el("div", "panel-body");
  fill(box, head, body);
  return { box, head, body };
}
