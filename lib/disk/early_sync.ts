import type { Budget } from "../content/budget.ts";

/** So much comes between two early syncs. Bytes. */
const STEP_BYTES = 32 * 1024 * 1024;

/**
 * Has the disk take a file's bytes while more of them come: without it, all of a large file waits in
 * memory for the sync at its end, and the disk for the network until then. It promises nothing: the
 * sync at the end does.
 */
export class EarlySync {
  readonly #path: string;
  readonly #turns: Budget;
  #synced = 0;
  #underWay: Promise<void> | null = null;
  #failure: { cause: unknown } | null = null;

  /** `turns`: of all files of the disk, so that their syncs do not take every thread there is. */
  constructor(path: string, turns: Budget) {
    this.#path = path;
    this.#turns = turns;
  }

  /** The file has `bytes` bytes now. Throws what an early sync threw: what it has nobody knows then. */
  grown(bytes: number): void {
    if (this.#failure) throw this.#failure.cause;
    if (bytes - this.#synced < STEP_BYTES || this.#underWay) return;
    const turn = this.#turns.tryTake(1);
    if (!turn) return;
    this.#synced = bytes;
    this.#underWay = this.#sync(turn);
  }

  /** The file has no more than `bytes` bytes again. */
  rewound(bytes: number): void {
    this.#synced = Math.min(this.#synced, bytes);
  }

  /** Waits for the one that is under way. Throws as `grown`. */
  async settled(): Promise<void> {
    await this.#underWay;
    if (this.#failure) throw this.#failure.cause;
  }

  /** Through a handle of its own: what is asked of the same one waits for what was asked before. */
  async #sync(turn: Disposable): Promise<void> {
    using _turn = turn;
    try {
      using file = await Deno.open(this.#path, { write: true });
      await file.syncData();
    } catch (cause) {
      this.#failure = { cause };
    }
    this.#underWay = null;
  }
}
