/**
 * How many copies of a content are read at the same time, and how: a rule without time, sockets or
 * bytes of its own. It begins with one copy, read from end to end. Where the reader's consumer waits
 * for that one noticeably, others are asked for what follows, a chunk at a time: a faster copy takes
 * more of them. What that brings is measured, and undone where it is nothing.
 */

/** More than these at once would hold too much memory. */
const MOST_SOURCES = 4;
/** Chunks asked of each of several copies at once: one comes while the other is asked for. */
const CHUNKS_PER_SOURCE = 2;
/** Chunks held for each of several copies: as many as it reads, and as many that wait for their turn. */
const WINDOW_PER_SOURCE = 4;
/** Decided after so many rounds, each of as many chunks as are asked for at once, … */
const ROUNDS = 3;
/** … that took so long together, or else it may be the machine that is slow; … Milliseconds. */
const LEAST_MS = 100;
/** … or after fewer that took so long. Milliseconds. */
const ENOUGH_MS = 500;
/** Waiting counts from this share of the time on … */
const LEAST_SHARE = 1 / 3;
/** … and from so long for each chunk on: what reads 200 MB/s is no slow line. Milliseconds. */
const LEAST_WAIT_MS = 5;
/** Others are asked only where each has so many chunks to read. */
const LEAST_CHUNKS = 4;
/** What takes more than this share of the time that it took before was not worth it. */
const WORTH = 0.9;
/** After something that was not worth it, chunks until the next try; then twice as many, … */
const REST_CHUNKS = 32;

/** How many chunks are asked for at once of so many copies. */
export function chunksAtOnce(sources: number): number {
  return sources === 1 ? 1 : sources * CHUNKS_PER_SOURCE;
}

/** How many chunks are held at most for so many copies, with one that is used and one read ahead. */
export function windowOf(sources: number): number {
  return sources === 1 ? 2 : sources * WINDOW_PER_SOURCE;
}

/** A read is given to another copy, too, when it takes so many times what that one takes … */
const STALLED_TIMES = 3;
/** … and so long at least. Milliseconds. */
const STALLED_MS = 250;

/** Whether a read that all wait for is so late that another copy, which takes `usualMs`, is asked. */
export function isStalled(readMs: number, usualMs: number): boolean {
  return readMs >= Math.max(STALLED_MS, STALLED_TIMES * usualMs);
}

/** Milliseconds that some chunks took in all, and that their consumer waited for them. */
export interface Round {
  ms: number;
  waitedMs: number;
}

/** How many copies would keep the consumer busy, when it waited so for `sources` of them. */
export function sourcesWanted(sources: number, { ms, waitedMs }: Round): number {
  const share = waitedMs / ms;
  const isNoticed = waitedMs >= LEAST_WAIT_MS * chunksAtOnce(sources) && share >= LEAST_SHARE;
  if (!isNoticed) return sources;
  return Math.min(MOST_SOURCES, Math.ceil(sources / Math.max(1 - share, 1 / MOST_SOURCES)));
}

/** Rounds of one number of copies, as far as a decision needs them. */
interface Seen {
  rounds: number;
  ms: number;
  /** The one with the least waiting: a pause of the machine is not taken for a slow line. */
  least: Round;
}

const NOTHING_SEEN: Seen = { rounds: 0, ms: 0, least: { ms: 1, waitedMs: Infinity } };

/** A chunk was handed out. */
export interface Handed {
  /** Monotonic milliseconds. */
  at: number;
  /** How long it was waited for. Milliseconds. */
  waitedMs: number;
  /** Chunks that nobody was asked for yet. */
  left: number;
  /** Copies that could be read beside those that are. */
  others: number;
}

/** Measures a reading, and decides from how many copies it goes on. */
export class Pace {
  #sources = 1;
  /** The next chunks say nothing: what was asked for before came in between. */
  #settling = 1;
  #seen = NOTHING_SEEN;
  #round = { chunks: 0, waitedMs: 0, begunAt: 0 };
  /** How it was before the last copies were added. */
  #before: { sources: number; msPerChunk: number } | null = null;
  #resting = 0;
  #restChunks = REST_CHUNKS;

  /** How many copies to read from now on. What becomes of it is told with `set`. */
  note({ at, waitedMs, left, others }: Handed): number {
    this.#resting--;
    if (this.#settling > 0) {
      this.#settling--;
      this.#round = { chunks: 0, waitedMs: 0, begunAt: at };
      return this.#sources;
    }
    const round = this.#round;
    round.chunks++;
    round.waitedMs += waitedMs;
    if (round.chunks < chunksAtOnce(this.#sources)) return this.#sources;
    this.#end({ ms: at - round.begunAt, waitedMs: round.waitedMs });
    this.#round = { chunks: 0, waitedMs: 0, begunAt: at };
    const enoughMs = this.#seen.rounds < ROUNDS ? ENOUGH_MS : LEAST_MS;
    return this.#seen.ms < enoughMs ? this.#sources : this.#decide(left, others);
  }

  /** So many copies are read from now on, for whatever reason. */
  set(sources: number): void {
    if (this.#before && this.#before.sources >= sources) this.#before = null;
    if (sources === this.#sources) return;
    this.#sources = sources;
    this.#settling = chunksAtOnce(sources);
    this.#seen = NOTHING_SEEN;
  }

  #end(round: Round): void {
    const { rounds, ms, least } = this.#seen;
    this.#seen = {
      rounds: rounds + 1,
      ms: ms + round.ms,
      least: round.waitedMs < least.waitedMs ? round : least,
    };
  }

  #decide(left: number, others: number): number {
    const sources = this.#sources;
    const { rounds, ms, least } = this.#seen;
    const before = this.#before;
    this.#seen = NOTHING_SEEN;
    this.#before = null;
    const msPerChunk = ms / (rounds * chunksAtOnce(sources));
    if (before && msPerChunk > WORTH * before.msPerChunk) {
      this.#resting = this.#restChunks;
      this.#restChunks *= 2;
      return before.sources;
    }
    if (this.#resting > 0) return sources;
    const most = Math.min(sources + others, Math.floor(left / LEAST_CHUNKS));
    const wanted = Math.min(sourcesWanted(sources, least), most);
    if (wanted <= sources) return sources;
    this.#before = { sources, msPerChunk };
    return wanted;
  }
}
