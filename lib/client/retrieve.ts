/** One file's bytes from a depot, over as many sessions as it takes. */
import { Sha256 } from "../content/digest.ts";
import { BadPeer, encode, IDS_IN_A_LINE, REPLIES, REQUESTS, requireName } from "../protocol/mod.ts";
import type { Block } from "./blocks.ts";
import { LocalError } from "./errors.ts";
import type { Advanced } from "./pace.ts";
import { readBodyLine, readReply } from "./peer.ts";
import { fileOfContent, type StoredFile } from "./records.ts";
import type { Session } from "./session.ts";

/** Where a retrieved file's bytes go, in order. The bytes are the writer's until it resolves. */
export interface Sink {
  write(bytes: Uint8Array): Promise<void>;
}

export interface RetrievalOptions {
  /** The content that is expected; the depot refuses with `mudou` when the file has another. */
  digest?: string | null | undefined;
  /** The size that is expected, in bytes. */
  size?: number | null;
  signal?: AbortSignal | undefined;
  /** Told what the file is, each time before its bytes come. */
  onFound?: ((file: StoredFile) => void) | undefined;
  onProgress?: ((done: number, total: number) => void) | undefined;
}

/**
 * A file on its way. `receive` may be called again after a broken connection, on another session:
 * it goes on where it was, and only with the same content.
 */
export class Retrieval {
  readonly name: string;
  #sink: Sink;
  #options: RetrievalOptions;
  #digest: string | null;
  #size: number | null;
  #hash = new Sha256();
  #position = 0;
  #avoid: string[] = [];

  constructor(name: string, sink: Sink, options: RetrievalOptions = {}) {
    this.name = requireName(name);
    this.#sink = sink;
    this.#options = options;
    this.#digest = options.digest ?? null;
    this.#size = options.size ?? null;
  }

  /** Bytes that the sink has. */
  get position(): number {
    return this.#position;
  }

  /** Goes on after bytes that the sink has from earlier. */
  resumeAt(position: number, hash: Sha256): void {
    this.#position = position;
    this.#hash = hash;
  }

  /** Starts over, because what came was wrong: asks for other copies than those at `places`. */
  startOver(places: readonly string[]): void {
    this.#avoid = [...new Set([...this.#avoid, ...places])].slice(-IDS_IN_A_LINE);
    this.resumeAt(0, new Sha256());
  }

  /**
   * Brings what is missing. Throws `WrongBytes` when all came and are not the content, `Refusal`,
   * `ConnectionLost`, `BadPeer`, or what the sink throws; after anything but a `Refusal` before the
   * first byte the session is over. `advanced` as in `withRetries`.
   */
  receive(session: Session, advanced: Advanced = () => {}): Promise<StoredFile> {
    return session.run(this.#options.signal, async () => {
      await session.connection.writeLine(this.#requestLine());
      const content = await readReply(session.connection, REPLIES.content);
      this.#accept(content);
      const file = fileOfContent(this.name, content);
      this.#options.onFound?.(file);
      const places = await this.#readBlocks(session, content.size, advanced);
      if (this.#hash.digest() !== content.digest) throw new WrongBytes(this.name, places);
      return file;
    });
  }

  #requestLine(): string {
    return encode(REQUESTS.retrieve, {
      from: this.#position,
      length: null,
      digest: this.#digest,
      avoid: this.#avoid.length > 0 ? this.#avoid : null,
      name: this.name,
    });
  }

  #accept(content: { digest: string; size: number }): void {
    if (this.#digest !== null && content.digest !== this.#digest) {
      throw new BadPeer("The depot sent another content than was asked for");
    }
    if (this.#size !== null && content.size !== this.#size) {
      throw new BadPeer("The depot sent another size than it said before");
    }
    if (content.size < this.#position) {
      throw new BadPeer("The depot says that the file is shorter than what came of it");
    }
    this.#digest = content.digest;
    this.#size = content.size;
  }

  /** One block is written while the next one comes. Resolves to where the bytes came from. */
  async #readBlocks(session: Session, size: number, advanced: Advanced): Promise<string[]> {
    let expected = this.#position;
    let writing: Promise<void> = Promise.resolve();
    try {
      while (true) {
        const line = await readBodyLine(session.connection);
        if (line.kind === "end") {
          await writing;
          requireEnd(line.digest === this.#digest && expected === size);
          return line.places ?? [];
        }
        expected += line.bytes;
        if (expected > size) throw new BadPeer("The depot sent more bytes than it announced");
        const block = session.blocks.next();
        await session.connection.readFull(block.data.subarray(0, line.bytes));
        await writing;
        writing = this.#write(block, line.bytes, size)
          .then(() => advanced("receiving", this.#position));
        writing.catch(() => {});
      }
    } finally {
      // `position` must be what the sink has when another attempt goes on from there.
      await writing;
    }
  }

  async #write(block: Block, bytes: number, size: number): Promise<void> {
    const data = block.data.subarray(0, bytes);
    const written = this.#sink.write(data);
    // Meanwhile. What the sink does not take ends the retrieval: the hash is not gone on with.
    this.#hash.update(data);
    await written;
    this.#position += bytes;
    this.#options.onProgress?.(this.#position, size);
  }
}

/** All bytes came, and are not those of the file. `places`: where they came from. */
export class WrongBytes extends LocalError {
  constructor(name: string, readonly places: readonly string[]) {
    super("conteudo_errado", `The bytes that came for ${name} have the wrong SHA-256`);
  }
}

function requireEnd(isRight: boolean): void {
  if (!isRight) throw new BadPeer("The depot ended the file where it does not end");
}
