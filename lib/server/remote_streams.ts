/** Bytes to and from a holder; each writer and each reader has a data connection of its own. */
import type { PlaceReader, PlaceWriter } from "../../stores/store.ts";
import {
  BadPeer,
  BLOCK_BYTES,
  BODY,
  encode,
  HOLDER_REPLIES,
  Refusal,
  STEPS,
} from "../protocol/mod.ts";
import type { HolderLine } from "./holder_line.ts";

/** After so many bytes a writer's position moves, so that who watches it sees a slow holder work. */
const PIECE_BYTES = 64 * 1024;

/** What a stream needs of its place. */
export interface StreamOwner {
  /** The line waits for work again. */
  giveBack(line: HolderLine): void;
  /** The line is of no use any more, because of `error` if there is one. */
  drop(line: HolderLine, error?: unknown): void;
  /** The error that callers of a place know. */
  errorOf(error: unknown): unknown;
  /** Bytes went to the holder. */
  wrote(bytes: number): void;
  /** The holder changed what it has, and said so. */
  changed(): void;
  /** Drops an upload whose connection broke, in the background. */
  forget(uploadId: string): void;
}

export interface UploadParts {
  id: string;
  position: number;
  signal: AbortSignal;
}

export class RemoteWriter implements PlaceWriter {
  #position: number;
  #failure: unknown = null;
  /** `null`: the upload is over, or the connection is. */
  #line: HolderLine | null;

  constructor(
    private readonly owner: StreamOwner,
    line: HolderLine,
    private readonly upload: UploadParts,
  ) {
    this.#line = line;
    this.#position = upload.position;
  }

  get position(): number {
    return this.#position;
  }

  async *prefix(): AsyncGenerator<Uint8Array> {
    const buffer = new Uint8Array(Math.min(this.#position, BLOCK_BYTES));
    await this.#attempt((line) => line.connection.writeLine(encode(STEPS.prefix, {})));
    for (let left = this.#position; left > 0;) {
      const piece = await this.#attempt(async (line) => {
        const bytes = await line.block(left);
        await line.connection.readFull(buffer.subarray(0, bytes));
        return buffer.subarray(0, bytes);
      });
      left -= piece.length;
      yield piece;
    }
  }

  async rewind(position: number): Promise<void> {
    this.upload.signal.throwIfAborted();
    if (!(position >= 0 && position <= this.#position)) {
      throw new RangeError(`Could not rewind to ${position}: the upload has ${this.#position}`);
    }
    const answer = await this.#attempt((line) =>
      line.ask(encode(STEPS.rewind, { position }), HOLDER_REPLIES.position)
    );
    if (answer.position !== position) {
      throw this.#fail(new BadPeer(`The holder rewound to ${answer.position}, not ${position}`));
    }
    this.#position = position;
  }

  async write(chunk: Uint8Array): Promise<void> {
    this.upload.signal.throwIfAborted();
    for (let at = 0; at < chunk.length; at += BLOCK_BYTES) {
      await this.#attempt((line) => this.#writeBlock(line, chunk.subarray(at, at + BLOCK_BYTES)));
    }
  }

  async commit(content: { digest: string; size: number }): Promise<void> {
    this.upload.signal.throwIfAborted();
    await this.#attempt((line) =>
      line.askPatiently(encode(STEPS.commit, content), HOLDER_REPLIES.done)
    );
    this.owner.changed();
    this.#release();
  }

  async keep(): Promise<void> {
    await this.#attempt((line) => line.askPatiently(encode(STEPS.keep, {}), HOLDER_REPLIES.done));
    this.#release();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const line = this.#line;
    if (!line) return;
    try {
      await line.ask(encode(STEPS.giveUp, {}), HOLDER_REPLIES.done);
      this.#release();
    } catch (error) {
      this.#lose(line, error);
    }
  }

  async #writeBlock(line: HolderLine, block: Uint8Array): Promise<void> {
    if (line.connection.lineArrived()) {
      await line.answer(HOLDER_REPLIES.done);
      throw new BadPeer("The holder answered before it was asked");
    }
    await line.connection.writeLine(encode(BODY.block, { bytes: block.length }));
    for (let at = 0; at < block.length; at += PIECE_BYTES) {
      const piece = block.subarray(at, at + PIECE_BYTES);
      await line.connection.write(piece);
      this.#position += piece.length;
      this.owner.wrote(piece.length);
    }
  }

  /** Runs one step; after one that failed, every later one fails with the same error. */
  async #attempt<T>(step: (line: HolderLine) => Promise<T>): Promise<T> {
    if (this.#failure) throw this.#failure;
    if (!this.#line) throw new Error("Could not go on with the upload: it is over");
    try {
      return await step(this.#line);
    } catch (error) {
      throw this.#fail(error);
    }
  }

  /** After a holder's refusal the connection is in order, and the upload can be given up on it. */
  #fail(error: unknown): unknown {
    this.#failure = this.owner.errorOf(error);
    if (this.#line && !(error instanceof Refusal)) this.#lose(this.#line, error);
    return this.#failure;
  }

  #release(): void {
    if (this.#line) this.owner.giveBack(this.#line);
    this.#line = null;
  }

  #lose(line: HolderLine, error: unknown): void {
    this.#line = null;
    this.owner.drop(line, error);
    this.owner.forget(this.upload.id);
  }
}

export class RemoteReader implements PlaceReader {
  #line: HolderLine | null;
  #blockLeft = 0;
  #left: number;

  /** `left`: bytes of the range. */
  constructor(
    private readonly owner: StreamOwner,
    line: HolderLine,
    private readonly range: { size: number; left: number; signal: AbortSignal },
  ) {
    this.#line = line;
    this.#left = range.left;
    if (this.#left === 0) this.#release();
  }

  get size(): number {
    return this.range.size;
  }

  async read(target: Uint8Array): Promise<number> {
    this.range.signal.throwIfAborted();
    const wanted = Math.min(target.length, this.#left);
    if (wanted === 0) return 0;
    if (!this.#line) throw new Error("Could not read the replica: the reader is closed");
    try {
      await this.#fill(this.#line, target.subarray(0, wanted));
    } catch (error) {
      this.#drop(error);
      throw this.owner.errorOf(error);
    }
    this.range.signal.throwIfAborted();
    return wanted;
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#drop();
    return Promise.resolve();
  }

  async #fill(line: HolderLine, target: Uint8Array): Promise<void> {
    for (let filled = 0; filled < target.length;) {
      if (this.#blockLeft === 0) this.#blockLeft = await line.block(this.#left);
      const part = target.subarray(filled, filled + this.#blockLeft);
      await line.connection.readFull(part);
      filled += part.length;
      this.#blockLeft -= part.length;
      this.#left -= part.length;
    }
    if (this.#left === 0) this.#release();
  }

  #release(): void {
    if (this.#line) this.owner.giveBack(this.#line);
    this.#line = null;
  }

  /** What is still on its way cannot be told from a later answer. */
  #drop(error?: unknown): void {
    if (this.#line) this.owner.drop(this.#line, error);
    this.#line = null;
  }
}
