/** A slow line between a holder and its depot: so many bytes a second go up, all connections together. */
const PIECE_BYTES = 32 * 1024;
/** What the line could not carry while the machine was busy elsewhere is made up for. Milliseconds. */
const MADE_UP_FOR_MS = 50;

export class SlowLine implements AsyncDisposable {
  /** Bytes that went up. */
  carried = 0;
  #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  #connections = new Set<Deno.TcpConn>();
  #work = new Set<Promise<void>>();
  #freeAt = 0;

  /** `bytesPerSecond` may be changed at any time. 0: nothing goes up any more. */
  constructor(
    private readonly depot: { hostname: string; port: number },
    public bytesPerSecond: number,
  ) {
    this.#run(this.#accept());
  }

  /** Where a holder finds the depot behind this line. */
  get address(): { hostname: string; port: number } {
    return { hostname: "127.0.0.1", port: this.#listener.addr.port };
  }

  /** As when the machine at its end loses power: all connections end at once, and no new one opens. */
  cut(): void {
    this.#listener.close();
    for (const conn of [...this.#connections]) this.#close(conn);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.cut();
    } catch {
      // It was cut before.
    }
    while (this.#work.size > 0) await Promise.all(this.#work);
  }

  async #accept(): Promise<void> {
    try {
      for await (const conn of this.#listener) this.#run(this.#carry(conn));
    } catch {
      // The listener was closed while it waited.
    }
  }

  async #carry(holder: Deno.TcpConn): Promise<void> {
    this.#connections.add(holder);
    try {
      const depot = await Deno.connect(this.depot);
      this.#connections.add(depot);
      await Promise.all([
        this.#pump(holder, depot, (bytes) => this.#turn(bytes)),
        this.#pump(depot, holder, () => Promise.resolve()),
      ]);
      this.#close(depot);
    } catch {
      // The depot does not listen any more.
    }
    this.#close(holder);
  }

  async #pump(from: Deno.TcpConn, to: Deno.TcpConn, turn: (bytes: number) => Promise<void>) {
    const buffer = new Uint8Array(PIECE_BYTES);
    try {
      for (let count; (count = await from.read(buffer)) !== null;) {
        await turn(count);
        for (let sent = 0; sent < count;) sent += await to.write(buffer.subarray(sent, count));
      }
    } catch {
      // One end has gone.
    }
    this.#close(from);
    this.#close(to);
  }

  async #turn(bytes: number): Promise<void> {
    while (this.bytesPerSecond === 0) {
      if (this.#connections.size === 0) return;
      await wait(10);
    }
    const now = performance.now();
    this.#freeAt = Math.max(this.#freeAt, now - MADE_UP_FOR_MS) +
      bytes / this.bytesPerSecond * 1000;
    if (this.#freeAt > now) await wait(this.#freeAt - now);
    this.carried += bytes;
  }

  #close(conn: Deno.TcpConn): void {
    if (!this.#connections.delete(conn)) return;
    try {
      conn.close();
    } catch {
      // The other end closed it.
    }
  }

  #run(work: Promise<void>): void {
    const done = work.finally(() => this.#work.delete(done));
    this.#work.add(done);
  }
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
