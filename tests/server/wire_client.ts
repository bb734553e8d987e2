/** A small client for tests, on the protocol alone: it does what it is told and checks what it gets. */
import { digestOf } from "../../lib/content/digest.ts";
import {
  ACTIONS,
  batchFrame,
  BatchReader,
  BLOCK_BYTES,
  BODY,
  Connection,
  decodeBody,
  decodeReply,
  encode,
  readAnswer,
  Refusal,
  REPLIES,
  REQUESTS,
  type Values,
} from "../../lib/protocol/mod.ts";

export interface WireClientOptions {
  /** `null` or not given: a new one. */
  id?: string | null;
}

export interface DepositOptions {
  replicas?: number | null;
  minimum?: number | null;
  wait?: number | null;
  /** The same when it is tried again. */
  upload?: string;
  /** In place of the bytes' true SHA-256. */
  digest?: string;
  /** `false`: the size is not said beforehand. */
  sized?: boolean;
}

/** A file of a batch. */
export interface BatchFile {
  name: string;
  bytes: Uint8Array;
  replicas?: number | null;
  /** In place of the bytes' true SHA-256. */
  digest?: string;
}

export type Receipt = Values<typeof REPLIES.receipt>;
export type Offer = Values<typeof REPLIES.offer>;
export type Content = Values<typeof REPLIES.content>;
export type FileLine = Values<typeof REPLIES.file>;

/** How a file's replicas are. */
export interface FileStatus {
  file: FileLine;
  replicas: Values<typeof REPLIES.replica>[];
}

/** A connection that has said who it is. Every method throws the `Refusal` that the server sent. */
export class WireClient implements Disposable {
  private constructor(
    readonly connection: Connection,
    /** What the server answered to `conectar`. */
    readonly connected: Values<typeof REPLIES.connected>,
  ) {}

  static async connect(port: number, { id = null }: WireClientOptions = {}): Promise<WireClient> {
    const connection = await Connection.open({ hostname: "127.0.0.1", port });
    try {
      await connection.writeLine(encode(REQUESTS.connect, { id, version: 1, machine: null }));
      const line = await readAnswer(connection);
      return new WireClient(connection, decodeReply(REPLIES.connected, line));
    } catch (error) {
      connection.close();
      throw error;
    }
  }

  get id(): string {
    return this.connected.id;
  }

  /** Says a line and resolves to the answer, whatever it is. */
  async ask(line: string): Promise<string> {
    await this.connection.writeLine(line);
    return await this.answer();
  }

  /** The next line that is no news of work under way. */
  async answer(): Promise<string> {
    while (true) {
      const line = await readAnswer(this.connection);
      if (!line.startsWith("andamento:")) return line;
    }
  }

  async deposit(name: string, bytes: Uint8Array, options: DepositOptions = {}): Promise<Receipt> {
    const offer = await this.offer(name, bytes, options);
    const from = offer.partDigest === null ? 0 : offer.position;
    await this.send(bytes, { from, ...options });
    return await this.receipt();
  }

  /** Several small files in one piece. Resolves to each one's receipt, or refusal. */
  depositBatch(files: BatchFile[]): Promise<(Receipt | Refusal)[]> {
    const parts = files.flatMap(({ name, bytes, replicas = null, digest = digestOf(bytes) }) => {
      const size = bytes.length;
      return [depositLine({ name, replicas, size, digest }), bytes];
    });
    return this.batch(files.length, parts, (line) => decodeReply(REPLIES.receipt, line));
  }

  /** The same of retrievals: each one's bytes, checked. */
  retrieveBatch(names: string[]): Promise<(Uint8Array | Refusal)[]> {
    const lines = names.map((name) =>
      encode(REQUESTS.retrieve, { from: 0, length: null, digest: null, avoid: null, name })
    );
    return this.batch(names.length, lines, (line, reader) => {
      const { size, digest } = decodeReply(REPLIES.content, line);
      return right(reader.raw(size), digest);
    });
  }

  /** Sends `count` requests that `parts` are, and reads each answer with `read`. */
  async batch<T>(
    count: number,
    parts: (string | Uint8Array)[],
    read: (line: string, reader: BatchReader) => T,
  ): Promise<(T | Refusal)[]> {
    const frame = batchFrame(parts);
    await this.connection.writeLine(encode(REQUESTS.batch, { count, bytes: frame.length }));
    await this.connection.write(frame);
    const head = decodeReply(REPLIES.batch, await this.answer());
    const bytes = new Uint8Array(head.bytes);
    await this.connection.readFull(bytes);
    const reader = new BatchReader(bytes);
    const answers = Array.from({ length: head.count }, () => {
      const line = reader.line();
      return line.startsWith("erro:") ? refusalIn(line) : read(line, reader);
    });
    reader.end();
    return answers;
  }

  /** Asks to deposit; then `send` and `receipt` follow. */
  async offer(name: string, bytes: Uint8Array, options: DepositOptions = {}): Promise<Offer> {
    const { sized = true, replicas, minimum, wait, upload } = options;
    const size = sized ? bytes.length : null;
    const line = depositLine({ name, size, replicas, minimum, wait, upload });
    return decodeReply(REPLIES.offer, await this.ask(line));
  }

  /** The action, the blocks and the end. */
  async send(
    bytes: Uint8Array,
    { from = 0, digest = digestOf(bytes) }: { from?: number; digest?: string } = {},
  ): Promise<void> {
    await this.connection.writeLine(encode(ACTIONS.send, { from }));
    await this.blocks(bytes.subarray(from));
    await this.connection.writeLine(encode(BODY.end, { bytes: 0, digest, places: null }));
  }

  /** Blocks alone, without an end. */
  async blocks(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length; at += BLOCK_BYTES) {
      const block = bytes.subarray(at, at + BLOCK_BYTES);
      await this.connection.writeLine(encode(BODY.block, { bytes: block.length }));
      await this.connection.write(block);
    }
  }

  async receipt(): Promise<Receipt> {
    return decodeReply(REPLIES.receipt, await this.answer());
  }

  async seedDeposit(name: string, bytes: Uint8Array, replicas: number) {
    const size = bytes.length;
    const line = { id: this.id, replicas, size, digest: digestOf(bytes), name };
    await this.connection.writeLine(encode(REQUESTS.seedDeposit, line));
    await this.connection.write(bytes);
    return decodeReply(REPLIES.seedReceipt, await this.answer());
  }

  async seedRetrieve(name: string): Promise<Uint8Array> {
    const line = await this.ask(encode(REQUESTS.seedRetrieve, { id: this.id, name }));
    const { size, digest } = decodeReply(REPLIES.seedContent, line);
    const bytes = new Uint8Array(size);
    await this.connection.readFull(bytes);
    return right(bytes, digest);
  }

  /** The bytes, checked, from `from` on. */
  async retrieve(name: string, { from = 0 } = {}): Promise<Uint8Array> {
    const request = { from, length: null, digest: null, avoid: null, name };
    const line = await this.ask(encode(REQUESTS.retrieve, request));
    const content = decodeReply(REPLIES.content, line);
    const bytes = new Uint8Array(content.size - from);
    for (let filled = 0;;) {
      const line = await this.answer();
      if (line.startsWith("erro:")) decodeReply(REPLIES.error, line);
      const part = decodeBody(line);
      if (part.kind !== "block") {
        if (part.kind === "stop" || filled !== bytes.length) throw new Error(`Ended at ${filled}`);
        return from === 0 ? right(bytes, content.digest) : bytes;
      }
      await this.connection.readFull(bytes.subarray(filled, filled + part.bytes));
      filled += part.bytes;
    }
  }

  async list(prefix = ""): Promise<FileLine[]> {
    const request = { after: null, limit: 1_000, prefix };
    const { count } = decodeReply(REPLIES.items, await this.ask(encode(REQUESTS.list, request)));
    const files: FileLine[] = [];
    while (files.length < count) files.push(decodeReply(REPLIES.file, await this.answer()));
    return files;
  }

  async replicas(name: string, replicas: number, wait: number | null = null): Promise<Receipt> {
    const line = await this.ask(encode(REQUESTS.replicas, { replicas, wait, name }));
    return decodeReply(REPLIES.receipt, line);
  }

  async rename(from: string, to: string, replace = false) {
    const request = encode(REQUESTS.rename, { from, to, replace });
    return decodeReply(REPLIES.renamed, await this.ask(request));
  }

  async restore(name: string, version: number | null = null, replace = false) {
    const request = encode(REQUESTS.restore, { name, version, replace });
    return decodeReply(REPLIES.file, await this.ask(request));
  }

  /** What can be restored, of all names. */
  async removed() {
    const request = { after: null, afterVersion: null, limit: 1_000, prefix: null };
    const first = await this.ask(encode(REQUESTS.listRemoved, request));
    const { count } = decodeReply(REPLIES.items, first);
    const files: Values<typeof REPLIES.removedFile>[] = [];
    while (files.length < count) {
      files.push(decodeReply(REPLIES.removedFile, await this.answer()));
    }
    return files;
  }

  /** How each copy of a file is, by its place's name. */
  async verify(name: string): Promise<Record<string, string>> {
    let line = await this.ask(encode(REQUESTS.verify, { name }));
    while (line.startsWith("andamento:")) line = await this.answer();
    const { replicas } = decodeReply(REPLIES.fileStatus, line);
    decodeReply(REPLIES.file, await this.answer());
    const states: Record<string, string> = {};
    while (Object.keys(states).length < replicas) {
      const { label, state } = decodeReply(REPLIES.check, await this.answer());
      states[label] = state;
    }
    return states;
  }

  /** Removes for good. */
  async forget(name: string): Promise<void> {
    const line = await this.ask(encode(REQUESTS.remove, { forever: true, name }));
    decodeReply(REPLIES.removed, line);
  }

  async remove(name: string): Promise<void> {
    decodeReply(REPLIES.removed, await this.ask(encode(REQUESTS.remove, { forever: null, name })));
  }

  async status() {
    const status = decodeReply(REPLIES.status, await this.ask(encode(REQUESTS.status, {})));
    const places: Values<typeof REPLIES.place>[] = [];
    while (places.length < status.places) {
      places.push(decodeReply(REPLIES.place, await this.answer()));
    }
    return { ...status, places };
  }

  async fileStatus(name: string): Promise<FileStatus> {
    const line = await this.ask(encode(REQUESTS.fileStatus, { name }));
    const { replicas: count } = decodeReply(REPLIES.fileStatus, line);
    const file = decodeReply(REPLIES.file, await this.answer());
    const replicas: FileStatus["replicas"] = [];
    while (replicas.length < count) {
      replicas.push(decodeReply(REPLIES.replica, await this.answer()));
    }
    return { file, replicas };
  }

  [Symbol.dispose](): void {
    this.connection.close();
  }
}

/** Bytes that compress badly and repeat nowhere, the same for the same seed. */
export function bytesOf(size: number, seed = 1): Uint8Array {
  const words = new Uint32Array(Math.ceil(size / 4));
  let state = (seed * 2_654_435_761) >>> 0 || 1;
  for (let index = 0; index < words.length; index++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    words[index] = state;
  }
  return new Uint8Array(words.buffer, 0, size);
}

/** The line of `comando:depositar`; what is not given is not said. */
export function depositLine(
  { name, size, digest, replicas, minimum, wait, upload = crypto.randomUUID() }: {
    name: string;
    size: number | null;
    digest?: string | undefined;
    replicas?: number | null | undefined;
    minimum?: number | null | undefined;
    wait?: number | null | undefined;
    upload?: string | undefined;
  },
): string {
  return encode(REQUESTS.deposit, {
    replicas: replicas ?? null,
    minimum: minimum ?? null,
    wait: wait ?? null,
    size,
    digest: digest ?? null,
    upload,
    modifiedAt: null,
    executable: null,
    name,
  });
}

function refusalIn(line: string): Refusal {
  try {
    decodeReply(REPLIES.error, line);
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
  throw new Error(`No refusal: ${line}`);
}

function right(bytes: Uint8Array, digest: string): Uint8Array {
  if (digestOf(bytes) === digest) return bytes;
  throw new Error(`The bytes are not those of ${digest}`);
}
