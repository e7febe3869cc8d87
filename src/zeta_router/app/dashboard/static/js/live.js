// The one stream that feeds the page: opened again by itself when it breaks, closed while nobody
// looks at the tab.
import { events, headers, Problem } from "./api.js";

const SILENT_MS = 6000; // a frame comes each second
const refusal = (status) => (status === 401 || status === 403 ? "The gateway wants a key: set one at the top of the page." : `The gateway answered ${status}.`);

const WAITS_MS = [500, 1000, 2000, 4000, 8000];

export class Live {
  constructor(onEvent, onState) {
    this.onEvent = onEvent;
    this.onState = onState;
    this.tries = 0;
    this.run = 0;
    document.addEventListener("visibilitychange", () => (document.hidden ? this.rest() : this.open()));
  }

  rest() {
    this.stop();
    this.onState("paused", "");
  }

  stop() {
    this.run += 1;
    clearTimeout(this.timer);
    clearTimeout(this.watch);
    this.abort?.abort();
  }

  async open() {
    if (document.hidden) { this.rest(); return; } // opened in the background: begins when it is looked at
    this.stop();
    const run = this.run;
    const abort = new AbortController();
    this.abort = abort;
    let why = "The gateway closed the stream.";
    try {
      this.guard(abort);
      const response = await fetch("/zeta/stream", { headers: headers(), cache: "no-store", signal: abort.signal });
      if (!response.ok) throw new Problem(response.status, refusal(response.status));
      for await (const [kind, data] of events(response)) {
        if (run !== this.run) return;
        this.guard(abort);
        this.tries = 0;
        this.onState("open", "");
        this.onEvent(kind, JSON.parse(data));
      }
    } catch (error) {
      if (error instanceof Problem) why = error.message;
      else why = abort.signal.aborted ? "Nothing came for six seconds." : "The gateway cannot be reached.";
    }
    if (run !== this.run) return;
    this.again(why);
  }

  guard(abort) {
    clearTimeout(this.watch);
    this.watch = setTimeout(() => abort.abort(), SILENT_MS);
  }

  again(why) {
    clearTimeout(this.watch);
    const wait = WAITS_MS[Math.min(this.tries, WAITS_MS.length - 1)];
    this.tries += 1;
    this.onState("broken", why);
    this.timer = setTimeout(() => this.open(), wait);
  }
}
