// The sessions page in Streamlit: a list, or one session; drawn anew when what is sent is another thing.
import { el } from "./dom.js";
import { operatorKey } from "./key.js";
import { Plotly } from "./plotly.js";
import { SessionList } from "./session_list.js";
import { SessionView } from "./session_view.js";

const here = import.meta.url;
const pages = new WeakMap();
let told = false;

export default function receive({ parentElement, data, setTriggerValue }) {
  let page = pages.get(parentElement);
  if (!page) pages.set(parentElement, (page = new Page(parentElement)));
  page.queue(data);
  const key = operatorKey();
  if (data.asks_key && key && !told) {
    told = true; // a key that is not known stays so
    setTriggerValue("told", { key });
  }
  return () => setTimeout(() => parentElement.isConnected || page.close());
}

class Page {
  constructor(root) {
    this.root = root;
    this.work = Promise.all(["live.css", "session.css"].map((name) => this.style(name)));
  }

  style(name) {
    const node = Object.assign(el("link"), { rel: "stylesheet", href: new URL(name, here).href });
    return new Promise((ready, fault) => {
      node.addEventListener("load", ready);
      node.addEventListener("error", () => fault(new Error(`${name} did not load`)));
      this.root.append(node);
    });
  }

  queue(data) {
    this.work = this.work.then(() => this.take(data)).catch((fault) => this.fail(fault));
  }

  async take(data) {
    if (data.stamp === this.stamp) return this.view.recolour?.();
    this.close();
    this.stamp = data.stamp;
    const before = this.view?.element;
    this.view = data.kind === "list" ? new SessionList(data) : new SessionView(await Plotly, data);
    before?.remove();
    this.root.append(this.view.element);
    await this.view.draw?.();
  }

  fail(fault) {
    console.error(fault);
    this.root.replaceChildren(el("p", "helo-fault", `This page cannot draw: ${fault?.message ?? "a file did not load"}. Reload it.`));
  }

  close() {
    this.view?.forget?.();
  }
}
