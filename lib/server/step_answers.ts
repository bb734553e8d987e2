/** What comes back while an upload goes out: how far the holder is, and answers to steps. */
import {
  BadPeer,
  ConnectionLost,
  decodeAnswer,
  decodeReply,
  type Message,
  PeerStalled,
  REPLIES,
  startsAs,
  type Values,
} from "../protocol/mod.ts";
import { blockSize, type HolderLine, LONGEST_WORK_MS } from "./holder_line.ts";

/** Always reads, so that a holder that says how far it is never waits for this side. */
export class StepAnswers {
  /** The next line that is an answer. `null`: it was read, and nobody listens. */
  #next: Promise<string> | null = null;
  #hasCome = false;
  #heardAt = 0;

  constructor(
    private readonly line: HolderLine,
    private readonly onTaken: (position: number) => void,
  ) {
    this.listen();
  }

  /** Whether the holder said something that is not how far it is: a refusal, or nonsense. */
  get hasCome(): boolean {
    return this.#hasCome;
  }

  /** Goes on reading, after an answer that does not end the upload. */
  listen(): void {
    if (this.#next) return;
    this.#hasCome = false;
    this.#next = this.#read();
    const come = () => void (this.#hasCome = true);
    this.#next.then(come, come);
  }

  /** Says a step and resolves to its answer. Throws the holder's `Refusal`, `BadPeer`, `ConnectionLost`. */
  async ask<M extends Message>(step: string, reply: M): Promise<Values<M>> {
    await this.line.connection.writeLine(step);
    return decodeAnswer(reply, await this.#answer(), "holder");
  }

  /** The size of the next block, of those that are the answer to a step. */
  async block(most: number): Promise<number> {
    this.listen();
    return blockSize(await this.#answer(), most);
  }

  /** Throws what came unasked. */
  async refusal(): Promise<never> {
    decodeAnswer(REPLIES.error, await this.#answer(), "holder");
    throw new BadPeer("The holder answered before it was asked");
  }

  /** A holder that works says so; one that says nothing for too long is lost. */
  async #answer(): Promise<string> {
    this.listen();
    const next = this.#next!;
    this.#heardAt = performance.now();
    const end = this.#heardAt + LONGEST_WORK_MS;
    let timer: ReturnType<typeof setInterval> | undefined;
    const silence = new Promise<never>((_, reject) => {
      timer = setInterval(() => {
        const now = performance.now();
        if (now - this.#heardAt < this.line.patienceMs && now < end) return;
        reject(new PeerStalled("The holder did not answer in time"));
      }, this.line.patienceMs / 15);
    });
    try {
      return await Promise.race([next, silence]);
    } finally {
      clearInterval(timer);
      this.#next = null;
    }
  }

  async #read(): Promise<string> {
    while (true) {
      const line = await this.line.connection.readLine({ idle: true });
      if (line === null) throw new ConnectionLost("The holder ended the connection");
      if (!startsAs(REPLIES.progress, line)) return line;
      this.#heardAt = performance.now();
      this.onTaken(decodeReply(REPLIES.progress, line).done);
    }
  }
}
