import { BadPeer, ConnectionLost, Refusal } from "../protocol/mod.ts";

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

/** The code of an error of any kind, as the JSON output names it. */
export function codeOf(error: unknown): string {
  if (error instanceof Refusal || error instanceof LocalError) return error.code;
  if (error instanceof ConnectionLost) return "sem_conexao";
  if (error instanceof BadPeer) return "resposta_invalida";
  return "erro_local";
}

/** An error's words, whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
