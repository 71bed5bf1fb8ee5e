// Plotly, which is large: whoever shows a page asks for it at once, and need not wait for what draws with it.
export const Plotly = import("./plotly.min.js").then((program) => program.Plotly);
