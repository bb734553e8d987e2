/** An upload on a holder, with a data connection of its own. */
import type { PlaceWriter } from "../../stores/store.ts";
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
import type { StreamOwner } from "./remote_reader.ts";
import { Speed } from "./speed.ts";
import { StepAnswers } from "./step_answers.ts";

/** After so many bytes the position moves, so that who watches it sees a slow holder work. */
const PIECE_BYTES = 64 * 1024;

export interface UploadParts {
  id: string;
  position: number;
  signal: AbortSignal;
}

export class RemoteWriter implements PlaceWriter {
  readonly #speed: Speed;
  readonly #answers: StepAnswers;
  #position: number;
  #failure: unknown = null;
  /** A block is half on its way: nothing else can be said. */
  #writing = false;
  /** `null`: the upload is over, or the connection is. */
  #line: HolderLine | null;

  constructor(
    private readonly owner: StreamOwner,
    line: HolderLine,
    private readonly upload: UploadParts,
  ) {
    this.#line = line;
    this.#position = upload.position;
    this.#speed = new Speed(upload.position);
    this.#answers = new StepAnswers(line, (position) => this.#took(position));
  }

  get position(): number {
    return this.#position;
  }

  get speed(): number | undefined {
    return this.#speed.at(performance.now());
  }

  async *prefix(): AsyncGenerator<Uint8Array> {
    const buffer = new Uint8Array(Math.min(this.#position, BLOCK_BYTES));
    await this.#attempt((line) => line.connection.writeLine(encode(STEPS.prefix, {})));
    for (let left = this.#position; left > 0;) {
      const piece = await this.#attempt(async (line) => {
        const bytes = await this.#answers.block(left);
        await line.connection.readFull(buffer.subarray(0, bytes));
        return buffer.subarray(0, bytes);
      });
      left -= piece.length;
      yield piece;
    }
    this.#answers.listen();
  }

  async rewind(position: number): Promise<void> {
    this.upload.signal.throwIfAborted();
    if (!(position >= 0 && position <= this.#position)) {
      throw new RangeError(`Could not rewind to ${position}: the upload has ${this.#position}`);
    }
    await this.#attempt(async () => {
      const asked = encode(STEPS.rewind, { position });
      const answer = await this.#answers.ask(asked, HOLDER_REPLIES.position);
      if (answer.position === position) return;
      throw new BadPeer(`The holder rewound to ${answer.position}, not ${position}`);
    });
    this.#answers.listen();
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
    await this.#end(encode(STEPS.commit, content));
    this.owner.changed();
  }

  async keep(): Promise<void> {
    await this.#end(encode(STEPS.keep, {}));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const line = this.#line;
    if (!line) return;
    if (this.#writing) return this.#lose(line);
    try {
      await this.#answers.ask(encode(STEPS.giveUp, {}), HOLDER_REPLIES.done);
      this.#release();
    } catch (error) {
      this.#lose(line, error);
    }
  }

  async #end(step: string): Promise<void> {
    await this.#attempt(() => this.#answers.ask(step, HOLDER_REPLIES.done));
    this.#release();
  }

  async #writeBlock(line: HolderLine, block: Uint8Array): Promise<void> {
    if (this.#answers.hasCome) await this.#answers.refusal();
    this.#writing = true;
    this.#speed.begin(performance.now(), this.#position + block.length);
    await line.connection.writeLine(encode(BODY.block, { bytes: block.length }));
    for (let at = 0; at < block.length; at += PIECE_BYTES) {
      const piece = block.subarray(at, at + PIECE_BYTES);
      await line.connection.write(piece);
      this.#position += piece.length;
      this.owner.wrote(piece.length);
    }
    this.#writing = false;
  }

  #took(position: number): void {
    if (position > this.#position + BLOCK_BYTES) return;
    this.#speed.took(performance.now(), position);
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

  #lose(line: HolderLine, error?: unknown): void {
    this.#line = null;
    this.owner.drop(line, error);
    this.owner.forget(this.upload.id);
  }
}
