// Buttons of which one is pressed.
import { el, fill } from "./dom.js";

export function choice(label, names, first, chosen) {
  const group = el("div", "choice");
  group.setAttribute("role", "group");
  group.setAttribute("aria-label", label);
  const press = (place) => buttons.forEach((button, k) => button.setAttribute("aria-pressed", String(k === place)));
  const buttons = names.map((name, place) => {
    const button = Object.assign(el("button", "", name), { type: "button" });
    button.addEventListener("click", () => (press(place), chosen(name, place)));
    return button;
  });
  press(first);
  return fill(group, ...buttons);
}
