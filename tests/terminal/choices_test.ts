import { join } from "node:path";
import type { StoredFile } from "../../lib/client/mod.ts";
import type { Context } from "../../lib/terminal/commands/command.ts";
import { renameWords } from "../../lib/terminal/menu_words.ts";
import { nameChoices } from "../../lib/terminal/name_choices.ts";
import { PathChoices } from "../../lib/terminal/path_choices.ts";
import type { Questions } from "../../lib/terminal/prompts.ts";
import { wrap } from "../../lib/terminal/text.ts";
import { assertEquals } from "../assert.ts";
import { TempFolder } from "../client/scripted_depot.ts";
import { KeptScreen } from "./kept_screen.ts";

const named = (name: string): StoredFile => ({
  name,
  size: 1536,
  digest: "0".repeat(64),
  version: 1,
  depositedAt: 0,
  replicas: { wanted: 2, live: 1 },
  modifiedAt: null,
  executable: false,
  places: [],
});

const values = (choices: { value: string }[]) => choices.map(({ value }) => value);

Deno.test("a path that is typed completes to what is there, folders with their /", async () => {
  await using folder = new TempFolder();
  await Deno.mkdir(join(folder.path, "docs/deep"), { recursive: true });
  for (const name of ["docs/a.txt", "dx", ".hidden", "-"]) await folder.file(name, "");
  const resolve = (text: string) => join(folder.path, text);
  const paths = new PathChoices({ resolve });
  assertEquals(values(paths.of("")), ["-", "docs/", "dx"]);
  assertEquals(values(paths.of("d")), ["docs/", "dx"]);
  assertEquals(values(paths.of("docs")), ["docs/"]);
  assertEquals(values(paths.of("docs/")), ["docs/", "docs/a.txt", "docs/deep/"]);
  assertEquals(values(paths.of("./docs/a")), ["./docs/a.txt"]);
  assertEquals(values(paths.of(".h")), [".hidden"]);
  assertEquals(values(paths.of("absent/x")), []);
  assertEquals(paths.meant("-"), "./-");

  const first = { value: "./", hint: "here" };
  const folders = new PathChoices({ resolve, folders: true, mayBeNew: true, first });
  assertEquals(values(folders.of("")), ["./", "docs/"]);
  assertEquals(folders.of("new"), [{ value: "new", hint: "new" }]);
});

Deno.test("a path with control characters is offered escaped, and is itself when it is taken", {
  ignore: Deno.build.os === "windows",
}, async () => {
  await using folder = new TempFolder();
  await folder.file("a\nb", "");
  const paths = new PathChoices({ resolve: (text) => join(folder.path, text) });
  assertEquals(values(paths.of("a")), ["a\\nb"]);
  assertEquals(paths.meant("a\\nb"), "a\nb");
});

Deno.test("names are offered with their folders, each before its first file", () => {
  const choices = nameChoices(["a/b/c", "a/d", "e\x1b[2J"].map(named));
  const hint = "1.5 KiB, 1 of 2 replicas";
  assertEquals(choices, [
    { value: "a/", label: "a/", hint: "2 files" },
    { value: "a/b/", label: "a/b/", hint: "1 file" },
    { value: "a/b/c", label: "a/b/c", hint },
    { value: "a/d", label: "a/d", hint },
    { value: "e\x1b[2J", label: "e\\u{1b}[2J", hint },
  ]);
});

Deno.test("wrap() breaks lines between words only", () => {
  assertEquals(wrap("one two three", 7), ["one two", "three"]);
  assertEquals(wrap("a very-long-word b", 5), ["a", "very-long-word", "b"]);
  assertEquals(wrap("one two", null), ["one two"]);
});

Deno.test("a name is offered to be edited only where it can be shown as it is", async () => {
  for (const [name, offered] of [["report.pdf", "report.pdf"], ["e\x1b[2J", undefined]] as const) {
    const questions = {
      search: () => Promise.resolve(name),
      text: (_: string, { initial }: { initial?: string }) => {
        assertEquals(initial, offered);
        return Promise.resolve(null);
      },
    } as unknown as Questions;
    const { screen } = new KeptScreen();
    const link = () => Promise.resolve({ list: () => ReadableStream.from([named(name)]) });
    const context = { link, screen, signal: new AbortController().signal } as unknown as Context;
    assertEquals(await renameWords({ questions, context }), null);
  }
});
