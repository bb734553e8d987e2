/** The operator's side of control.ts. */
import { BadPeer, ConnectionLost, ERROR_CODES, type ErrorCode, Refusal } from "../protocol/mod.ts";
import { CONTROL_VERSION, type ControlRequest } from "./control.ts";
import { dialControlSocket } from "./control_socket.ts";

/** An answer that has not come after this time will not come. Milliseconds. */
const PATIENCE_MS = 300_000;

/**
 * Asks the depot that runs on a data directory, and resolves to its result. Throws `NotRunning`,
 * the depot's `Refusal`, `ConnectionLost`, `BadPeer`, or why `signal` aborted.
 */
export async function callDepot(
  directory: string,
  request: ControlRequest,
  signal: AbortSignal,
): Promise<unknown> {
  signal.throwIfAborted();
  const { conn, token } = await dialControlSocket(directory);
  const ending = AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]);
  const close = () => closeQuietly(conn);
  ending.addEventListener("abort", close);
  try {
    const line = JSON.stringify({ version: CONTROL_VERSION, ...token && { token }, ...request });
    await writeAll(conn, new TextEncoder().encode(line + "\n"));
    return resultOf(await new Response(conn.readable).text());
  } catch (cause) {
    signal.throwIfAborted();
    if (cause instanceof Refusal || cause instanceof BadPeer) throw cause;
    throw lost(cause);
  } finally {
    ending.removeEventListener("abort", close);
    close();
  }
}

/** Throws `Refusal`, `ConnectionLost`, `BadPeer`. */
function resultOf(text: string): unknown {
  if (!text.endsWith("\n")) throw lost();
  const { version, result, error } = JSON.parse(text);
  if (error !== undefined && Object.hasOwn(ERROR_CODES, error?.code)) {
    throw new Refusal(error.code as ErrorCode, String(error.message));
  }
  if (version === CONTROL_VERSION && result !== undefined) return result;
  throw new BadPeer("The depot's answer is none of this program's: use the same one as the depot");
}

function lost(cause?: unknown): ConnectionLost {
  return new ConnectionLost(
    "The depot did not answer to the end: see `deposito server status`, and try again",
    { cause },
  );
}

async function writeAll(conn: Deno.Conn, data: Uint8Array): Promise<void> {
  for (let done = 0; done < data.length;) done += await conn.write(data.subarray(done));
}

function closeQuietly(conn: Deno.Conn): void {
  try {
    conn.close();
  } catch {
    // It is closed already: by its end, or by whoever ended this.
  }
}
