// The control page: the state of the session, its model, notes, and beside them what the sensors deliver and what happened.
import { Choosing } from "./choosing.js";
import { Happened } from "./happened.js";
import { Health } from "./health.js";
import { line } from "./line.js";
import { Noting } from "./noting.js";
import { Page, page } from "./page.js";
import { Steer } from "./steer.js";

class Control extends Page {
  static grid = "of-control";
  static styles = ["live.css", "control.css"];

  constructor(root) {
    super(root);
    this.say = (said) => this.way.tell(said);
    line.attach(this.say);
    // These stay when the page is built anew, with what somebody is writing into them.
    this.steer = new Steer(line);
    this.noting = new Noting(line);
    this.choosing = new Choosing(line);
  }

  build({ setup }) {
    this.panels = [this.steer, this.noting, this.choosing, new Health(setup), new Happened()];
    return this.panels;
  }

  async show(update, received) {
    line.receive(update.reply, received);
    for (const panel of this.panels) panel.update({ ...update, operator: line.operator });
  }

  over() {
    this.steer.end();
    this.noting.update({ labels: [], operator: false });
    this.choosing.update({ model: null, operator: false });
    return super.over();
  }

  recolour() {}

  forget() {}

  close() {
    super.close();
    line.detach(this.say);
    this.noting.end();
  }
}

export default page(Control);
