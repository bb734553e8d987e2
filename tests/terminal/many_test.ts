import { ConnectionLost, LocalError, Refusal } from "../../lib/client/mod.ts";
import { Failures } from "../../lib/terminal/commands/failures.ts";
import { failureWords } from "../../lib/terminal/commands/many.ts";
import { errorJson } from "../../lib/terminal/json.ts";
import { Stopped } from "../../lib/terminal/stopping.ts";
import { assertEquals } from "../assert.ts";
import { KeptScreen } from "./kept_screen.ts";

Deno.test("what was under way when a command was ended is not called failed", () => {
  const reason = new Error("stopped");
  const outcomes = [
    { item: "a", result: {} },
    { item: "b", error: reason },
    { item: "c", error: new Error("no room") },
    { item: "d", error: reason },
  ];
  const ended = { outcomes, notBegun: [], hopeless: null, stopped: { reason } };
  assertEquals(failureWords(ended), ["1 failed", "2 not finished"]);
  assertEquals(failureWords({ ...ended, stopped: null }), ["3 failed"]);
  const lost = { error: new ConnectionLost("gone") };
  const left = { outcomes: [], notBegun: ["e"], hopeless: lost, stopped: null };
  assertEquals(failureWords(left), ["1 not begun"]);
  const refused = { error: new Refusal("poucos_locais", "no") };
  assertEquals(failureWords({ ...left, hopeless: refused }), ["1 failed"]);
});

Deno.test("a cause of many failures is said once, a cause of few for each file", () => {
  const kept = new KeptScreen();
  const failures = new Failures(kept.screen, { one: "could not keep", many: "not kept" });
  const taken = (path: string) => new LocalError("ja_existe", `${path} exists`);
  const denied = (path: string) =>
    new Deno.errors.PermissionDenied(`Permission denied (os error 13): open '${path}'`);
  for (const name of ["a", "b", "c", "d", "e", "f"]) {
    failures.tell({ subject: name, path: `/o/${name}` }, { error: taken(`/o/${name}`) });
  }
  for (const name of ["1", "2", "3", "4"]) {
    failures.tell({ subject: name }, { error: denied(`/x/.${name}.part`) });
  }
  const full = new Refusal("poucos_locais", "Too few", { available: 2 });
  for (const subject of ["x", "y"]) failures.tell({ subject }, { error: full, befallsAll: true });
  failures.tellRest(["z"], { error: full });
  failures.tellRest(["z"], { error: new ConnectionLost("gone") });
  for (const size of [5, 70, 800, 9_000, 10_000]) {
    const error = new Refusal("limite", `${size} bytes are too many`);
    failures.tell({ subject: `${size}` }, { error });
  }
  failures.end();
  assertEquals(kept.err.trimEnd().split("\n").map((line) => line.replace("deposito: ", "")), [
    "could not keep a: /o/a exists",
    "could not keep b: /o/b exists",
    "could not keep c: /o/c exists",
    "could not keep 1: /x/.1.part: Permission denied; check who may use it",
    "could not keep 2: /x/.2.part: Permission denied; check who may use it",
    "could not keep 3: /x/.3.part: Permission denied; check who may use it",
    "could not keep 5: 5 bytes are too many",
    "could not keep 70: 70 bytes are too many",
    "could not keep 800: 800 bytes are too many",
    "3 more files not kept: each exists; first: d",
    "could not keep 4: /x/.4.part: Permission denied; check who may use it",
    "3 files not kept: Too few; ask for 2, or deposit it with --allow-fewer; first: x",
    "2 more files not kept: 9000 bytes are too many; first: 9000",
  ]);
});

Deno.test("what the system says is the same sentence in JSON, with a code", () => {
  const { errors } = Deno;
  const cases: [unknown, string, string][] = [
    [
      new errors.PermissionDenied("Permission denied (os error 13): open '/a/b'"),
      "sem_permissao",
      "/a/b: Permission denied; check who may use it",
    ],
    [
      new errors.NotFound("No such file or directory (os error 2): stat '/a'"),
      "nao_existe",
      "/a: No such file or directory; check the path",
    ],
    [
      new Error("No space left on device (os error 28): open '/a'"),
      "disco_cheio",
      "/a: No space left on device; make room there; the same command goes on where it was",
    ],
    [new Stopped(130), "interrompido", "The command was ended before this was done"],
  ];
  for (const [error, code, message] of cases) {
    assertEquals(errorJson(error), { error: { code, message } });
  }
});
