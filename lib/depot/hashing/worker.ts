/// <reference lib="deno.worker" />
/** The worker that hashes what comes, so that the sockets are not held up by it. */
import { ContentSum } from "../../content/content_sum.ts";
import { slotOf } from "../../worker/slots.ts";
import { type Reply, type Request, SLOT_BYTES } from "./border.ts";

let memory: SharedArrayBuffer;
const sums = new Map<number, ContentSum>();

self.onmessage = ({ data }: MessageEvent<Request>) => {
  self.postMessage(handle(data));
};

function handle(request: Request): Reply {
  if (request.type === "share") {
    memory = request.memory;
    return null;
  }
  const { content } = request;
  const sum = sums.get(content) ?? new ContentSum();
  if (request.type === "end") {
    sums.delete(content);
    return sum.sum();
  }
  sums.set(content, sum.update(slotOf(memory, { ...request, slotBytes: SLOT_BYTES })));
  return null;
}
