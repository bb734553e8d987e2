/** The data connections of one holder: those at work, those that wait for work. */
import { Unreachable } from "../../stores/store.ts";
import { BadPeer, type Connection, HOLDER_PATIENCE_MS, PeerStalled } from "../protocol/mod.ts";
import { HolderLine } from "./holder_line.ts";

/** How long to wait for a connection that is free. Milliseconds. */
const WAIT_MS = 10_000;
/** More than these that wait for work are closed: the holder keeps two ready. */
const MOST_IDLE = 8;
/** A holder that leaves so many requests without an answer is done with … */
const MOST_STALLS = 3;
/** … when it is in this time. Milliseconds. */
const STALLS_MS = 60_000;

/** What is made of a holder is not for its lines to decide. */
export interface LinesTold {
  /** It broke the protocol. */
  onBadPeer(why: string): void;
  /** It leaves request after request without an answer. */
  onDeaf(): void;
}

type Waiter = PromiseWithResolvers<HolderLine>;

export class HolderLines {
  #idle: HolderLine[] = [];
  #busy = new Set<HolderLine>();
  #waiters: Waiter[] = [];
  #closed = false;

  /** When requests stalled lately, monotonic milliseconds. */
  #stalls: number[] = [];

  /** `patienceMs`: as of `HolderLine`. */
  constructor(
    private readonly tell: LinesTold,
    readonly patienceMs: number = HOLDER_PATIENCE_MS,
  ) {}

  get count(): number {
    return this.#idle.length + this.#busy.size;
  }

  /** A connection that the holder turned round. */
  add(connection: Connection): void {
    this.giveBack(new HolderLine(connection, this.patienceMs));
  }

  /** One to work with; it must be given back or dropped. Throws `Unreachable`. */
  async take(signal?: AbortSignal): Promise<HolderLine> {
    signal?.throwIfAborted();
    const line = this.#ready() ?? await this.#wait(signal);
    if (this.#closed) {
      line.connection.close();
      throw gone();
    }
    this.#busy.add(line);
    return line;
  }

  /** It waits for work: nothing is under way on it. */
  giveBack(line: HolderLine): void {
    this.#busy.delete(line);
    if (this.#closed) return line.connection.close();
    const waiter = this.#waiters.shift();
    if (waiter) return waiter.resolve(line);
    if (this.#idle.length >= MOST_IDLE) return line.connection.close();
    // Looking for a line notices its end; a holder that speaks unasked is not asked any more.
    line.connection.lineArrived();
    this.#idle.push(line);
  }

  /** It is of no use any more, because of `error` if there is one. */
  drop(line: HolderLine, error?: unknown): void {
    this.#busy.delete(line);
    line.connection.close();
    // What breaks because the holder has gone says nothing of the next time.
    if (this.#closed) return;
    if (error instanceof BadPeer) this.tell.onBadPeer(error.message);
    // Every deposit would wait for it again.
    if (error instanceof PeerStalled && this.#stallsOften()) this.tell.onDeaf();
  }

  /** Ends all, and fails what is under way on them. */
  close(): void {
    this.#closed = true;
    for (const { connection } of [...this.#idle, ...this.#busy]) connection.close();
    for (const waiter of this.#waiters) waiter.reject(gone());
    this.#idle = [];
    this.#waiters = [];
  }

  #stallsOften(): boolean {
    const now = performance.now();
    this.#stalls = [...this.#stalls.filter((at) => at > now - STALLS_MS), now];
    return this.#stalls.length >= MOST_STALLS;
  }

  #ready(): HolderLine | null {
    for (let line = this.#idle.pop(); line; line = this.#idle.pop()) {
      if (!line.connection.lineArrived()) return line;
      line.connection.close();
    }
    return null;
  }

  async #wait(signal?: AbortSignal): Promise<HolderLine> {
    if (this.#closed) throw gone();
    const waiter = Promise.withResolvers<HolderLine>();
    this.#waiters.push(waiter);
    // Out of the list at once: a line must not be given to somebody who has gone.
    const leave = (why: unknown) => {
      this.#waiters = this.#waiters.filter((other) => other !== waiter);
      waiter.reject(why);
    };
    const noneFree = () => leave(new Unreachable("The holder has no connection free"));
    const timer = setTimeout(noneFree, WAIT_MS);
    const abort = () => leave(signal?.reason);
    signal?.addEventListener("abort", abort);
    try {
      return await waiter.promise;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
    }
  }
}

function gone(): Unreachable {
  return new Unreachable("The holder is not connected any more");
}
