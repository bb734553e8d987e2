/// <reference lib="deno.worker" />
/** Writes what comes through a ring to a file, past the system's cache where that is possible. */
import { closeSync, constants, openSync, writeSync } from "node:fs";
import { read, type Ring } from "./ring.ts";

self.onmessage = ({ data: { ring, path } }: MessageEvent<{ ring: Ring; path: string }>) => {
  const file = open(path);
  let position = 0;
  for (const piece of read(ring)) {
    for (let done = 0; done < piece.length;) {
      done += writeSync(file, piece, done, piece.length - done, position + done);
    }
    position += piece.length;
  }
  closeSync(file);
  self.postMessage(null);
};

function open(path: string): number {
  try {
    return openSync(path, constants.O_WRONLY | (constants.O_DIRECT ?? 0));
  } catch {
    return openSync(path, constants.O_WRONLY);
  }
}
