/** Takes a file that `send.ts` sends and answers its digest: `receive.ts TARGET cached|uncached`. */
import { name } from "./durable.ts";
import { listen, sendAll } from "./streams.ts";
import { takeCached } from "./take_cached.ts";
import { takeUncached } from "./take_uncached.ts";

/** Each resolves to the digest of what came, all of which the file has then. */
const WAYS = { cached: takeCached, uncached: takeUncached };

const [target, way] = Deno.args as [string, keyof typeof WAYS];
const part = `${target}.part`;

await listen(async (conn) => {
  const file = Deno.openSync(part, { write: true, createNew: true });
  const digest = await WAYS[way](conn, { file, path: part });
  await name(file, { part, target });
  await sendAll(conn, new TextEncoder().encode(digest));
});
