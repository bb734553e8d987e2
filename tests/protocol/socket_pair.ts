/** Two ends of a real TCP connection: a `Connection`, and the bare peer of it. */
import { Connection, type ConnectionOptions } from "../../lib/protocol/mod.ts";

export class SocketPair implements Disposable {
  private constructor(readonly connection: Connection, readonly peer: Deno.TcpConn) {}

  static async open(options: ConnectionOptions = {}): Promise<SocketPair> {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { hostname, port } = listener.addr;
    const [connection, peer] = await Promise.all([
      Connection.open({ hostname, port }, options),
      listener.accept(),
    ]);
    peer.setNoDelay(true);
    return new SocketPair(connection, peer);
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
