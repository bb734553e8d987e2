/** The completions of the real program, in the shells that are here. */
import { fileURLToPath } from "node:url";
import { SHELLS } from "../../lib/terminal/completions/command.ts";
import { assert, assertEquals } from "../assert.ts";
import { TempFolder } from "../client/scripted_depot.ts";

const PROGRAM = fileURLToPath(new URL("../../main.ts", import.meta.url));
const TEXT = new TextDecoder();

async function output(program: string, args: string[], cwd?: string): Promise<string> {
  const options = { args, ...cwd === undefined ? {} : { cwd } };
  const { success, stdout, stderr } = await new Deno.Command(program, options).output();
  assert(success, `${program}: ${TEXT.decode(stderr)}`);
  assertEquals(TEXT.decode(stderr), "");
  return TEXT.decode(stdout);
}

async function hasShell(shell: string): Promise<boolean> {
  try {
    return (await new Deno.Command(shell, { args: ["--version"], stdout: "null" }).output())
      .success;
  } catch {
    // deno-lint-ignore no-console
    console.log(`skipped: completions for ${shell} need ${shell} (apt-get install ${shell})`);
    return false;
  }
}

const here = new Map<string, boolean>();
for (const shell of Object.keys(SHELLS)) here.set(shell, await hasShell(shell));

function script(shell: string): Promise<string> {
  return output(Deno.execPath(), [
    "run",
    "--no-prompt",
    "--allow-env",
    PROGRAM,
    "completions",
    shell,
  ]);
}

/** Lines typed up to the Tab, and what is offered then; `null`: paths. */
const CASES: readonly [line: string, offered: string[] | null][] = [
  ["deposito cl", ["client"]],
  ["deposito --v", ["--version"]],
  ["deposito client rep", ["replicas"]],
  ["deposito client --server h:1 dep", ["deposit"]],
  ["deposito client deposit --rep", ["--replicas"]],
  ["deposito client retrieve x --f", ["--force"]],
  ["deposito server --log ", ["text", "json"]],
  ["deposito server dr", ["drain"]],
  ["deposito server drain --w", ["--wait"]],
  ["deposito server --grace ", []],
  ["deposito server aside --drop ", ["spare"]],
  ["deposito client deposit fi", null],
  ["deposito client retrieve x --output fi", null],
  ["deposito client retrieve fi", []],
  ["deposito completions f", ["fish"]],
  ["deposito-client rep", ["replicas"]],
  ["deposito-server --log t", ["text"]],
];

Deno.test(
  "bash completes words, flags and their values",
  { ignore: !here.get("bash") },
  async () => {
    const asked = CASES.map(([line]) => {
      const words = line.split(" ");
      return `COMPREPLY=(none); COMP_WORDS=(${words.map((word) => `'${word}'`).join(" ")})
COMP_CWORD=${words.length - 1}; _deposito
[ "\${COMPREPLY[*]}" = none ] && echo '(paths)' || echo "\${COMPREPLY[*]}"`;
    });
    const said = await output("bash", [
      "--norc",
      "-c",
      [await script("bash"), ...asked].join("\n"),
    ]);
    const expected = CASES.map(([, offered]) => offered === null ? "(paths)" : offered.join(" "));
    assertEquals(said.trimEnd().split("\n"), expected);
  },
);

Deno.test("fish completes the same", { ignore: !here.get("fish") }, async () => {
  await using folder = new TempFolder();
  await folder.file("file.txt", "");
  const asked = CASES.map(([line]) => `complete -C '${line}' | string split -f1 \\t; echo .`);
  const text = [await script("fish"), ...asked].join("\n");
  const said = (await output("fish", ["--no-config", "-c", text], folder.path)).split(".\n");
  for (const [index, [line, offered]] of CASES.entries()) {
    const words = said[index]!.split("\n").filter((word) => word !== "");
    assertEquals(words.toSorted(), (offered ?? ["file.txt"]).toSorted(), line);
  }
});

Deno.test("zsh takes its script", { ignore: !here.get("zsh") }, async () => {
  await using folder = new TempFolder();
  const path = await folder.file("_deposito", await script("zsh"));
  assertEquals(await output("zsh", ["-n", path]), "");
});
