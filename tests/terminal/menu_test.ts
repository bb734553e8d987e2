/** The menus as a user meets them: the real program on a terminal, against the real server. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import project from "../../deno.json" with { type: "json" };
import { assertEquals, assertMatch } from "../assert.ts";
import { freePort, RunningServer, temporaryRoot } from "../server/running_server.ts";
import { hasTmux, Terminal } from "./tmux.ts";

const PROGRAM = fileURLToPath(new URL("../../main.ts", import.meta.url));

/** With the permissions of its task; afterwards how it ended, and the terminal's state. */
const SCRIPT = [
  ...[Deno.execPath(), ...project.tasks.deposito.command.split(" ").slice(1, -1), PROGRAM],
  `"$@"; echo "exit $?"; stty -a | grep -oE -- "-?(icanon|echo|isig)\\b" | tr "\\n" " "`,
].join(" ");

/** A user in a folder of their own, and a depot with three places that also takes holders. */
class User implements AsyncDisposable {
  private constructor(
    private readonly root: AsyncDisposable & { path: string },
    readonly server: RunningServer,
  ) {}

  static async start(): Promise<User> {
    const root = temporaryRoot();
    await Deno.mkdir(join(root.path, "user/papers"), { recursive: true });
    const places = ["d1", "d2", "d3"];
    const server = await RunningServer.start(root.path, {
      places,
      flags: { port: freePort(), store: "clients", "keep-removed": "1h" },
    });
    return new User(root, server);
  }

  path(name: string): string {
    return join(this.root.path, "user", name);
  }

  open(columns: number, ...words: string[]): Promise<Terminal> {
    const settings = join(this.root.path, "settings");
    const script = `set -- ${words.join(" ")}; ${SCRIPT}`;
    const env = { XDG_CONFIG_HOME: settings, DEPOSITO_SERVER: "", DEPOSITO_ID: "" };
    return Terminal.run(script, { columns, cwd: this.path("."), env });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server[Symbol.asyncDispose]();
    await this.root[Symbol.asyncDispose]();
  }
}

/** Answers a question of one line in place of what is offered. */
async function answer(terminal: Terminal, question: RegExp, text: string): Promise<void> {
  await terminal.sees(question);
  await terminal.press("C-u");
  await terminal.type(text);
  await terminal.press("Enter");
}

/** Takes the choice that is so many below the first. */
async function choose(terminal: Terminal, question: RegExp, down: number): Promise<void> {
  await terminal.sees(question);
  for (let at = 0; at < down; at++) await terminal.press("Down");
  await terminal.press("Enter");
}

const MENU = /◆ What now\?/;
const NAME = "we|ird\x1b[31m 100%.txt";

for (const columns of [80, 40]) {
  Deno.test(`first start, deposit, change, retrieve and leave on ${columns} columns`, {
    ignore: !hasTmux,
  }, async () => {
    await using user = await User.start();
    await Deno.writeTextFile(user.path(`papers/${NAME}`), "what was deposited");
    await using terminal = await user.open(columns);
    await choose(terminal, /◆ What shall this be\? ● Client.* ○ Server.* ○ Holder/, 0);
    await answer(terminal, /◆ Which host\? 127\.0\.0\.1/, "127.0.0.1");
    await answer(terminal, /◆ Which port\? 7420/, String(user.server.port));
    await answer(terminal, /◆ Your identifier\? empty: remembered, or a new one/, "");
    const started = await terminal.sees(MENU);
    assertMatch(started, /your identifier is [0-9a-f-]{36} note it down: /);

    await choose(terminal, MENU, 0);
    await terminal.sees(/◆ Which file or folder\? Search:.* ● papers\//);
    await terminal.type("pap");
    await terminal.press("Tab");
    await terminal.sees(/Search: papers\/█ ● papers\/ ○ papers\/we\|ird\\u\{1b\}\[31m/);
    await terminal.press("Down", "Enter");
    await answer(terminal, /◆ How many replicas\? 1 to 3 possible/, "4");
    await terminal.sees(
      /▲ How many replicas\?.* is possible now: write a whole number from 1 to 3/,
    );
    await answer(terminal, /▲ How many replicas\?/, "2");
    await terminal.sees(/stored we\|ird\\u.*: 2 of 2 on d\d, d\d ◆ What now\?/);

    await choose(terminal, MENU, 3);
    await terminal.sees(/◆ Change the replicas of which\? Search:.* ● we\|ird\\u\{1b\}/);
    await terminal.type("100");
    await terminal.sees(/Search: 100█ ● we\|ird/);
    await terminal.press("Enter");
    await answer(terminal, /◆ How many replicas\? 1 to 3 possible/, "3");
    await terminal.sees(/changed we\|ird\\u.*: 3 of 3 on/);

    await choose(terminal, MENU, 1);
    await choose(terminal, /◆ Retrieve which\? Search:.* ● we\|ird/, 0);
    await answer(terminal, /◆ Where to\? Search:.* ● \.\/ \(here/, "back/");
    await terminal.sees(/retrieved we\|ird\\u\{1b\}\[31m.* ◆ What now\?/);
    assertEquals(await Deno.readTextFile(user.path(`back/${NAME}`)), "what was deposited");

    await choose(terminal, MENU, 9);
    await terminal.sees(/Leave exit 0 isig icanon echo/);
  });
}

Deno.test("with --json a terminal shows what is not the result as well", {
  ignore: !hasTmux,
}, async () => {
  await using user = await User.start();
  const words = ["client", "--server", `127.0.0.1:${user.server.port}`, "list", "--json"];
  await using terminal = await user.open(80, ...words);
  await terminal.sees(/note it down: .* \[\] exit 0/);
});

Deno.test("a depot that is not there is said, and asked for again", {
  ignore: !hasTmux,
}, async () => {
  await using user = await User.start();
  await using terminal = await user.open(80, "client");
  await answer(terminal, /◆ Which host\?/, "127.0.0.1");
  await answer(terminal, /◆ Which port\?/, "1");
  await answer(terminal, /◆ Your identifier\?/, "");
  await terminal.sees(/Could not connect to 127\.0\.0\.1:1.*◆ Which host\? 127\.0\.0\.1/);
  await terminal.press("Enter");
  await answer(terminal, /◆ Which port\? 1/, String(user.server.port));
  await answer(terminal, /◆ Your identifier\?/, "6b6c1f0e-3b5f-4c9e-8a51-0d6a4f1c2b3e");
  await terminal.sees(/never gave it out.*◆ Which host\?/);
  await terminal.press("C-c");
  await terminal.sees(/exit 130 isig icanon echo/);
});

Deno.test("a file is renamed, removed and restored, and what would be replaced is asked", {
  ignore: !hasTmux,
}, async () => {
  await using user = await User.start();
  await using terminal = await user.open(80, "client", "127.0.0.1", String(user.server.port));
  await choose(terminal, MENU, 6);
  await terminal.sees(/nothing that can be restored ◆ What now\?/);
  for (const papers of ["one", "two"]) {
    await Deno.writeTextFile(user.path("papers/p.txt"), papers);
    await choose(terminal, MENU, 0);
    await terminal.sees(/◆ Which file or folder\?/);
    await terminal.type("papers/");
    await terminal.press("Enter");
    await answer(terminal, /◆ How many replicas\?/, "1");
    await terminal.sees(/1 file stored ◆ What now\?/);
  }

  await choose(terminal, MENU, 4);
  await choose(terminal, /◆ Rename which\? Search:.* ● papers\//, 0);
  await answer(terminal, /◆ Its new name\? papers\//, "old");
  await terminal.sees(/renamed 1 file, papers\/ to old\/ ◆ What now\?/);

  await choose(terminal, MENU, 6);
  await choose(terminal, /◆ Restore which\? Search:.* ● papers\//, 1);
  await terminal.sees(/restored version \d+ of papers\/p\.txt.* ◆ What now\?/);

  await choose(terminal, MENU, 4);
  await choose(terminal, /◆ Rename which\? Search:.* ● old\//, 1);
  await answer(terminal, /◆ Its new name\? old\/p\.txt/, "papers/p.txt");
  await terminal.sees(/◆ Replace what is named papers\/p\.txt\?/);
  await terminal.type("y");
  await terminal.sees(/renamed old\/p\.txt to papers\/p\.txt.* ◆ What now\?/);
  await terminal.press("C-c");
  await terminal.sees(/exit 130/);
});

Deno.test("the menu comes back after an error, and over a server that restarts", {
  ignore: !hasTmux,
}, async () => {
  await using user = await User.start();
  await using terminal = await user.open(80, "client", "127.0.0.1", String(user.server.port));
  await choose(terminal, MENU, 1);
  await terminal.sees(/no files yet: deposit one first ◆ What now\?/);
  await user.server.kill();
  await choose(terminal, MENU, 2);
  await terminal.sees(/trying again in/);
  await user.server.restart();
  await terminal.sees(/no files; .* ◆ What now\?/);
  await terminal.press("C-c");
  await terminal.sees(/exit 130 isig icanon echo/);
});

Deno.test("Ctrl-C leaves from a question, and what is held says goodbye", {
  ignore: !hasTmux,
}, async () => {
  await using user = await User.start();
  await using terminal = await user.open(80, "client", "127.0.0.1", String(user.server.port));
  await choose(terminal, MENU, 8);
  await answer(terminal, /◆ Which directory to lend\?/, "lent");
  await answer(terminal, /◆ How much of its disk at most\?/, "1MB");
  await user.server.logged(/address="clients:/);
  await choose(terminal, MENU, 7);
  await terminal.sees(/lending .* as the place .*◆ The status of what\?.*● The whole depot/);
  await terminal.press("Escape");
  await choose(terminal, MENU, 0);
  await terminal.sees(/◆ Which file or folder\?/);
  await terminal.press("C-c");
  await terminal.sees(/said goodbye: .* exit 130 isig icanon echo/);
});
