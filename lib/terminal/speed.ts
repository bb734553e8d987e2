/** A speed is that of the last while. Milliseconds. */
const WINDOW_MS = 10_000;
/** And is not told before this. */
const SOONEST_MS = 1_000;
/** What is noted sooner after the last note takes its place. */
const APART_MS = 200;

/** How fast something gets on, lately. Times are monotonic milliseconds. */
export class Speed {
  #notes: { at: number; done: number }[] = [];

  /** It had come to `done` then. */
  note(at: number, done: number): void {
    const last = this.#notes.at(-1);
    if (this.#notes.length > 1 && last && at - last.at < APART_MS) last.done = done;
    else this.#notes.push({ at, done });
  }

  /** Of `done`, in a second; `null`: too early to say. */
  at(now: number): number | null {
    while (this.#notes.length > 1 && now - this.#notes[1]!.at >= WINDOW_MS) this.#notes.shift();
    const [first] = this.#notes;
    const last = this.#notes.at(-1);
    if (!first || !last || now - first.at < SOONEST_MS) return null;
    return Math.max(0, last.done - first.done) / (now - first.at) * 1000;
  }
}
