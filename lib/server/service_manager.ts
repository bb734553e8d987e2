/** What systemd, or whoever understands its protocol, is told of a service's life. */
import { join } from "node:path";
import { inTime } from "../depot/clock.ts";
import { type Log, messageOf } from "../depot/log.ts";

/** A manager that takes no message for so long is not waited for. Milliseconds. */
const PATIENCE_MS = 2_000;

export interface ServiceManager {
  /** `NOTIFY_SOCKET`; not set where nobody wants to know. */
  socket: string | undefined;
  /** Where this end of the socket is made for a moment; only this process may use its name. */
  folder: string;
  log: Log;
}

/**
 * Says that the service is ready, or that it is stopping. See sd_notify(3). A manager that cannot be
 * told stops nothing: it is only logged.
 */
export async function tellServiceManager(
  state: "READY=1" | "STOPPING=1",
  { socket, folder, log }: ServiceManager,
): Promise<void> {
  if (!socket) return;
  const path = join(folder, "notify");
  let own: Deno.DatagramConn | null = null;
  try {
    await removeIfThere(path);
    // The runtime sends datagrams only from a socket that has a name.
    own = Deno.listenDatagram({ transport: "unixpacket", path });
    const manager: Deno.UnixAddr = { transport: "unixpacket", path: socket };
    await inTime(own.send(new TextEncoder().encode(state), manager), PATIENCE_MS);
  } catch (error) {
    log.warn("Could not tell the service manager", { state, why: messageOf(error) });
  } finally {
    own?.close();
    await removeIfThere(path).catch(() => {});
  }
}

async function removeIfThere(path: string): Promise<void> {
  try {
    await Deno.remove(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
