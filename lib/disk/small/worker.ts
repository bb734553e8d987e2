/// <reference lib="deno.worker" />
/** The worker that writes a disk's small contents, so that their many calls hold no socket up. */
import { Layout } from "../layout.ts";
import { type Outcome, type Reply, type Request, unpackContents } from "./border.ts";
import { commitGroup } from "./group.ts";
import { KeptFolders } from "./kept_folders.ts";

let layout: Layout;
const folders = new KeptFolders();

self.onmessage = async ({ data }: MessageEvent<Request>) => {
  self.postMessage({ outcomes: await handle(data) } satisfies Reply);
};

async function handle(request: Request): Promise<Outcome[]> {
  if (request.type === "commit") {
    const outcomes = await commitGroup({ layout, folders }, unpackContents(request));
    folders.rest();
    return outcomes;
  }
  layout = new Layout(request.directory, request.depot);
  return [];
}
