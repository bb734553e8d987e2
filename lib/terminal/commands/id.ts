import type { Identities } from "../../client/identity.ts";
import { type Identity, identityText, parseIdentityText } from "../../client/identity_text.ts";
import { LocalError } from "../../client/mod.ts";
import { errorJson, jsonText } from "../json.ts";
import { shown } from "../text.ts";
import { formatAddress, isLoopback, UsageError } from "../values.ts";
import { type Context, defineCommand, EXIT } from "./command.ts";

/** More than this is no identity. Bytes. */
const LONGEST_TEXT = 4_096;

export const idCommand = defineCommand({
  words: "",
  summary: "Prints your identifier: all it takes to reach your files from another machine.",
  flags: {
    "export": { kind: "switch", help: "Print it with the depot's address, for `id --import`" },
    "output": { kind: "text", value: "FILE", help: "With --export: into FILE, for you alone" },
    "import": { kind: "text", value: "FILE", help: "Remember what FILE has; `-`: standard input" },
    "force": { kind: "switch", help: "With --import: also in place of another; that is kept" },
  },
  examples: [
    ["deposito client id", "note it down: it is all you need on another machine"],
    ["deposito client id --server depot.example:7420", "the one at another depot"],
    ["deposito client id --export --output me.txt", "then take me.txt to the other machine"],
    ["deposito client id --import me.txt", "and there you are who you were"],
  ],
  failure: (_, error) => errorJson(error),
  async run({ flags, words }, context) {
    if (words.length > 0) throw new UsageError("id takes no words");
    const { screen, json, link } = context;
    if (flags.output !== null && !flags.export) throw new UsageError("--output needs --export");
    if (flags.force && flags.import === null) throw new UsageError("--force needs --import");
    if (flags.import !== null) {
      if (flags.export) throw new UsageError("--export and --import are two commands");
      return await importIdentity(flags.import, flags.force, context);
    }
    const { id, depot, address } = await link();
    if (flags.export) return await exportIdentity({ id, depot, address }, flags.output, context);
    screen.result(json ? jsonText({ id }) : id);
    return EXIT.done;
  },
});

async function exportIdentity(
  identity: Identity,
  output: string | null,
  { screen, json, path }: Context,
): Promise<number> {
  const text = identityText(identity);
  if (output !== null) await writeForMe(path(output), text);
  if (json) screen.result(jsonText(identityJson(identity)));
  else if (output === null) screen.result(text.trimEnd());
  else screen.sentence(`wrote ${shown(path(output))}`);
  screen.remark("whoever has this has your files; delete it where it is not needed any more");
  if (isLoopback(identity.address.hostname)) {
    const address = formatAddress(identity.address);
    screen.remark(`${address} is this machine only: import it with --server and its real address`);
  }
  return EXIT.done;
}

async function importIdentity(from: string, force: boolean, context: Context): Promise<number> {
  const { screen, json, server } = context;
  const identities = context.identities();
  const identity = parseIdentityText(await readText(from, context));
  const address = server ?? identity.address;
  const replaced = await remember(identities, { ...identity, address }, { force, context });
  if (json) screen.result(jsonText(identityJson({ ...identity, address })));
  else screen.result(`remembered ${identity.id}`);
  if (replaced !== null) screen.remark(`what was remembered before is now in ${replaced}`);
  screen.remark(`see your files: deposito client list --server ${formatAddress(address)}`);
  return EXIT.done;
}

/** Resolves to where another identifier was moved to, if there was one. */
async function remember(
  identities: Identities,
  { depot, id, address }: Identity,
  { force, context: { signal } }: { force: boolean; context: Context },
): Promise<string | null> {
  return await identities.locked(async () => {
    const replaced = force ? await identities.moveAway(depot, id) : null;
    if (await identities.remember(depot, id) !== id) {
      const where = `${identities.pathOf(depot)} has another identifier for this depot`;
      const next = "use --force if it is not needed: it is kept beside the new one";
      throw new LocalError("identidade", `Nothing was imported: ${where}; ${next}`);
    }
    await identities.setHint(address, depot);
    return replaced;
  }, signal);
}

function identityJson({ id, depot, address }: Identity) {
  return { id, depot, server: formatAddress(address) };
}

/** Only the user can read it, and what is there is left. */
async function writeForMe(path: string, text: string): Promise<void> {
  try {
    await Deno.writeTextFile(path, text, { createNew: true, mode: 0o600 });
  } catch (cause) {
    if (!(cause instanceof Deno.errors.AlreadyExists)) throw cause;
    throw new LocalError("ja_existe", `${path} is there already: choose another FILE`, { cause });
  }
}

async function readText(from: string, { stdin, path }: Context): Promise<string> {
  const source = from === "-" ? stdin : (await Deno.open(path(from))).readable;
  let text = "";
  for await (const piece of source.pipeThrough(new TextDecoderStream())) {
    text += piece;
    if (text.length > LONGEST_TEXT) break;
  }
  return text;
}
