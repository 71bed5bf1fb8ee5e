// A small face drawn from numbers: brows, eyes, mouth and the way the head is turned. Never the picture.
import { el, fill, panel, say, show } from "./dom.js";

const SVG = "http://www.w3.org/2000/svg";
const WORDS = { smile: "smile", frown: "frown", jawOpen: "mouth open", blink: "eyes closed", browUp: "brows up", browDown: "brows down" };
// What is weaker than this is not named.
const CLEAR = 0.25;

export class Face {
  constructor({ key, name }, setup) {
    Object.assign(this, { key, name });
    const { box, body } = panel(name);
    box.classList.add("signal", "body", "face");
    this.svg = node("svg", { viewBox: "-60 -66 120 132", role: "img", "aria-label": "A face drawn from numbers" });
    this.head = node("g", {});
    this.parts = Object.fromEntries(["skull", "nose", "mouth", "browLeft", "browRight"].map((part) => [part, node("path", { class: part })]));
    this.eyes = ["eyeLeft", "eyeRight"].map((part) => [node("ellipse", { class: "eye" }), node("circle", { class: "pupil", r: 3 })]);
    this.parts.skull.setAttribute("d", "M0-58C30-58 40-34 40-6C40 30 22 58 0 58C-22 58-40 30-40-6C-40-34-30-58 0-58Z");
    this.inner = node("g", {});
    this.inner.append(this.parts.nose, this.parts.mouth, this.parts.browLeft, this.parts.browRight, ...this.eyes.flat());
    this.head.append(this.parts.skull, this.inner);
    this.svg.append(this.head);
    this.message = el("p", "empty");
    this.pose = el("p", "numbers");
    this.actions = el("p", "numbers");
    this.state = el("p", "caption said");
    fill(body, el("p", "caption", setup.how.Face), fill(el("div", "face-row"), this.svg, fill(el("div"), this.message, this.pose, this.actions)), this.state);
    this.element = box;
  }

  take() {}

  draw({ told: { silent, face, quality, reasons } }) {
    const message = silent ? `${this.name} ${silent}` : (face.message ?? "");
    this.element.dataset.face = message || "seen";
    show(this.message, Boolean(message));
    say(this.message, message);
    for (const part of [this.svg, this.pose, this.actions]) part.toggleAttribute("hidden", Boolean(message));
    if (!message) this.make(face);
    say(this.state, quality === null ? "" : `Quality ${(100 * quality).toFixed(0)} %${reasons.length ? `: ${reasons.join("; ")}` : ""}.`);
  }

  make({ shapes, pose }) {
    const of = (name) => Math.max(0, Math.min(1, shapes[name]));
    const both = (name) => (of(`${name}Left`) + of(`${name}Right`)) / 2;
    // Mirrored: the person's left is on the left.
    this.head.setAttribute("transform", `rotate(${limited(pose.roll, 40)})`);
    this.inner.setAttribute("transform", `translate(${-limited(pose.yaw, 40) * 0.4} ${limited(pose.pitch, 30) * 0.4})`);
    this.eye(0, "Left", -17, of);
    this.eye(1, "Right", 17, of);
    this.brow("browLeft", "Left", -1, of);
    this.brow("browRight", "Right", 1, of);
    this.parts.nose.setAttribute("d", "M0-8L-5 9Q0 13 5 9");
    this.mouth(of, both);
    say(this.pose, ["yaw", "pitch", "roll"].map((turn) => `${turn} ${Math.round(pose[turn]) + 0}°`).join(", "));
    const strength = { smile: both("mouthSmile"), frown: both("mouthFrown"), jawOpen: of("jawOpen"), blink: both("eyeBlink"), browUp: Math.max(of("browInnerUp"), both("browOuterUp")), browDown: both("browDown") };
    const clear = Object.entries(strength).filter(([, value]) => value >= CLEAR).map(([name, value]) => `${WORDS[name]} ${value.toFixed(1)}`);
    say(this.actions, clear.join(", ") || "nothing marked");
  }

  eye(place, side, x, of) {
    const [white, pupil] = this.eyes[place];
    const open = Math.max(0.6, 6 * (1 - of(`eyeBlink${side}`)) * (1 - 0.4 * of(`eyeSquint${side}`)) + 3 * of(`eyeWide${side}`));
    set(white, { cx: x, cy: -14, rx: 9, ry: open });
    const inward = side === "Left" ? 1 : -1;
    const aside = 5 * inward * (of(`eyeLookIn${side}`) - of(`eyeLookOut${side}`));
    const down = 4 * (of(`eyeLookDown${side}`) - of(`eyeLookUp${side}`));
    set(pupil, { cx: x + aside, cy: -14 + down, r: Math.min(3, open) });
  }

  brow(part, side, way, of) {
    const inner = -27 - 9 * of("browInnerUp") + 7 * of(`browDown${side}`);
    const outer = -26 - 9 * of(`browOuterUp${side}`) + 3 * of(`browDown${side}`);
    this.parts[part].setAttribute("d", `M${way * 8} ${inner}Q${way * 18} ${(inner + outer) / 2 - 5} ${way * 28} ${outer}`);
  }

  mouth(of, both) {
    const half = 15 + 5 * both("mouthSmile") + 4 * both("mouthStretch") - 8 * of("mouthPucker") - 5 * of("mouthFunnel");
    const corner = (side) => 30 - 9 * of(`mouthSmile${side}`) + 9 * of(`mouthFrown${side}`);
    const aside = 6 * (of("mouthRight") - of("mouthLeft"));
    const open = 18 * of("jawOpen") + 5 * both("mouthLowerDown");
    const [left, right] = [`${aside - half} ${corner("Left")}`, `${aside + half} ${corner("Right")}`];
    const lift = 30 + 4 * both("mouthSmile") - 4 * both("mouthFrown") - 3 * both("mouthUpperUp");
    this.parts.mouth.setAttribute("d", `M${left}Q${aside} ${lift} ${right}Q${aside} ${lift + 2 * open + 1} ${left}Z`);
  }
}

const limited = (value, most) => Math.max(-most, Math.min(most, value));

function node(name, attributes) {
  const made = document.createElementNS(SVG, name);
  set(made, attributes);
  return made;
}

function set(part, attributes) {
  for (const [name, value] of Object.entries(attributes)) part.setAttribute(name, value);
}
