/** Whole buffers through a connection, in either direction, and the servers that take connections. */

/** What a client of a server is told by its first line: the port. */
export const LISTENING = /listening on (\d+)\n/;

/** Reads until `buffer` is full or the other side has ended; returns how many bytes came. */
export async function fill(conn: Deno.Conn, buffer: Uint8Array): Promise<number> {
  let done = 0;
  while (done < buffer.length) {
    const count = await conn.read(buffer.subarray(done));
    if (count === null) break;
    done += count;
  }
  return done;
}

/** Writes all of `bytes`. The first write is begun before this returns. */
export async function sendAll(conn: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length;) done += await conn.write(bytes.subarray(done));
}

/** Says where it listens, and serves who comes. */
export async function listen(serve: (conn: Deno.Conn) => Promise<void>): Promise<never> {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  Deno.stdout.writeSync(new TextEncoder().encode(`listening on ${listener.addr.port}\n`));
  while (true) {
    using conn = await listener.accept();
    await serve(conn);
  }
}

/** To the server of this machine that listens there. */
export function connect(port: string | undefined): Promise<Deno.TcpConn> {
  return Deno.connect({ hostname: "127.0.0.1", port: Number(port) });
}
