/// <reference lib="deno.worker" />
/**
 * The worker that writes past the system's cache: the runtime has such a handle only from Node's
 * functions, and those write in the thread that calls them.
 */
import { closeSync, constants, fstatSync, openSync, writeSync } from "node:fs";
import { packError } from "../../worker/packed_error.ts";
import { type Reply, type Request, SLOT_BYTES } from "./border.ts";

const { O_DIRECT, O_WRONLY } = constants;

let memory: SharedArrayBuffer;
const files = new Map<number, File>();

self.onmessage = ({ data }: MessageEvent<Request>) => {
  self.postMessage(reply(data));
};

function reply(request: Request): Reply {
  try {
    return { value: handle(request) };
  } catch (error) {
    return { error: packError(error) };
  }
}

function handle(request: Request): number | null {
  switch (request.type) {
    case "share":
      memory = request.memory;
      return null;
    case "open": {
      const file = new File(request.path);
      files.set(request.file, file);
      return file.inode;
    }
    case "write":
      files.get(request.file)!.write(
        new Uint8Array(memory, request.slot * SLOT_BYTES, request.bytes),
        request.position,
      );
      return null;
    case "close":
      files.get(request.file)?.close();
      files.delete(request.file);
      return null;
  }
}

class File {
  readonly inode: number;
  readonly #path: string;
  #descriptor: number;
  #failure: { cause: unknown } | null = null;

  constructor(path: string) {
    this.#path = path;
    this.#descriptor = openSync(path, O_WRONLY | O_DIRECT);
    this.inode = fstatSync(this.#descriptor).ino;
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
      // The disk wants larger pieces than pages, or ended one in the middle.
      this.#reopen();
      return writeSync(this.#descriptor, bytes, 0, bytes.length, position);
    }
  }

  /** For writes through the cache. The number of a closed descriptor may be another file's. */
  #reopen(): void {
    const descriptor = openSync(this.#path, O_WRONLY);
    if (fstatSync(descriptor).ino === this.inode) {
      this.close();
      this.#descriptor = descriptor;
      return;
    }
    closeSync(descriptor);
    throw new Error(`Could not write ${this.#path}: another file is there`);
  }
}
