/** Errors as one line: what failed, and what to do next. */
import { ConnectionLost, LocalError, Refusal } from "../client/mod.ts";
import { messageOf } from "../client/errors.ts";
import { FolderMeant } from "./folder_meant.ts";

/** What to do about a refusal, where the depot's own words do not say it. */
const ADVICE: Readonly<Record<string, string>> = {
  nao_encontrado: "see the names with `deposito client list`; a folder's name ends in /",
  nome_em_uso: "give --force to replace it, or another name",
  mensagem_invalida: "the depot may be older than this program: use the same version on both sides",
  sem_espaco: "`deposito client status` shows what each place can take; `remove --forever` makes " +
    "room, and so does another place",
  versao_desconhecida: "use the same version on both sides",
  hash_diferente: "try again",
  sem_emprestimo: "ask who runs it to add --store clients",
  interno: "try again, or read the depot's log",
  indisponivel: "`deposito client status NAME` says which places are waited for",
  nome_invalido: "choose another name; deposit takes one with --name",
  ocupado: "try again later",
  encerrando: "try again when it runs again",
};

/** One line for any error. `advice`: by codes, in place of what is usually said to do. */
export function complaint(error: unknown, advice: Readonly<Record<string, string>> = {}): string {
  if (error instanceof Refusal) return refusal(error, { ...ADVICE, ...advice });
  if (error instanceof ConnectionLost) return connectionLost(error);
  return systemWords(error);
}

/**
 * What several files may have in common of what they failed of: `words`, the complaint, without the
 * file's own path, which they may begin with.
 */
export function causeWords(
  error: unknown,
  { words, path }: { words: string; path: string | null },
): string {
  if (isOfSystem(error)) return systemCause(error).words;
  if (path === null) return words;
  if (words.startsWith(`${path}: `)) return words.slice(path.length + 2);
  return words.startsWith(`${path} `) ? `each${words.slice(path.length)}` : words;
}

/** What went wrong, without advice: the program does something about it by itself. */
export function retryWords(error: Error): string {
  return withoutNumbers(error.message);
}

function refusal(error: Refusal, advices: Readonly<Record<string, string>>): string {
  if (error instanceof FolderMeant) return error.message;
  if (error.code === "poucos_locais" && error.available === 0) {
    return `${error.message}, see \`deposito client status\``;
  }
  const advice = advices[error.code];
  if (!advice && error.code === "poucos_locais" && error.available) {
    return `${error.message}; ask for ${error.available}, or deposit it with --allow-fewer`;
  }
  return advice ? `${error.message}; ${advice}` : error.message;
}

function connectionLost(error: ConnectionLost): string {
  const words = withoutNumbers(error.message);
  if (words.startsWith("No depot answers")) {
    return `${words}; check the port, or give another one with --server`;
  }
  if (!words.startsWith("Could not connect")) {
    return `${words}; run the same command again: it goes on where it was`;
  }
  return /lookup|resolve|not known/.test(words)
    ? `${words}; check the host's name, or give its address with --server`
    : `${words}; is a depot running there? Start one with \`deposito server\`, or give --server`;
}

/** What the system says, with the path first and without its numbers. */
function systemWords(error: unknown): string {
  if (!isOfSystem(error)) {
    const message = messageOf(error);
    return error instanceof Deno.errors.NotCapable ? notCapable(message) : withoutNumbers(message);
  }
  const { path, words } = systemCause(error);
  return path ? `${path}: ${words}` : words;
}

/** Whether an error's words are the system's own. */
function isOfSystem(error: unknown): boolean {
  const others = [Refusal, ConnectionLost, LocalError, Deno.errors.NotCapable];
  return !others.some((other) => error instanceof other);
}

/** The system's words with what to do, apart from the path that they are about. */
function systemCause(error: unknown): { path: string | undefined; words: string } {
  const message = messageOf(error);
  const words = withoutNumbers(message.replace(/: \w+ '.*$/s, ""));
  const path = /: \w+ '(.*?)'/s.exec(message)?.[1];
  const advice = systemAdvice(error, { words, path });
  return {
    path,
    words: advice ? `${words}; ${advice}` : words,
  };
}

/** What an operator reads of an error whose words may come from the system or the runtime. */
export function plainWords(error: unknown): string {
  const [before, after] = withoutNumbers(messageOf(error)).split(/Requires \w+ access to ".*$/s);
  return after === undefined ? before! : before + MAY_NOT;
}

/** The runtime speaks of its own flags, which a user of this program does not have. */
function notCapable(message: string): string {
  const path = /access to "(.*?)"/s.exec(message)?.[1] ?? "that path";
  return `${path}: ${MAY_NOT}`;
}

const MAY_NOT = "this program may not touch it, as with all of the system's own folders; " +
  "choose another path";

function systemAdvice(
  error: unknown,
  { words, path }: { words: string; path: string | undefined },
): string | null {
  if (error instanceof Deno.errors.NotFound) return "check the path";
  if (error instanceof Deno.errors.PermissionDenied) return "check who may use it";
  // Without a path it is standard output, where nothing goes on.
  if (path !== undefined && words.includes("No space left")) {
    return "make room there; the same command goes on where it was";
  }
  return null;
}

function withoutNumbers(message: string): string {
  return message.replace(/ \(os error \d+\)/g, "");
}
