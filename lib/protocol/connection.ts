import { within } from "./deadlines.ts";
import { ConnectionLost, PeerStalled } from "./errors.ts";
import { BLOCK_BYTES, LINE_BYTES, PATIENCE_MS } from "./limits.ts";
import { inOnePiece } from "./pieces.ts";

const LF = 0x0a;
const CR = 0x0d;
const ENCODER = new TextEncoder();
const DECODER = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
/** What a connection waits with. Thousands may be idle, and most lines fit in it. */
const SMALL_BYTES = 256;
/** Nothing comes for so long, and the other side waits for an answer after all. Milliseconds. */
const HOLD_MS = 5;

/** What a line that is too long or not UTF-8 is called; the session decides what to answer. */
export class BadLine extends Error {
  override readonly name = "BadLine";
  constructor(readonly reason: "long" | "text", message: string) {
    super(message);
  }
}

export interface ConnectionOptions {
  /** Nothing moved for this long while something should: the connection is lost. Milliseconds. */
  patienceMs?: number;
}

/**
 * Lines and raw bytes over a TCP connection. One reader and one writer at a time. What a read or a
 * write does to a peer that stalls is decided here, once: after `patienceMs` without a byte the
 * connection is closed and the call throws `ConnectionLost`.
 */
export class Connection implements Disposable {
  #conn: Deno.Conn;
  #buffer = new Uint8Array(SMALL_BYTES);
  #start = 0;
  #end = 0;
  #closed = false;
  #patienceMs: number;
  /** Lines that leave with the next ones. */
  #later: string[] = [];
  #early: { line: Promise<string | null>; arrived: boolean } | null = null;

  constructor(conn: Deno.Conn, options: ConnectionOptions = {}) {
    this.#conn = conn;
    this.#patienceMs = options.patienceMs ?? PATIENCE_MS;
    if ("setNoDelay" in conn) (conn as Deno.TcpConn).setNoDelay(true);
  }

  /** Connects over TCP. Throws `ConnectionLost` when nobody answers. */
  static async open(
    address: { hostname: string; port: number },
    options: ConnectionOptions & { signal?: AbortSignal } = {},
  ): Promise<Connection> {
    const patience = AbortSignal.timeout(options.patienceMs ?? PATIENCE_MS);
    const signal = options.signal ? AbortSignal.any([options.signal, patience]) : patience;
    const { hostname, port } = address;
    const where = hostname.includes(":") ? `[${hostname}]:${port}` : `${hostname}:${port}`;
    try {
      return new Connection(await Deno.connect({ ...address, signal }), options);
    } catch (cause) {
      options.signal?.throwIfAborted();
      throw new ConnectionLost(`Could not connect to ${where}: ${reason(cause)}`, { cause });
    }
  }

  /**
   * The next line without its LF (and a CR before it), or `null` at the end of the stream between
   * two lines. `idle`: the line may take for ever to begin, otherwise it must begin within
   * `patienceMs`; once begun it must end in time.
   * Throws `BadLine` for one too long or not UTF-8 (the line is consumed), `ConnectionLost`.
   */
  readLine({ idle = false, patienceMs = this.#patienceMs } = {}): Promise<string | null> {
    const early = this.#early;
    this.#early = null;
    if (early) return idle ? early.line : this.#inTime(early.line, patienceMs);
    return this.#readLine(idle ? null : patienceMs);
  }

  /**
   * Whether a line came while this side is writing. Once asked, the next `readLine` answers with
   * that line; until then no raw bytes may be read. The other side's end of the stream is no line:
   * it may still be reading.
   */
  lineArrived(): boolean {
    if (!this.#early) {
      const early = { line: this.#readLine(null), arrived: false };
      early.line.then((line) => early.arrived = line !== null, () => early.arrived = true);
      this.#early = early;
    }
    return this.#early.arrived;
  }

  /** Fills `target` with the next raw bytes. Throws `ConnectionLost` when the stream ends before. */
  async readFull(target: Uint8Array): Promise<void> {
    let filled = this.#takeBuffered(target);
    while (filled < target.length) {
      const count = await this.#inTime(this.#read(target.subarray(filled)));
      if (count === null) throw new ConnectionLost("The connection ended in the middle of a block");
      filled += count;
    }
  }

  /** Reads `bytes` raw bytes and forgets them. */
  async discard(bytes: number): Promise<void> {
    const sink = new Uint8Array(Math.min(bytes, BLOCK_BYTES));
    for (let left = bytes; left > 0;) {
      const part = sink.subarray(0, Math.min(left, sink.length));
      await this.readFull(part);
      left -= part.length;
    }
  }

  /**
   * Writes a line that the other side need not wait for: one that has gone on already gets it with
   * what is written next, or as soon as nothing more comes from it.
   */
  async answerAhead(line: string): Promise<void> {
    const wentOn = this.#end > this.#start;
    if (wentOn) this.#later.push(line);
    else await this.writeLine(line);
  }

  /** Writes lines, each with its LF, in one piece. */
  writeLine(...lines: string[]): Promise<void> {
    return this.#writeAll(encodeLines([...this.#later.splice(0), ...lines]));
  }

  /** Writes lines, raw bytes and lines in one piece, for which the bytes are copied. */
  writeAround(before: string[], data: Uint8Array, after: string[]): Promise<void> {
    return this.#writeAll(inOnePiece([...this.#later.splice(0), ...before, data, ...after]));
  }

  /** Writes all of `data`. */
  async write(data: Uint8Array): Promise<void> {
    if (this.#later.length > 0) await this.writeLine();
    await this.#writeAll(data);
  }

  async #writeAll(data: Uint8Array): Promise<void> {
    for (let rest = data; rest.length > 0;) {
      const count = await this.#inTime(this.#write(rest));
      rest = rest.subarray(count);
    }
  }

  /** Another patience from now on, as in `ConnectionOptions`; calls under way keep theirs. */
  setPatience(patienceMs: number): void {
    this.#patienceMs = patienceMs;
  }

  /** Ends the connection at once; a read or write under way throws. Again: no effect. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    // What nobody will read any more must not become an unhandled rejection.
    this.#early?.line.catch(() => {});
    try {
      this.#conn.close();
    } catch {
      // The runtime closed it already, after an error of the socket.
    }
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /**
   * `beginMs`: how long the line may take to begin; `null`: for ever. Then thousands may wait in it:
   * each call that waits for another holds half a kilobyte, so that this one reads by itself.
   */
  async #readLine(beginMs: number | null): Promise<string | null> {
    const begun = this.#end > this.#start;
    if (!begun) {
      if (beginMs === null) this.#holdLess();
      const first = this.#read(this.#room());
      const count = beginMs === null ? await first : await this.#inTime(first, beginMs);
      if (!this.#took(count)) return null;
    }
    return this.#inTime(this.#restOfLine());
  }

  async #restOfLine(): Promise<string> {
    let tooLong = false;
    let searched = 0;
    while (true) {
      const held = this.#buffer.subarray(this.#start, this.#end);
      const at = held.indexOf(LF, searched);
      if (at !== -1) {
        this.#start += at + 1;
        if (tooLong) throw new BadLine("long", `Refused a line of over ${LINE_BYTES} bytes`);
        return this.#text(held.subarray(0, at));
      }
      searched = held.length;
      if (held.length === LINE_BYTES) {
        tooLong = true;
        this.#start = this.#end = searched = 0;
      }
      if (!await this.#fill()) throw new ConnectionLost("The connection ended within a line");
    }
  }

  #text(bytes: Uint8Array): string {
    const line = bytes.at(-1) === CR ? bytes.subarray(0, -1) : bytes;
    try {
      return DECODER.decode(line);
    } catch {
      throw new BadLine("text", "Refused a line that is not UTF-8");
    }
  }

  /** Reads more into the buffer; false at the end of the stream. */
  async #fill(): Promise<boolean> {
    return this.#took(await this.#read(this.#room()));
  }

  /** Where more can be read to: behind what is held, in a buffer that grows when it is full. */
  #room(): Uint8Array {
    const held = this.#buffer.subarray(this.#start, this.#end);
    if (held.length === this.#buffer.length) this.#buffer = new Uint8Array(LINE_BYTES);
    this.#buffer.set(held);
    this.#end = held.length;
    this.#start = 0;
    return this.#buffer.subarray(this.#end);
  }

  /** So much was read into the room; false at the end of the stream. */
  #took(count: number | null): boolean {
    this.#end += count ?? 0;
    return count !== null;
  }

  /** Of an empty buffer that may stay empty for long. */
  #holdLess(): void {
    if (this.#buffer.length === SMALL_BYTES) return;
    this.#buffer = new Uint8Array(SMALL_BYTES);
    this.#start = this.#end = 0;
  }

  #takeBuffered(target: Uint8Array): number {
    const count = Math.min(target.length, this.#end - this.#start);
    target.set(this.#buffer.subarray(this.#start, this.#start + count));
    this.#start += count;
    return count;
  }

  #read(target: Uint8Array): Promise<number | null> {
    const coming = this.#conn.read(target).catch(broken);
    return this.#later.length === 0 ? coming : this.#readOrAnswer(coming);
  }

  /** Who went on only so far may be waiting for the lines that are held back. */
  async #readOrAnswer(coming: Promise<number | null>): Promise<number | null> {
    const held = Promise.withResolvers<boolean>();
    const timer = setTimeout(() => held.resolve(true), HOLD_MS);
    const isStill = await Promise.race([held.promise, coming.then(() => false, () => false)]);
    clearTimeout(timer);
    if (isStill) await this.writeLine();
    return await coming;
  }

  #write(data: Uint8Array): Promise<number> {
    return this.#conn.write(data).catch(broken);
  }

  #inTime<T>(work: Promise<T>, patienceMs: number = this.#patienceMs): Promise<T> {
    return within(work, patienceMs, () => {
      this.close();
      return new PeerStalled(`Nothing moved for ${patienceMs / 1000} s`);
    });
  }
}

function broken(cause: unknown): never {
  throw new ConnectionLost(`The connection broke: ${reason(cause)}`, { cause });
}

function encodeLines(lines: string[]): Uint8Array {
  return ENCODER.encode(lines.map((line) => line + "\n").join(""));
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
