/** The client's menu: each action asks for the words of a command, and runs that command. */
import { AddressQuestions } from "./address_questions.ts";
import { parseFlags } from "./arguments.ts";
import { CLIENT_FLAGS } from "./client_flags.ts";
import { type ClientSettings, clientSettings, ProcessClient } from "./client_context.ts";
import { EXIT } from "./commands/command.ts";
import { COMMANDS } from "./commands/table.ts";
import { complaint } from "./complaint.ts";
import { LendingBeside } from "./lending.ts";
import {
  type Asking,
  depositWords,
  holdWords,
  removeWords,
  renameWords,
  replicasWords,
  restoreWords,
  retrieveWords,
  statusWords,
  type WordsOf,
} from "./menu_words.ts";
import { hasTerminal, Questions } from "./prompts.ts";
import { runCommand } from "./run_command.ts";
import { processScreen } from "./screen.ts";
import { stoppedStatus, Stopping } from "./stopping.ts";
import { environment } from "./user_path.ts";
import { formatAddress, parseSize, UsageError } from "./values.ts";

/** By the command's word. */
const ACTIONS: Readonly<Record<string, { label: string; words: WordsOf }>> = {
  deposit: { label: "Deposit a file or folder", words: depositWords },
  retrieve: { label: "Retrieve files", words: retrieveWords },
  list: { label: "List the files", words: () => Promise.resolve([]) },
  replicas: { label: "Change number of replicas", words: replicasWords },
  rename: { label: "Rename a file or folder", words: renameWords },
  remove: { label: "Remove files", words: removeWords },
  restore: { label: "Restore what was removed or replaced", words: restoreWords },
  status: { label: "Show the status", words: statusWords },
  hold: { label: "Hold: lend disk meanwhile", words: holdWords },
};

const CHOICES = [
  ...Object.entries(ACTIONS).map(([value, { label }]) => ({ value, label })),
  { value: "leave", label: "Leave" },
];

/** What the words around the menu say. */
export interface MenuFlags {
  server: string | null;
  id: string | null;
  hold?: string | null;
}

/**
 * Asks which depot where no word says it, connects, and shows the menu until the user leaves.
 * Resolves to the exit status. Throws `UsageError` without a terminal.
 */
export async function runClientMenu(flags: MenuFlags): Promise<number> {
  if (!hasTerminal()) {
    throw new UsageError("Missing COMMAND: the menu needs a terminal; see deposito client --help");
  }
  using stopping = new Stopping();
  const screen = processScreen({ quiet: false, json: false });
  const questions = new Questions({ stopping, screen });
  const { signal } = stopping;
  const confirm = (question: string) => questions.confirm(question);
  const asked = flags.server === null && !environment("DEPOSITO_SERVER");
  const addresses = new AddressQuestions();
  while (true) {
    const settings = asked ? await askSettings(addresses, questions) : settingsOf(flags);
    if (settings === null) return stoppedStatus(signal, EXIT.done);
    using client = new ProcessClient(settings, { screen, signal, confirm });
    if (await isConnected(client)) {
      return await runMenu({ questions, context: client.context }, flags.hold ?? null);
    }
    if (!asked || signal.aborted) return stoppedStatus(signal, EXIT.failed);
  }
}

async function askSettings(
  addresses: AddressQuestions,
  questions: Questions,
): Promise<ClientSettings | null> {
  const words = await addresses.ask(questions);
  return words && settingsOf(parseFlags(CLIENT_FLAGS, words).flags);
}

function settingsOf({ server, id }: MenuFlags): ClientSettings {
  return clientSettings({ server, id, json: false, quiet: false });
}

async function isConnected(client: ProcessClient): Promise<boolean> {
  const { screen, link, signal } = client.context;
  try {
    const { id, address } = await link();
    const whom = client.isNew ? "" : ` as ${id}`;
    screen.remark(`connected to ${formatAddress(address)}${whom}`);
    return true;
  } catch (error) {
    if (!signal.aborted) screen.complain(complaint(error));
    return false;
  }
}

async function runMenu(asking: Asking, hold: string | null): Promise<number> {
  const { questions, context: { signal } } = asking;
  await using beside = new LendingBeside(asking.context);
  if (hold !== null) beside.start(hold);
  while (!signal.aborted) {
    const action = await questions.choose("What now?", CHOICES);
    if (action === null || action === "leave") break;
    await act(action, asking, beside);
  }
  return stoppedStatus(signal, EXIT.done);
}

/** What goes wrong is said, and the menu comes back. */
async function act(action: string, asking: Asking, beside: LendingBeside): Promise<void> {
  const { screen, signal } = asking.context;
  const command = COMMANDS[action]!;
  try {
    const words = await ACTIONS[action]!.words(asking);
    if (words === null) return;
    const call = parseFlags(command.flags, words);
    if (action !== "hold") await runCommand(command, call, asking.context);
    else {
      const capacity = call.flags["capacity"] as string | null;
      beside.start(call.words[0]!, capacity === null ? null : parseSize(capacity));
    }
  } catch (error) {
    screen.live("");
    if (signal.aborted) return;
    screen.complain(error instanceof UsageError ? error.message : complaint(error));
  }
}
