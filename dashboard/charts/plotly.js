// Plotly, which is large: whoever shows a page asks for it at once, and need not wait for what draws with it.
export const Plotly = script(new URL("../plotly.min.js", import.meta.url));

function script({ href }) {
  return new Promise((ready, fault) => {
    const node = Object.assign(document.createElement("script"), { src: href });
    node.addEventListener("load", () => ready(window.Plotly));
    node.addEventListener("error", () => fault(new Error("plotly.min.js did not load")));
    document.head.append(node);
  });
}
