/**
 * Where a running depot hears its operator: something in the data directory that only whoever runs
 * the depot can use. One of
 *
 *     control.sock   a unix socket, mode 0600
 *     control.json   {"version":1,"port":49152,"token":"<64 hexadecimal digits>"}, mode 0600: a port
 *                    of 127.0.0.1 and what to say there. On Windows, where the modes mean nothing and
 *                    the directory's own rules hold, and where a socket cannot be made, such as under
 *                    a path of over about 90 bytes
 *
 * What a killed depot left is replaced: the data directory is locked, so nobody uses it.
 */
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { removeIfThere, replaceFile } from "../disk/durable.ts";

/** Of `control.json`. */
const FORMAT = 1;

const TOKEN_BYTES = 32;

/** No depot runs on a data directory, or it does not hear its operator. */
export class NotRunning extends Error {
  override readonly name = "NotRunning";
}

/** What a depot hears its operator on. */
export interface ControlSocket extends AsyncDisposable {
  listener: Deno.Listener;
  /** What whoever connects must know; `null`: being able to connect is enough. */
  token: string | null;
}

/** A connection to a running depot, and the token to say there. */
export interface Dialled {
  conn: Deno.Conn;
  token: string | null;
}

/** Makes the socket of a data directory that this process has locked. */
export async function openControlSocket(directory: string): Promise<ControlSocket> {
  const paths = pathsOf(directory);
  await removeAll(paths);
  const { listener, token } = await listenOnUnix(paths) ?? await listenOnLoopback(paths);
  return {
    listener,
    token,
    async [Symbol.asyncDispose]() {
      listener.close();
      await removeAll(paths);
    },
  };
}

/** Connects to the depot that runs on a data directory. Throws `NotRunning`. */
export async function dialControlSocket(directory: string): Promise<Dialled> {
  const paths = pathsOf(await Deno.realPath(directory).catch(() => directory));
  try {
    const port = await readPort(paths.port);
    if (port === null) {
      return { conn: await Deno.connect({ transport: "unix", path: paths.socket }), token: null };
    }
    const conn = await Deno.connect({ hostname: "127.0.0.1", port: port.port });
    return { conn, token: port.token };
  } catch (cause) {
    if (cause instanceof Deno.errors.PermissionDenied) {
      throw new NotRunning(
        `Could not speak to the depot on ${directory}: only the user who runs it may`,
        { cause },
      );
    }
    const advice = "start one with `deposito server`, or name its directory with --data";
    throw new NotRunning(`No depot is running on ${directory}: ${advice}`, { cause });
  }
}

interface Paths {
  socket: string;
  port: string;
  /** A folder in which a socket is made before anybody may see it. */
  making: string;
}

function pathsOf(directory: string): Paths {
  return {
    socket: join(directory, "control.sock"),
    port: join(directory, "control.json"),
    making: join(directory, "control.new"),
  };
}

async function removeAll({ socket, port, making }: Paths): Promise<void> {
  await removeIfThere(socket);
  await removeIfThere(port);
  await removeIfThere(join(making, "sock"));
  await removeIfThere(making);
}

/**
 * A socket is made with the mode that the process's mask leaves, so it is made where nobody else
 * gets, and moved once its mode is right. `null`: there can be none here.
 */
async function listenOnUnix(
  paths: Paths,
): Promise<Pick<ControlSocket, "listener" | "token"> | null> {
  if (Deno.build.os === "windows") return null;
  const made = join(paths.making, "sock");
  await Deno.mkdir(paths.making, { mode: 0o700 });
  let listener: Deno.UnixListener | null = null;
  try {
    listener = Deno.listen({ transport: "unix", path: made });
    await Deno.chmod(made, 0o600);
    await Deno.rename(made, paths.socket);
    return { listener, token: null };
  } catch {
    listener?.close();
    await removeIfThere(made);
    return null;
  } finally {
    await removeIfThere(paths.making);
  }
}

async function listenOnLoopback(paths: Paths): Promise<Pick<ControlSocket, "listener" | "token">> {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const token = randomBytes(TOKEN_BYTES).toString("hex");
  const { port } = listener.addr;
  try {
    await replaceFile(paths.port, JSON.stringify({ version: FORMAT, port, token }) + "\n");
  } catch (error) {
    listener.close();
    throw error;
  }
  return { listener, token };
}

/** `null`: there is no such file, and so a socket if anything. */
async function readPort(path: string): Promise<{ port: number; token: string } | null> {
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
  const { version, port, token } = JSON.parse(text);
  if (version === FORMAT && Number.isInteger(port) && typeof token === "string") {
    return { port, token };
  }
  throw new Error(`Could not use ${path}: it is of another version`);
}
