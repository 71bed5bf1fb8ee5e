// The way between a page and the server while a session runs: a WebSocket over which the server sends what is new, and
// the page says what it has to say. A ticket, which the page was given when its viewer was let in, opens it.

// A way that is lost is opened again after so long (ms), for as long as the page is there.
const AGAIN = 1000;
// The server sends something each second: a way on which nothing comes for so long (ms) is lost, whatever the browser thinks.
const SILENT = 8000;
// How the server closes it to a ticket that is not its own: one of a server that is gone.
const REFUSED = 4003;
// How a server closes it that is ended in good order (Uvicorn's; registered with IANA), as it is together with a session.
const ENDED = 1012;
// How it does where it could not make what the page is to be sent, and after how long (ms) it is asked again.
const [FAULT, LATER] = [4011, 10000];

export class Way {
  /** `take(update, received)` returns a promise: of when the update is drawn. */
  constructor(take) {
    this.take = take;
    this.choice = null;
    this.heard = false;
    this.endedAt = null;
  }

  /** Follow what a ticket stands for; `renew` has Streamlit run the script again, which gives another one. */
  open(ticket, renew) {
    this.renew = renew;
    if (ticket === this.ticket) return;
    this.ticket = ticket;
    this.connect();
  }

  connect() {
    this.drop();
    const address = new URL("updates", document.baseURI);
    address.protocol = address.protocol.replace("http", "ws");
    const socket = (this.socket = new WebSocket(address));
    socket.binaryType = "arraybuffer";
    this.expect(SILENT);
    socket.addEventListener("open", () => socket.send(JSON.stringify({ ticket: this.ticket, choice: this.choice })));
    socket.addEventListener("message", async ({ data }) => {
      const received = performance.timeOrigin + performance.now();
      this.known = this.heard = true;
      this.reach({ ended: false, lost: false });
      clearTimeout(this.again);
      await this.take(JSON.parse(new TextDecoder().decode(data)), received);
      // Another update is sent only then. The pause lets the browser paint, and hear its viewer.
      setTimeout(() => {
        if (socket !== this.socket || socket.readyState !== WebSocket.OPEN) return;
        this.expect(SILENT);
        this.send({ drawn: true });
      });
    });
    socket.addEventListener("close", ({ code }) => {
      if (socket !== this.socket) return;
      this.reach({ ended: this.ended || code === ENDED, lost: true });
      this.expect(code === FAULT ? LATER : AGAIN);
      // Streamlit may not have found its own way to the new server yet, and then does nothing: so each time.
      if (code === REFUSED) this.renew();
      if (code === FAULT) reportError(new Error("The server could not make what this page shows; its log says why."));
    });
  }

  /** Whether the server has ended in good order, and is not back. */
  get ended() {
    return this.endedAt !== null;
  }

  /** Note whether it has; where it is lost, a page that was shown says so itself, and Streamlit's words for its developers stay away. */
  reach({ ended, lost }) {
    this.endedAt = ended ? (this.endedAt ?? performance.now()) : null;
    document.body.classList.toggle("helo-lost", lost && this.heard);
  }

  /** Open the way anew unless something comes within so long (ms). */
  expect(within) {
    clearTimeout(this.again);
    this.again = setTimeout(() => {
      this.reach({ ended: this.ended, lost: true });
      this.connect();
    }, within);
  }

  /** Say something once the server has: only then is it known who hears it. */
  send(said) {
    if (this.known && this.socket.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(said));
  }

  /** Tell the server something; what it does not hear is for whoever tells it to say again. */
  tell(told) {
    this.send({ told });
  }

  /** Say how the viewer wants to see the page, now and whenever the way is opened again. */
  choose(choice) {
    this.choice = choice;
    this.send({ choice });
  }

  leave() {
    this.reach({ ended: false, lost: false });
    this.drop();
  }

  drop() {
    clearTimeout(this.again);
    const socket = this.socket;
    this.socket = null;
    this.known = false;
    socket?.close();
  }
}
