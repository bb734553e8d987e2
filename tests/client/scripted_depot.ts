/** A depot that says what a test wrote, over real sockets. */
import { Sha256 } from "../../lib/content/digest.ts";
import {
  batchFrame,
  BatchReader,
  BODY,
  Connection,
  decodeBody,
  encode,
  readAnswer,
  REPLIES,
  type Values,
} from "../../lib/protocol/mod.ts";
import { Link } from "../../lib/client/mod.ts";
import type { Pace } from "../../lib/client/pace.ts";
import { Session } from "../../lib/client/session.ts";
import { Sessions, type SessionsOptions } from "../../lib/client/sessions.ts";
import { assertMatch } from "../assert.ts";
import { PATIENCE_MS } from "../server/waiting.ts";

export const ID = "6b6c1f0e-3b5f-4c9e-8a51-0d6a4f1c2b3e";
export const DEPOT = "0f3f6f0a-9f7e-4a53-9a53-3d5f7d1c2b3e";

/** What happens on one connection. When it ends, the connection is closed. */
export type Script = (peer: Peer) => Promise<unknown>;

/** The depot's end of one connection. */
export class Peer {
  constructor(readonly connection: Connection) {}

  /** Reads `conectar` and answers it. Resolves to its line. */
  async hello(
    answer: { id?: string; depot?: string; batch?: number } = {},
  ): Promise<string> {
    const line = await this.expect(/^comando:conectar\|/);
    const { id = ID, depot = DEPOT, batch = null } = answer;
    await this.say(encode(REPLIES.connected, { id, depot, available: 3, version: 1, batch }));
    return line;
  }

  /** Reads a batch of `count` requests; resolves to what it is made of. */
  async batch(count: number): Promise<BatchReader> {
    const line = await this.expect(new RegExp(`^comando:lote\\|itens:${count}\\|`));
    const frame = new Uint8Array(Number(/tamanho:(\d+)$/.exec(line)![1]));
    await this.connection.readFull(frame);
    return new BatchReader(frame);
  }

  /** Answers a batch: each answer a line, or with bytes behind it. */
  async sayBatch(...answers: [line: string, bytes?: Uint8Array][]): Promise<void> {
    const frame = batchFrame(answers.flat().filter((part) => part !== undefined));
    await this.say(encode(REPLIES.batch, { count: answers.length, bytes: frame.length }));
    await this.connection.write(frame);
  }

  async expect(pattern: RegExp): Promise<string> {
    const line = await readAnswer(this.connection);
    assertMatch(line, pattern);
    return line;
  }

  say(...lines: string[]): Promise<void> {
    return this.connection.writeLine(...lines);
  }

  /** Reads a body to its end, and says what was in it. */
  async body(): Promise<{ bytes: number; digest: string; declared: string | null }> {
    const hash = new Sha256();
    for (let bytes = 0;;) {
      const line = decodeBody(await readAnswer(this.connection));
      if (line.kind !== "block") {
        return { bytes, digest: hash.digest(), declared: line.kind === "end" ? line.digest : null };
      }
      const block = new Uint8Array(line.bytes);
      await this.connection.readFull(block);
      hash.update(block);
      bytes += line.bytes;
    }
  }

  async sendBlock(data: Uint8Array): Promise<void> {
    await this.say(encode(BODY.block, { bytes: data.length }));
    await this.connection.write(data);
  }

  sendEnd(digest: string, places: string[] = ["p1"]): Promise<void> {
    return this.say(encode(BODY.end, { bytes: 0, digest, places }));
  }
}

/** A listener that runs one script a connection, in order. Disposing it shows what went wrong. */
export class ScriptedDepot implements AsyncDisposable {
  #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  #scripts: Script[];
  #running: Promise<unknown>[] = [];
  #failures: unknown[] = [];
  #accepting: Promise<void>;

  constructor(...scripts: Script[]) {
    this.#scripts = scripts;
    this.#accepting = this.#accept();
  }

  get address(): { hostname: string; port: number } {
    const { hostname, port } = this.#listener.addr;
    return { hostname, port };
  }

  /** A session that has introduced itself; the first script must begin with `hello`. */
  session(): Promise<Session> {
    return Session.open(this.address, { id: ID, patienceMs: PATIENCE_MS });
  }

  /** Sessions of one that knows who it is; they are opened when they are used. */
  sessions(options: SessionsOptions = {}, first: Session | null = null): Sessions {
    const peer = { address: this.address, id: ID, depot: DEPOT };
    return new Sessions(peer, { patienceMs: PATIENCE_MS, pace: new FastPace(), ...options }, first);
  }

  /** The same, as a program that uses the library has it. */
  link(options: SessionsOptions = {}): Link {
    return new Link(this.sessions(options));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    await this.#accepting;
    await Promise.all(this.#running);
    if (this.#failures.length > 0) throw this.#failures[0];
  }

  async #accept(): Promise<void> {
    try {
      for await (const conn of this.#listener) {
        const script = this.#scripts.shift();
        if (script) this.#running.push(this.#run(script, conn).catch(this.#note));
        else conn.close();
      }
    } catch (error) {
      if (!(error instanceof Deno.errors.BadResource)) throw error;
    }
  }

  #note = (error: unknown) => void this.#failures.push(error);

  async #run(script: Script, conn: Deno.TcpConn): Promise<void> {
    using connection = new Connection(conn, { patienceMs: PATIENCE_MS });
    await script(new Peer(connection));
  }
}

/** A clock on which waiting takes no time, and which remembers the waits. */
export class FastPace implements Pace {
  readonly waits: number[] = [];
  #time = 0;

  constructor(readonly chance: number = 1) {}

  now(): number {
    return this.#time;
  }

  random(): number {
    return this.chance;
  }

  sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    this.waits.push(milliseconds);
    this.#time += milliseconds;
    return Promise.resolve();
  }

  /** Time goes by elsewhere. */
  pass(milliseconds: number): void {
    this.#time += milliseconds;
  }
}

/** The line of a receipt. */
export function receiptLine(values: Partial<Values<typeof REPLIES.receipt>>): string {
  return encode(REPLIES.receipt, {
    digest: "0".repeat(64),
    result: 1,
    replicas: 2,
    places: ["p1", "p2"],
    wanted: 2,
    size: 0,
    version: 1,
    depositedAt: 1_700_000_000_000,
    labels: ["disk1", "disk2"],
    ...values,
  });
}

/** The line before a file's bytes. */
export function contentLine(values: Partial<Values<typeof REPLIES.content>>): string {
  return encode(REPLIES.content, { ...CONTENT, ...values });
}

/** The line of a file in a listing. */
export function fileLine(values: Partial<Values<typeof REPLIES.file>>): string {
  return encode(REPLIES.file, { ...CONTENT, name: "a", ...values });
}

export function offerLine(values: Partial<Values<typeof REPLIES.offer>> = {}): string {
  return encode(REPLIES.offer, { position: 0, partDigest: null, presentDigest: null, ...values });
}

const CONTENT = {
  size: 0,
  digest: "0".repeat(64),
  version: 1,
  wanted: 2,
  live: 2,
  depositedAt: 1_700_000_000_000,
  modifiedAt: null,
  executable: false,
  places: ["p1", "p2"],
  labels: ["disk1", "disk2"],
};

/** A folder that is gone with the test. */
export class TempFolder implements AsyncDisposable {
  readonly path: string = Deno.realPathSync(Deno.makeTempDirSync({ prefix: "deposito-client-" }));

  /** Writes a file and says where. */
  async file(name: string, data: Uint8Array | string): Promise<string> {
    const path = `${this.path}/${name}`;
    await Deno.writeFile(path, typeof data === "string" ? new TextEncoder().encode(data) : data);
    return path;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.path, { recursive: true });
  }
}

/** Bytes that no two tests mix up. */
export function someBytes(length: number, seed = 1): Uint8Array<ArrayBuffer> {
  const data = new Uint8Array(length);
  for (let at = 0, state = seed; at < length; at++) {
    state = (state * 1103515245 + 12345) & 0x7fffffff;
    data[at] = state >> 16;
  }
  return data;
}
