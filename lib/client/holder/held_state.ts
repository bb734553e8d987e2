/**
 * What a holder knows of itself besides its contents, in `holder.json` beside the disk's mark:
 *
 *     {"format":1,"secret":"<uuid>","changes":17,"check":"<crc-32>"}
 *
 * `secret` proves to the depot that this is that place: only the user can read it. `changes` is the
 * number that the change counter begins with the next time. While the holder runs it is far ahead of
 * the counter, so that after a sudden end no number is used for two different states.
 */
import { join } from "node:path";
import { DiskRefused } from "../../disk/errors.ts";
import { readRecord, writeRecord } from "../../disk/record.ts";

const FORMAT = 1;

/** The counter is on disk so far ahead. */
const AHEAD = 1_000_000;

export class HeldState {
  #changes: number;
  #ahead: number;
  #writing: Promise<void> = Promise.resolve();

  private constructor(readonly path: string, readonly secret: string, changes: number) {
    this.#changes = changes;
    this.#ahead = changes;
  }

  /**
   * Reads the state of the disk at `root`, or makes it when `isNew`. Throws `DiskRefused` when it
   * is missing or damaged where there are contents: with another secret they would be a stranger's.
   */
  static async open(root: string, isNew: () => Promise<boolean>): Promise<HeldState> {
    const path = join(root, "holder.json");
    const found = await read(path);
    if (!found && !await isNew()) {
      throw new DiskRefused(
        `Could not use ${root}: it has contents, but not as a holder: ${path} is missing. ` +
          "Put that file back, or hold in another directory",
      );
    }
    const state = new HeldState(path, found?.secret ?? crypto.randomUUID(), found?.changes ?? 0);
    await state.#runAhead();
    return state;
  }

  /** The change counter. */
  get changes(): number {
    return this.#changes;
  }

  /** To be called before each change of the contents: what fails may have changed something. */
  async count(): Promise<void> {
    if (++this.#changes >= this.#ahead) await this.#runAhead();
  }

  /** The counter goes on where it is. */
  async close(): Promise<void> {
    await this.#write(this.#changes);
  }

  /** Resolves when what was begun to be written is. */
  async settled(): Promise<void> {
    await this.#writing;
  }

  async #runAhead(): Promise<void> {
    this.#ahead = this.#changes + AHEAD;
    await this.#write(this.#ahead);
  }

  #write(changes: number): Promise<void> {
    const fields = { format: FORMAT, secret: this.secret, changes };
    const writing = this.#writing.then(() => writeRecord(this.path, fields));
    this.#writing = writing.catch(() => {});
    return writing;
  }
}

async function read(path: string): Promise<{ secret: string; changes: number } | null> {
  const fields = await readRecord(path);
  if (fields === null) return null;
  const { format, secret, changes } = fields;
  if (format === FORMAT && typeof secret === "string" && UUID.test(secret) && isCount(changes)) {
    return { secret, changes };
  }
  throw new DiskRefused(
    `Could not read ${path}: it is damaged, or a newer program's. Put a good copy of it back`,
  );
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
