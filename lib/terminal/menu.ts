/** The menus of the seed: server or client, then what a client can do. */
import { parseFlags } from "./arguments.ts";
import { clientSettings, parseIdentifier, ProcessClient } from "./client_context.ts";
import { type Context, EXIT } from "./commands/command.ts";
import { parseReplicas } from "./commands/shared_flags.ts";
import { COMMANDS } from "./commands/table.ts";
import { complaint } from "./complaint.ts";
import { LendingBeside } from "./lending.ts";
import { askText, choose, confirmOnTerminal, hasTerminal } from "./prompts.ts";
import { runCommand } from "./run_command.ts";
import { DEFAULT_PORT, formatAddress, parsePort, UsageError } from "./values.ts";

/** What the first menu's answers call for. */
export interface Parts {
  server(args: string[]): Promise<number>;
  client(args: string[]): Promise<number>;
}

/** The first menu. Resolves to the exit status. Throws `UsageError` without a terminal. */
export async function runFirstMenu(parts: Parts): Promise<number> {
  requireTerminal("Missing words: deposito server, or deposito client COMMAND; see --help");
  const part = await choose("What shall this be?", [
    { value: "client", label: "A client: deposit files, and get them back" },
    { value: "server", label: "A server: keep the files of others" },
    { value: "hold", label: "A holder: lend disk to a server, for the files of others" },
    { value: "leave", label: "Leave" },
  ]);
  if (part === "server") {
    const port = await askPort();
    return port === null ? EXIT.done : await parts.server(["--port", port]);
  }
  if (part !== "client" && part !== "hold") return EXIT.done;
  const words = await askServer();
  if (words === null) return EXIT.done;
  if (part === "client") return await parts.client(words);
  const directory = await askDirectory();
  return directory === null ? EXIT.done : await parts.client([...words, "hold", "--", directory]);
}

/** The client's menu. Resolves to the exit status. Throws `UsageError` without a terminal. */
export async function runClientMenu(
  flags: { server: string | null; id: string | null; hold?: string | null },
): Promise<number> {
  requireTerminal("Missing COMMAND: the menu needs a terminal; see deposito client --help");
  const settings = clientSettings({ ...flags, json: false, quiet: false });
  const { signal } = new AbortController();
  using client = new ProcessClient(settings, { signal, confirm: confirmOnTerminal });
  const { context } = client;
  try {
    const link = await context.link();
    context.screen.remark(`connected to ${formatAddress(link.address)} as ${link.id}`);
  } catch (error) {
    context.screen.complain(complaint(error));
    return EXIT.failed;
  }
  await using beside = new LendingBeside(context);
  if (flags.hold) beside.start(flags.hold);
  await askUntilLeft(context, beside);
  return EXIT.done;
}

const ACTIONS = [
  { value: "deposit", label: "Deposit a file or folder" },
  { value: "retrieve", label: "Retrieve a file" },
  { value: "list", label: "List the files" },
  { value: "replicas", label: "Change the number of replicas" },
  { value: "remove", label: "Remove a file" },
  { value: "status", label: "Show the status" },
  { value: "hold", label: "Lend disk meanwhile" },
  { value: "leave", label: "Leave" },
] as const;

type Action = (typeof ACTIONS)[number]["value"];

/** The words that each action's questions come to; `null`: the user left them. */
const QUESTIONS: Readonly<Record<Action, () => Promise<string[] | null>>> = {
  deposit: () =>
    asked(
      (path, replicas) => [...replicas === "" ? [] : ["--replicas", replicas], "--", path],
      () => askText("Which file or folder?", { check: requireSome }),
      () =>
        askText("How many replicas?", { hint: "empty: as before", check: emptyOr(parseReplicas) }),
    ),
  retrieve: () =>
    asked(
      (name, output) => [...output === "" ? [] : ["--output", output], "--", name],
      () => askText("Which name? (a folder's ends in /)", { check: requireSome }),
      () => askText("To which path?", { hint: "empty: here, under its name" }),
    ),
  list: () => Promise.resolve([]),
  replicas: () =>
    asked(
      (name, replicas) => ["--", name, replicas],
      () => askText("Which name? (a folder's ends in /)", { check: requireSome }),
      () => askText("How many replicas?", { check: parseReplicas }),
    ),
  remove: () => asked((name) => ["--", name], () => askText("Which name?", { check: requireSome })),
  status: () => Promise.resolve([]),
  hold: () => asked((directory) => [directory], askDirectory),
  leave: () => Promise.resolve(null),
};

async function askUntilLeft(context: Context, beside: LendingBeside): Promise<void> {
  while (true) {
    const action = await choose("What now?", [...ACTIONS]);
    if (action === null || action === "leave") return;
    const args = await QUESTIONS[action]();
    if (args && action === "hold") beside.start(args[0]!);
    else if (args) await act(action, args, context);
  }
}

async function act(action: Action, args: string[], context: Context): Promise<void> {
  const command = COMMANDS[action]!;
  try {
    await runCommand(command, parseFlags(command.flags, args), context);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    context.screen.complain(error.message);
  }
}

async function asked(
  toWords: (...answers: string[]) => string[],
  ...questions: (() => Promise<string | null>)[]
): Promise<string[] | null> {
  const answers: string[] = [];
  for (const question of questions) {
    const answer = await question();
    if (answer === null) return null;
    answers.push(answer);
  }
  return toWords(...answers);
}

async function askServer(): Promise<string[] | null> {
  return await asked(
    (host, port, id) => [
      "--server",
      formatAddress({ hostname: host, port: parsePort(port) }),
      ...id === "" ? [] : ["--id", id],
    ],
    () => askText("Which host?", { initial: "127.0.0.1", check: requireSome }),
    askPort,
    () =>
      askText("Your identifier?", { hint: "empty: remembered", check: emptyOr(parseIdentifier) }),
  );
}

function askDirectory(): Promise<string | null> {
  return askText("Which directory shall be lent?", { check: requireSome });
}

function askPort(): Promise<string | null> {
  return askText("Which port?", {
    initial: String(DEFAULT_PORT),
    check: (text) => parsePort(text),
  });
}

function requireSome(text: string): void {
  if (text.trim() === "") throw new UsageError("Write something, or leave with Ctrl-C");
}

function emptyOr(check: (text: string) => unknown): (text: string) => unknown {
  return (text) => text === "" || check(text);
}

function requireTerminal(missing: string): void {
  if (!hasTerminal()) throw new UsageError(missing);
}
