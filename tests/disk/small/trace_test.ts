/** The order in which small contents that come at once are made durable, as the kernel sees it. */
import { digestOf } from "../../../lib/content/digest.ts";
import { assert, assertEquals } from "../../assert.ts";
import { type Call, Trace, whyNoStrace } from "../../server/tracing.ts";
import { temporaryFolder } from "../bench.ts";

const SYNCS = ["fsync", "fdatasync"];
const CALLS = ["write", "rename", "renameat", "renameat2", ...SYNCS];
/** Their names are in few folders, so that some share one however they are grouped. */
const TEXTS = Array.from({ length: 10_000 }, (_, index) => `text ${index}`)
  .filter((text) => /^0[0-2]/.test(digestOf(text))).slice(0, 30);

/** The calls of a process that puts `TEXTS` in `folder`. */
async function traced(folder: string): Promise<Call[]> {
  const program = new URL("./put_many.ts", import.meta.url).href;
  const allowed = ["--no-prompt", "--allow-read", "--allow-write", "--allow-sys=statfs"];
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", ...allowed, program, folder, ...TEXTS],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const output = child.stdout.getReader();
  await output.read();
  await using trace = await Trace.attach(child.pid, CALLS);
  const input = child.stdin.getWriter();
  await input.write(new Uint8Array([10]));
  assert((await child.status).success);
  await input.close().catch(() => {});
  await output.cancel();
  return await trace.calls();
}

Deno.test({
  name: "each of many small contents is written, synced, named, and its name synced, in this order",
  ignore: await whyNoStrace() !== null,
  async fn() {
    await using folder = await temporaryFolder();
    const calls = await traced(folder.path);
    const renames = calls.filter(({ name }) => name.startsWith("rename"));
    assertEquals(renames.length, TEXTS.length);
    for (const digest of TEXTS.map((text) => digestOf(text))) {
      const rename = renames.find(({ text }) => text.includes(`/${digest}"`))!;
      const part = `<${/"([^"]+)"/.exec(rename.text)![1]}>`;
      const [write, ...more] = calls.filter(({ name, text }) =>
        name === "write" && text.includes(part)
      );
      const syncs = calls.filter(({ name, text }) => SYNCS.includes(name) && text.includes(part));
      const named = calls.find(({ name, text, begun }) =>
        SYNCS.includes(name) && text.includes(`/contents/${digest.slice(0, 2)}>`) &&
        begun > rename.ended
      );
      assertEquals([more.length, syncs.length], [0, 1]);
      const steps = [write!, syncs[0]!, rename, named!].flatMap((
        { begun, ended },
      ) => [begun, ended]);
      assertEquals(steps, steps.toSorted((a, b) => a - b));
      assert(named!.ended < Infinity);
    }
    const folders = calls.filter(({ text }) => /\/contents\/..>/.test(text)).length;
    assert(folders < TEXTS.length, `${folders} syncs of folders, some of which they share`);
  },
});
