/** Two ends of a real TCP connection: a `Connection`, and the bare peer of it. */
import { Connection } from "../../lib/protocol/mod.ts";

export class SocketPair implements Disposable {
  private constructor(readonly connection: Connection, readonly peer: Deno.TcpConn) {}

  /** `patienceMs`: of the connection, once it is there. */
  static async open(options: { patienceMs?: number } = {}): Promise<SocketPair> {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { hostname, port } = listener.addr;
    const [conn, peer] = await Promise.all([
      Deno.connect({ hostname, port }),
      listener.accept(),
    ]);
    peer.setNoDelay(true);
    return new SocketPair(new Connection(conn, options), peer);
  }

  /** The peer sends it all. */
  async say(data: string | Uint8Array): Promise<void> {
    const bytes = typeof data === "string" ? new TextEncoder().encode(data) : data;
    for (let rest = bytes; rest.length > 0;) rest = rest.subarray(await this.peer.write(rest));
  }

  /** What the peer reads, of `length` bytes. */
  async heard(length: number): Promise<string> {
    const buffer = new Uint8Array(length);
    for (let filled = 0; filled < length;) {
      const count = await this.peer.read(buffer.subarray(filled));
      if (count === null) throw new Error("The connection ended");
      filled += count;
    }
    return new TextDecoder().decode(buffer);
  }

  hangUp(): void {
    try {
      this.peer.close();
    } catch {
      // It is closed.
    }
  }

  [Symbol.dispose](): void {
    this.connection.close();
    this.hangUp();
  }
}
