import fc from "fast-check";
import { isAbsolute, join, relative } from "node:path";
import { LocalError, Refusal } from "../../lib/client/mod.ts";
import { collisionKey, makeFoldersBelow, pathBelow } from "../../lib/client/output_path.ts";
import { ownName, walk } from "../../lib/client/walk.ts";
import { partPath } from "../../lib/client/output_path.ts";
import { uploadId } from "../../lib/client/source.ts";
import { complaintAboutName } from "../../lib/protocol/mod.ts";
import { assert, assertEquals, assertMatch, assertRejects, assertThrows } from "../assert.ts";
import { TempFolder } from "./scripted_depot.ts";

const onWindows = Deno.build.os === "windows";

Deno.test("a name never leaves the folder", () => {
  const names = fc.string({
    unit: fc.constantFrom("a", ".", "..", "/", "\\", ":", "C:", "~", "\0", " ", "%2e", "\n"),
    maxLength: 12,
  });
  fc.assert(fc.property(names, (name) => {
    let path: string;
    try {
      path = pathBelow("/out", name);
    } catch (error) {
      assert(error instanceof Refusal || error instanceof LocalError);
      return;
    }
    const inner = relative("/out", path);
    assert(inner !== "" && !isAbsolute(inner) && inner !== ".." && !inner.startsWith("../"));
    assertEquals(complaintAboutName(name), null);
  }));
});

Deno.test("what Windows takes for something else is refused there, and there alone", () => {
  const names = [
    "a\\b",
    "C:",
    "C:x",
    "a/nul",
    "NUL.txt",
    "com1",
    "Lpt9.x",
    "a ",
    "a.",
    "a?",
    "a<b",
    "\x01",
    "x:y",
  ];
  for (const name of names) {
    const error = assertThrows(() => pathBelow("/out", name, "windows"), LocalError, "Windows");
    assertEquals(error.code, "caminho_recusado");
    pathBelow("/out", name, "linux");
  }
  for (const name of ["null", "com", "communes.txt", "a b", ".a", "é", "com10"]) {
    pathBelow("/out", name, "windows");
  }
});

Deno.test("names that are one file on a system have one key there", () => {
  assertEquals(collisionKey("A/é", "darwin"), collisionKey("a/e\u0301", "darwin"));
  assert(collisionKey("A", "linux") !== collisionKey("a", "linux"));
});

Deno.test("a link below the folder is not gone through", { ignore: onWindows }, async () => {
  await using folder = new TempFolder();
  const out = join(folder.path, "out");
  await Deno.mkdir(join(folder.path, "outside"));
  await Deno.mkdir(out);
  await Deno.symlink(join(folder.path, "outside"), join(out, "link"));
  await assertRejects(() => makeFoldersBelow(out, join(out, "link/a")), LocalError, "is a link");
  await assertRejects(() => makeFoldersBelow(out, join(out, "link/x/a")), LocalError, "is a link");
  assertEquals([...Deno.readDirSync(join(folder.path, "outside"))], []);
  await Deno.writeTextFile(join(out, "file"), "");
  await assertRejects(() => makeFoldersBelow(out, join(out, "file/a")), LocalError, "no folder");
  assertEquals(await makeFoldersBelow(out, join(out, "x/y/z")), true, "it is new");
  assertEquals(await makeFoldersBelow(out, join(out, "x/y/z2")), false, "it was there");
  assertEquals(await makeFoldersBelow(join(out, "n/m"), join(out, "n/m/a")), true, "it is new");
  assertEquals(await makeFoldersBelow(out, join(out, "a")), false, "it was there");
  assert((await Deno.stat(join(out, "x/y"))).isDirectory);
  // The folder itself may be reached through a link: the user named it.
  await makeFoldersBelow(join(out, "link"), join(out, "link/x/a"));
});

Deno.test("a part lies beside its target, and fits where its target fits", () => {
  const digest = "ab".repeat(32);
  assertEquals(partPath("/x/a.txt", digest), join("/x", ".a.txt.abababababababab.deposito-part"));
  const long = partPath("/x/" + "é".repeat(120), digest);
  assert(new TextEncoder().encode(long).length < 255);
  assertMatch(long, /\.abababababababab\.deposito-part$/);
});

Deno.test(
  "walk() names every file in one order, and what it leaves",
  { ignore: onWindows },
  async () => {
    await using folder = new TempFolder();
    const root = join(folder.path, "F");
    for (const inner of ["b/c", "b/empty", "a"]) {
      await Deno.mkdir(join(root, inner), {
        recursive: true,
      });
    }
    const part = "b/.x.0123456789abcdef.deposito-part";
    for (const name of ["z", "b/c/x", "b/B", "a/1", "a/\n|%", part]) {
      await Deno.writeTextFile(join(root, name), name);
    }
    await Deno.symlink("z", join(root, "b/link"));
    const found = await Array.fromAsync(walk(root, "P"));
    const told = found.map((one) =>
      one.kind === "left" ? `${relative(root, one.path)}: ${one.why}` : one.name
    );
    assertEquals(told, [
      "P/a/\n|%",
      "P/a/1",
      `${part}: a part of a retrieval`,
      "P/b/B",
      "P/b/c/x",
      "b/empty: an empty folder",
      "b/link: a link",
      "P/z",
    ]);
  },
);

Deno.test("a file whose name is not UTF-8 is a failure, a link is a remark", {
  ignore: Deno.build.os !== "linux",
}, async () => {
  await using folder = new TempFolder();
  const script = "touch \"$(printf 'a\\377')\" && ln -s x \"$(printf 'b\\377')\"";
  const { success } = await new Deno.Command("sh", { args: ["-c", script], cwd: folder.path })
    .output();
  assert(success);
  const found = await Array.fromAsync(walk(folder.path, "P"));
  assertEquals(found.map(({ kind }) => kind), ["failed", "left"]);
});

Deno.test("walk() goes on after a folder that it cannot read", async () => {
  await using folder = new TempFolder();
  const found = await Array.fromAsync(walk(join(folder.path, "absent"), "P"));
  assertEquals(found.map(({ kind }) => kind), ["failed"]);
});

Deno.test("a path's own name is that of the real folder", () => {
  assertEquals(ownName("/a/b/"), "b");
  assertEquals(ownName("/a/b/."), "b");
  assertEquals(ownName("/a/b/.."), "a");
  assertEquals(ownName("/"), "");
});

Deno.test("an upload's identifier is a UUID that stays, and changes with all that it is of", () => {
  const parts = { depot: "d", owner: "o", name: "n", identity: "/p\x005\x001" };
  const id = uploadId(parts);
  assertMatch(id, /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assertEquals(uploadId({ ...parts }), id);
  for (const key of ["depot", "owner", "name", "identity"] as const) {
    assert(uploadId({ ...parts, [key]: parts[key] + "x" }) !== id);
  }
});
