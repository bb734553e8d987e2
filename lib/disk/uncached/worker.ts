/// <reference lib="deno.worker" />
/**
 * The worker that writes past the system's cache: the runtime has such a handle only from Node's
 * functions, and those write in the thread that calls them.
 */
import { closeSync, constants, fstatSync, openSync, writeSync } from "node:fs";
import { packError } from "../../worker/packed_error.ts";
import { slotOf } from "../../worker/slots.ts";
import { type FileIdentity, type Reply, type Request, SLOT_BYTES } from "./border.ts";

const { O_DIRECT, O_WRONLY } = constants;

let memory: SharedArrayBuffer;
const files = new Map<number, File>();

self.onmessage = ({ data }: MessageEvent<Request>) => {
  self.postMessage(reply(data));
};

function reply(request: Request): Reply {
  try {
    handle(request);
    return null;
  } catch (error) {
    return { error: packError(error) };
  }
}

function handle(request: Request): void {
  switch (request.type) {
    case "share":
      memory = request.memory;
      return;
    case "open":
      files.set(request.file, new File(request.path, request.identity));
      return;
    case "write":
      files.get(request.file)!.write(
        slotOf(memory, { ...request, slotBytes: SLOT_BYTES }),
        request.position,
      );
      return;
    case "close":
      files.get(request.file)?.close();
      files.delete(request.file);
  }
}

class File {
  readonly #path: string;
  readonly #identity: FileIdentity;
  #descriptor: number;
  #failure: { cause: unknown } | null = null;

  constructor(path: string, identity: FileIdentity) {
    this.#path = path;
    this.#identity = identity;
    this.#descriptor = this.#open(O_WRONLY | O_DIRECT);
  }

  /** After a write that failed there is none: what came behind it would leave a hole. */
  write(bytes: Uint8Array, position: number): void {
    if (this.#failure) throw this.#failure.cause;
    try {
      for (let done = 0; done < bytes.length;) {
        done += this.#writeSome(bytes.subarray(done), position + done);
      }
    } catch (cause) {
      this.#failure = { cause };
      throw cause;
    }
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  #writeSome(bytes: Uint8Array, position: number): number {
    try {
      return writeSync(this.#descriptor, bytes, 0, bytes.length, position);
    } catch (error) {
      if ((error as { code?: unknown }).code !== "EINVAL") throw error;
      // The disk wants larger pieces than pages, or ended one in the middle: through the cache, then.
      const descriptor = this.#open(O_WRONLY);
      this.close();
      this.#descriptor = descriptor;
      return writeSync(descriptor, bytes, 0, bytes.length, position);
    }
  }

  /** Throws when another file is at the path. */
  #open(flags: number): number {
    const descriptor = openSync(this.#path, flags);
    const { dev, ino } = fstatSync(descriptor);
    if (dev === this.#identity.dev && ino === this.#identity.ino) return descriptor;
    closeSync(descriptor);
    throw new Error(`Could not write ${this.#path}: another file is there`);
  }
}
