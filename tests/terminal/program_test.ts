/** `main.ts` as a process, with the permissions of the client's task and no terminal. */
import { fileURLToPath } from "node:url";
import { assertEquals, assertMatch } from "../assert.ts";
import { TempFolder } from "../client/scripted_depot.ts";

const PROGRAM = fileURLToPath(new URL("../../main.ts", import.meta.url));

const PERMISSIONS = [
  "--no-prompt",
  "--allow-read",
  "--allow-write",
  "--allow-net",
  "--allow-env=HOME,XDG_CONFIG_HOME,APPDATA,DEPOSITO_SERVER,DEPOSITO_ID,INIT_CWD",
];

async function run(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  await using config = new TempFolder();
  const command = new Deno.Command(Deno.execPath(), {
    args: ["run", ...PERMISSIONS, PROGRAM, ...args],
    stdin: "null",
    // Nothing may come of the settings of whoever runs the tests.
    env: { XDG_CONFIG_HOME: config.path, DEPOSITO_SERVER: "", DEPOSITO_ID: "" },
  });
  const { code, stdout, stderr } = await command.output();
  const text = new TextDecoder();
  return { code, out: text.decode(stdout), err: text.decode(stderr) };
}

Deno.test("wrong words end with status 2 and one line that says what is right", async () => {
  const wrong: [string[], RegExp][] = [
    [[], /^deposito: Missing words: deposito server, or deposito client COMMAND; see --help\n$/],
    [["clinet"], /^deposito: Unknown word "clinet": did you mean deposito client\?\n$/],
    [["replica", "a", "2"], /: did you mean deposito client replicas\?\n$/],
    [["--verison"], /^deposito: Unknown flag "--verison": did you mean --version\?\n$/],
    [["completions", "bsh"], /^deposito: Unknown shell "bsh": did you mean bash\?\n$/],
    [["server", "--grace", "10"], /^deposito: --grace: "10" is no duration: .*\n$/],
    [["server", "--prot", "1"], /^deposito: Unknown flag "--prot": did you mean --port\?\n$/],
    [
      ["server", "start"],
      /^deposito: Unknown command "start": there are status, places, .*\n$/,
    ],
    [["client", "hold", ".", "--capacity", "5G"], /^deposito: --capacity: "5G" is no size: .*\n$/],
    [["client", "list", "--server", "http://a"], /--server: "http:\/\/a" is no address: .*\n$/],
    [["client"], /^deposito: Missing COMMAND: one of deposit, .*\n$/],
    [["client", "lst"], /^deposito: Unknown command "lst": did you mean list\?\n$/],
    [["client", "list", "--jsn"], /^deposito: Unknown flag "--jsn": did you mean --json\?\n$/],
    [["client", "127.0.0.1", "7420"], /^deposito: Missing COMMAND: the menu needs a terminal.*\n$/],
    [["client", "list", "--server", "a:b"], /^deposito: --server: "b" is no port: .*\n$/],
    [["client", "retrieve", "a", "--output", "-", "--json"], /^deposito: --output - takes no/],
    [
      ["client", "deposit", "a", "--replicas", "2", "--wait", "3"],
      /to wait for: .* from 1 to 2\n$/,
    ],
    [["client", "deposit", "a", "--wait", "0"], /to wait for: .* from 1 to 1000\n$/],
    [["client", "list", "--id", "x"], /^deposito: --id: "x" is no identifier: .*\n$/],
  ];
  await Promise.all(wrong.map(async ([args, complaint]) => {
    const { code, out, err } = await run(...args);
    assertEquals([code, out], [2, ""], args.join(" "));
    assertMatch(err, complaint);
  }));
});

Deno.test("a depot that is not there ends with status 1, in JSON too", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const server = `127.0.0.1:${listener.addr.port}`;
  listener.close();
  const plain = await run("client", "--server", server, "list");
  assertEquals([plain.code, plain.out], [1, ""]);
  assertMatch(plain.err, /^deposito: Could not connect to 127\.0\.0\.1:\d+: .*is a depot running/);
  const json = await run("client", "--server", server, "retrieve", "a", "--json");
  assertEquals([json.code, JSON.parse(json.out)[0].name], [1, "a"]);
  const failing: [string[], unknown][] = [
    [["retrieve", "--all"], [""]],
    [["deposit", PROGRAM, "--name", "b/"], ["b/main.ts"]],
    [["status"], ["error"]],
    [["status", "a"], ["name", "error"]],
    [["id"], ["error"]],
  ];
  for (const [words, expected] of failing) {
    const { code, out } = await run("client", "--server", server, ...words, "--json");
    const value = JSON.parse(out);
    const names = Array.isArray(value) ? value.map(({ name }) => name) : Object.keys(value);
    assertEquals([code, names], [1, expected]);
  }
});

Deno.test("help and version are results", async () => {
  const parts = [[], ["client"], ["server"]];
  const said = ["--version", "version"].flatMap((word) => parts.map((part) => [...part, word]));
  const asked = ["--help", "-h", "help"].flatMap((word) => parts.map((part) => [...part, word]));
  const check = async (args: string[], expected: RegExp) => {
    const { code, out, err } = await run(...args);
    assertEquals([code, err], [0, ""], args.join(" "));
    assertMatch(out, expected);
  };
  for (const args of said) await check(args, /^deposito \d+\.\d+\.\d+\n$/);
  for (const args of [...asked, ["client", "deposit", "--help"]]) {
    await check(args, /^Usage: deposito/);
  }
});

Deno.test("Ctrl-C ends with status 130", { ignore: Deno.build.os === "windows" }, async () => {
  await using config = new TempFolder();
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const server = `127.0.0.1:${listener.addr.port}`;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", ...PERMISSIONS, PROGRAM, "client", "--server", server, "list"],
    env: { XDG_CONFIG_HOME: config.path, DEPOSITO_SERVER: "", DEPOSITO_ID: "" },
    stdout: "null",
    stderr: "piped",
  }).spawn();
  using _silent = await listener.accept();
  child.kill("SIGINT");
  const { code, stderr } = await child.output();
  assertEquals([code, new TextDecoder().decode(stderr)], [130, "deposito: stopped\n"]);
});

Deno.test("a reader that has enough ends the program without a word", {
  ignore: Deno.build.os === "windows",
}, async () => {
  for (const words of [["client", "deposit", "--help"], ["server", "--help"], ["--help"]]) {
    const command = [Deno.execPath(), "run", ...PERMISSIONS, PROGRAM, ...words];
    const quoted = command.map((word) => `'${word}'`).join(" ");
    // The reader has ended when the program begins.
    const script = `mkfifo p; { read -r _ <p; ${quoted}; echo $? >&2; } | { exec <&-; echo >p; }`;
    await using folder = new TempFolder();
    const options = { args: ["-c", script], cwd: folder.path };
    const { stderr } = await new Deno.Command("sh", options).output();
    assertEquals(new TextDecoder().decode(stderr), "141\n");
  }
});
