// Files that a page needs beside its modules.
import { el } from "./dom.js";

export function style(root, name, here) {
  const node = Object.assign(el("link"), { rel: "stylesheet", href: new URL(name, here).href });
  return loaded(node, name, root);
}

export async function plotly(here) {
  if (!window.Plotly) {
    const name = "../plotly.min.js";
    await loaded(Object.assign(el("script"), { src: new URL(name, here).href }), name, document.head);
  }
  return window.Plotly;
}

function loaded(node, name, parent) {
  return new Promise((ready, fault) => {
    node.addEventListener("load", ready);
    node.addEventListener("error", () => fault(new Error(`${name} did not load`)));
    parent.append(node);
  });
}
