import { type Ring, RingFiller } from "./ring.ts";
import { fill } from "./streams.ts";

/** Fills the ring with what comes through `conn`; `take` has each piece meanwhile, at once. */
export async function fillFrom(
  conn: Deno.Conn,
  ring: Ring,
  take: (piece: Uint8Array) => void,
): Promise<void> {
  const filler = new RingFiller(ring);
  while (true) {
    const room = await filler.room();
    const count = await fill(conn, room);
    filler.filled(count);
    if (count === 0) return;
    take(room.subarray(0, count));
  }
}
