/// <reference lib="deno.worker" />
/** Answers with the digest of what comes through a ring. */
import { createHash } from "node:crypto";
import { read, type Ring } from "./ring.ts";

self.onmessage = ({ data: ring }: MessageEvent<Ring>) => {
  const hash = createHash("sha256");
  for (const piece of read(ring)) hash.update(piece);
  self.postMessage(hash.digest("hex"));
};
