import { BadPeer, ConnectionLost, type ErrorCode, Refusal } from "../protocol/mod.ts";

/**
 * What can go wrong on this side. The codes stand beside the depot's own in the JSON output, and
 * are in Portuguese as those are.
 */
export const LOCAL_CODES = {
  ja_existe: "something else is at the path already",
  caminho_recusado: "the name cannot become a path here without harm",
  arquivo_mudou: "the file changed while it was read or written",
  arquivo_invalido: "the path is nothing that can be deposited",
  conteudo_errado: "the bytes that came are not those of the file",
  identidade: "what is remembered of this machine's identifier cannot be used",
  envio_unico: "what was sent cannot be read a second time",
  nao_guardado: "a link, an empty folder, a device or the like, which is not deposited",
} as const;

/** A code of a {@linkcode LocalError}. */
export type LocalCode = keyof typeof LOCAL_CODES;

/** Something on this side stands in the way; the message says what to do. */
export class LocalError extends Error {
  /** What the error is known by. */
  override readonly name = "LocalError";
  /** `message`: what stands in the way, and what to do. */
  constructor(readonly code: LocalCode, message: string, options: { cause?: unknown } = {}) {
    super(message, options);
  }
}

/** Codes of what this side's system says, and of what else has none of its own. */
export const OTHER_CODES = {
  sem_permissao: "this user, or this program, may not use the path",
  nao_existe: "there is nothing at the path",
  disco_cheio: "the disk here is full",
  interrompido: "the command was ended before this was done",
  sem_conexao: "the depot cannot be reached, or not any more",
  resposta_invalida: "what answered does not speak the protocol",
  erro_local: "anything else on this side",
} as const;

/** The code of an error of any kind, as the JSON output names it. */
export function codeOf(error: unknown): ErrorCode | LocalCode | keyof typeof OTHER_CODES {
  if (error instanceof Refusal || error instanceof LocalError) return error.code;
  if (error instanceof ConnectionLost) return "sem_conexao";
  if (error instanceof BadPeer) return "resposta_invalida";
  if (error instanceof Deno.errors.NotFound) return "nao_existe";
  if (DENIED.some((denied) => error instanceof denied)) return "sem_permissao";
  if (messageOf(error).includes("No space left")) return "disco_cheio";
  return "erro_local";
}

const DENIED = [Deno.errors.PermissionDenied, Deno.errors.NotCapable];

/** An error's words, whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
