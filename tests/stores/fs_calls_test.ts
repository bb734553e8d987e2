/** The calls to a disk that may hang. */
import { DiskCalls } from "../../stores/fs_calls.ts";
import { assert, assertEquals, assertRejects } from "../assert.ts";

const GONE = new Error("it was let go of");
const never = () => new Promise<never>(() => {});

/** Lets everything happen that waits for nothing. */
const settled = () => new Promise((resolve) => setTimeout(resolve, 0));

Deno.test("of a disk that hangs few calls are under way, and the others wait for their turn", async () => {
  const calls = new DiskCalls();
  const hung: PromiseWithResolvers<void>[] = [];
  const call = () => {
    const one = Promise.withResolvers<void>();
    hung.push(one);
    return one.promise;
  };
  const asked = Array.from({ length: 40 }, () => calls.ask("change", call));
  await settled();
  const most = hung.length;
  assert(most > 0 && most < 8, `${most}`);
  // Whoever reads does not wait for those who write.
  assertEquals(await calls.ask("read", () => Promise.resolve(1)), 1);
  hung[0]!.resolve();
  await settled();
  assertEquals(hung.length, most + 1);
  while (hung.length > 0) {
    for (const one of hung.splice(0)) one.resolve();
    await settled();
  }
  await Promise.all(asked);
});

Deno.test("a disk that is let go of is waited for by nobody, and is over when its last call is", async () => {
  const calls = new DiskCalls();
  const done: string[] = [];
  const opening = Promise.withResolvers<AsyncDisposable>();
  const hung = calls.ask("read", () => opening.promise);
  const waiting = Array.from({ length: 9 }, () => calls.ask("change", never));
  const listing = calls.each(async function* () {
    yield 1;
    await opening.promise;
    yield 2;
  });
  assertEquals((await listing.next()).value, 1);
  const listed = listing.next();
  await settled();
  const over = new DiskCalls();
  assertEquals(await over.letGo(GONE), undefined);
  calls.letGo(GONE).then(() => done.push("over"));
  for (const each of [hung, ...waiting, listed, calls.ask("read", never)]) {
    assertEquals(await assertRejects(() => each, Error), GONE);
  }
  await calls.close(() => Promise.resolve(void done.push("closed at the end")));
  await settled();
  assertEquals(done, []);
});

Deno.test("what comes too late is closed again, and then what was to be closed", async () => {
  const calls = new DiskCalls();
  const done: string[] = [];
  const opening = Promise.withResolvers<AsyncDisposable>();
  const hung = calls.ask("read", () => opening.promise);
  const over = calls.letGo(GONE).then(() => done.push("over"));
  await assertRejects(() => hung, Error);
  await calls.close(() => Promise.resolve(done.push("closed")));
  await settled();
  assertEquals(done, []);
  opening.resolve({
    [Symbol.asyncDispose]: () => Promise.resolve(void done.push("closed what came")),
  });
  await over;
  await settled();
  assertEquals(done.sort(), ["closed", "closed what came", "over"]);
});

Deno.test("nothing is closed of a disk that gives no answer, until it gives one", async () => {
  let now = 0;
  const calls = new DiskCalls(() => now);
  const answer = Promise.withResolvers<void>();
  const asked = calls.ask("change", () => answer.promise);
  let closed = 0;
  const close = () => Promise.resolve(closed++);
  await calls.close(close);
  assertEquals(closed, 1);
  now = 10_000;
  assertEquals(calls.waitingMs, 10_000);
  await calls.close(close);
  assertEquals(closed, 1);
  answer.resolve();
  await asked;
  await settled();
  assertEquals(closed, 2);
  assertEquals(calls.waitingMs, 0);
});

Deno.test("a call that fails is an answer, and closing throws what it throws", async () => {
  const calls = new DiskCalls();
  const broken = new Error("Input/output error");
  const fails = () => Promise.reject(broken);
  assertEquals(await assertRejects(() => calls.ask("change", fails), Error), broken);
  assertEquals(await assertRejects(() => calls.close(fails), Error), broken);
  assertEquals(calls.waitingMs, 0);
});

Deno.test("what lasts is apart: while files are synced and hashed others are deleted, read and asked about", async () => {
  const calls = new DiskCalls();
  for (let count = 0; count < 40; count++) {
    calls.ask("commit", never).catch(() => {});
    calls.ask("hash", never).catch(() => {});
  }
  const kinds = ["change", "read", "ask", "write", "begin"] as const;
  assertEquals(
    await Promise.all(kinds.map((kind) => calls.ask(kind, () => Promise.resolve(kind)))),
    [...kinds],
  );
  calls.letGo(GONE);
});

Deno.test("a hash that lasts is no wait for an answer, and ends when the disk is let go of", async () => {
  let now = 0;
  const calls = new DiskCalls(() => now);
  const hash = calls.ask("hash", never);
  now = 60_000;
  assertEquals(calls.waitingMs, 0);
  let closed = 0;
  await calls.close(() => Promise.resolve(closed++));
  assertEquals(closed, 1);
  assert(!calls.left.aborted);
  calls.letGo(GONE);
  assertEquals(await assertRejects(() => hash, Error), GONE);
  assertEquals(calls.left.reason, GONE);
});

Deno.test("a commit that began after a time and has its answer tells a slow disk from one that hangs", async () => {
  let now = 10;
  const calls = new DiskCalls(() => now);
  const commit = Promise.withResolvers<void>();
  const early = calls.ask("commit", () => commit.promise);
  now = 20;
  await calls.ask("change", () => Promise.resolve());
  commit.resolve();
  await early;
  assertEquals([calls.hasCommittedSince(15), calls.hasCommittedSince(5)], [false, true]);
});
