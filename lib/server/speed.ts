/** Speeds are those of the last while. Milliseconds. */
const WINDOW_MS = 30_000;

interface Taken {
  at: number;
  bytes: number;
  ms: number;
}

/**
 * How fast a holder takes blocks: from when one begins to go out, or the one before was taken, to
 * when the holder says that it is written. What it waits for others is not in it. Times are
 * monotonic milliseconds.
 */
export class Speed {
  #sent: { begunAt: number; end: number }[] = [];
  #taken: Taken[] = [];
  #lastAt = 0;
  #position: number;

  constructor(position: number) {
    this.#position = position;
  }

  /** A block begins to go out, after which the upload is at `end`. */
  begin(now: number, end: number): void {
    this.#sent.push({ begunAt: now, end });
  }

  /** The holder has written all up to `position`. */
  took(now: number, position: number): void {
    const bytes = position - this.#position;
    const first = this.#sent[0];
    this.#sent = this.#sent.filter(({ end }) => end > position);
    if (!first || bytes <= 0) return;
    this.#taken.push({ at: now, bytes, ms: now - Math.max(first.begunAt, this.#lastAt) });
    this.#position = position;
    this.#lastAt = now;
  }

  /** Bytes a second lately, the block under way included; `undefined` before the first one. */
  at(now: number): number | undefined {
    this.#taken = this.#taken.filter(({ at }) => at > now - WINDOW_MS);
    const first = this.#sent[0];
    const pending = first ? now - Math.max(first.begunAt, this.#lastAt) : 0;
    const ms = this.#taken.reduce((sum, taken) => sum + taken.ms, pending);
    const bytes = this.#taken.reduce((sum, taken) => sum + taken.bytes, 0);
    if (bytes === 0 && pending < 1_000) return undefined;
    return bytes / Math.max(ms, 1) * 1000;
  }
}
