/// <reference lib="deno.worker" />
/** The worker that writes a disk's small contents, so that their many calls hold no socket up. */
import { Layout } from "../layout.ts";
import type { Outcome, Reply, Request } from "./border.ts";
import { commitGroup } from "./group.ts";
import { KeptFolders } from "./kept_folders.ts";

let layout: Layout;
const folders = new KeptFolders();

self.onmessage = async ({ data }: MessageEvent<Request>) => {
  const outcomes = await handle(data);
  const back = outcomes.flatMap((one) => "value" in one && one.value ? [one.value.buffer] : []);
  self.postMessage({ outcomes } satisfies Reply, back);
};

async function handle(request: Request): Promise<Outcome[]> {
  if (request.type === "commit") {
    const outcomes = await commitGroup({ layout, folders }, request.contents);
    folders.rest();
    return outcomes;
  }
  layout = new Layout(request.directory, request.depot);
  return [];
}
