/// <reference lib="deno.worker" />
/** The worker that writes a disk's small contents, so that their many calls hold no socket up. */
import { Layout } from "../layout.ts";
import type { Outcome, Reply, Request } from "./border.ts";
import { commitGroup } from "./group.ts";

let layout: Layout;

self.onmessage = async ({ data }: MessageEvent<Request>) => {
  const outcomes = await handle(data);
  const back = outcomes.flatMap((one) => "value" in one && one.value ? [one.value.buffer] : []);
  self.postMessage({ outcomes } satisfies Reply, back);
};

async function handle(request: Request): Promise<Outcome[]> {
  if (request.type === "commit") return await commitGroup(layout, request.contents);
  layout = new Layout(request.directory, request.depot);
  return [];
}
