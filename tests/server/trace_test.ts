/** The order of a deposit's steps, as the kernel sees them. */
import { digestOf } from "../../lib/content/digest.ts";
import { assert, assertEquals } from "../assert.ts";
import { tell } from "./waiting.ts";
import { RunningServer, temporaryRoot } from "./running_server.ts";
import { type Call, Trace, whyNoStrace } from "./tracing.ts";
import { bytesOf } from "./wire_client.ts";

const whyNot = await whyNoStrace();
if (whyNot) tell(`Skipped the trace of a deposit: ${whyNot}`);

const WRITES = ["write", "writev", "pwrite64", "pwritev", "sendto", "sendmsg"];
const SYNCS = ["fsync", "fdatasync"];
const RENAMES = ["rename", "renameat", "renameat2"];

/** The calls of some names whose arguments have all of `words`, one at least. */
function find(calls: Call[], names: string[], ...words: string[]): Call[] {
  const found = calls.filter(({ name, text }) =>
    names.includes(name) && words.every((word) => text.includes(word))
  );
  assert(found.length > 0, `${names} of ${words} is not in the trace`);
  return found;
}

function assertBefore(earlier: Call[], later: Call[], what: string): void {
  const ended = Math.max(...earlier.map((call) => call.ended));
  const begun = Math.min(...later.map((call) => call.begun));
  assert(ended < begun, `${what}: ended in line ${ended}, begun in line ${begun}`);
}

for (const [kind, size] of [["streamed", 2 * 1024 * 1024], ["small", 4_096]] as const) {
  Deno.test({
    name: `server: a ${kind} deposit's steps come in the order that makes its receipt true`,
    ignore: whyNot !== null,
    async fn() {
      await using root = temporaryRoot();
      await using server = await RunningServer.start(root.path);
      using client = await server.client();
      const bytes = bytesOf(size);
      const digest = digestOf(bytes);
      await using trace = await Trace.attach(server.pid, [...WRITES, ...SYNCS, ...RENAMES]);
      const receipt = await client.deposit("file", bytes, { replicas: 2 });
      const calls = await trace.calls();
      assertEquals(receipt.replicas, 2);

      const catalog = find(calls, SYNCS, "/data/catalog.db-wal>");
      const answer = find(calls, WRITES, `"hash_arquivo:${digest.slice(0, 12)}`);
      assertEquals(answer.length, 1);
      const intent = catalog.slice(0, 1);
      const committed = catalog.filter((sync) => sync.ended < answer[0]!.begun).slice(-1);

      for (const place of ["one", "two"]) {
        const parts = `/${place}/deposito/${server.depot}/parts/`;
        const shard = `/${place}/deposito/${server.depot}/contents/${digest.slice(0, 2)}`;
        const write = find(calls, WRITES, parts);
        const sync = find(calls, SYNCS, parts);
        const rename = find(calls, RENAMES, parts, `${shard}/${digest}"`);
        const folder = find(calls, SYNCS, `${shard}>`);
        assertBefore(intent, write, `${place}: the intent is synced before the first byte`);
        assertBefore(write, sync, `${place}: all bytes are written before their sync`);
        assertBefore(sync, rename, `${place}: they are synced before they get their name`);
        assertBefore(rename, folder, `${place}: the name is there before its folder's sync`);
        assertBefore(
          folder,
          committed,
          `${place}: the folder is synced before the catalog commits`,
        );
        const prepared = catalog.filter((sync) => sync.ended < rename[0]!.begun);
        assert(prepared.length > (kind === "streamed" ? 1 : 0), `${place}: the row comes before`);
        assertEquals([sync.length, rename.length, folder.length], [1, 1, 1]);
      }
      assertBefore(committed, answer, "the catalog is synced before the receipt");
      const syncs = catalog.filter((sync) => sync.begun < answer[0]!.begun).length;
      assertEquals(syncs, kind === "streamed" ? 3 : 2, "syncs of the catalog");
    },
  });
}
