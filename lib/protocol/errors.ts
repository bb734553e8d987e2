/**
 * What can go wrong, as the wire says it. `retry`: the same request may succeed later without
 * anybody changing anything, so a client may try again by itself.
 */
export const ERROR_CODES = {
  mensagem_invalida: { retry: false, means: "the line is no message of this protocol" },
  linha_longa: { retry: false, means: "the line is longer than 8,192 bytes" },
  valor_invalido: { retry: false, means: "a value is out of range or malformed" },
  nome_invalido: { retry: false, means: "the name cannot be a file's name here" },
  versao_desconhecida: { retry: false, means: "the protocol version is not spoken here" },
  nao_conectado: { retry: false, means: "a request came before `conectar`" },
  id_invalido: { retry: false, means: "the identifier is not a UUID version 4" },
  id_desconhecido: { retry: false, means: "this depot never gave out that identifier" },
  id_diferente: { retry: false, means: "the identifier is not this connection's" },
  nao_encontrado: { retry: false, means: "this client has no file of that name" },
  mudou: { retry: false, means: "the file has another content than the client expected" },
  nome_em_uso: { retry: false, means: "there is a file of that name already" },
  poucos_locais: { retry: false, means: "more replicas wanted than there are places with room" },
  sem_espaco: { retry: false, means: "no place has room for the bytes, or the catalog none" },
  limite: { retry: false, means: "a limit of this depot is reached" },
  hash_diferente: { retry: false, means: "the bytes have another SHA-256 than declared" },
  tamanho_diferente: { retry: false, means: "there were more or fewer bytes than declared" },
  desistiu: { retry: false, means: "the sender gave up" },
  envio_em_uso: { retry: true, means: "another connection is sending this upload" },
  local_em_uso: { retry: true, means: "another session lends this place" },
  sem_emprestimo: { retry: false, means: "this depot takes no places of clients" },
  segredo_desconhecido: { retry: true, means: "no holder with this secret is connected" },
  indisponivel: { retry: true, means: "no good replica can be reached now" },
  ocupado: { retry: true, means: "too many connections" },
  encerrando: { retry: true, means: "the depot is shutting down" },
  tempo_esgotado: { retry: true, means: "nothing moved for too long" },
  interno: { retry: true, means: "the depot failed; its log says how" },
} as const satisfies Record<string, { retry: boolean; means: string }>;

/** A code of a {@linkcode Refusal}, such as `nao_encontrado`; the protocol page says what each means. */
export type ErrorCode = keyof typeof ERROR_CODES;

/** A refusal with its code, on its way to the other side or received from it. */
export class Refusal extends Error {
  /** What the error is known by. */
  override readonly name = "Refusal";
  /** With `poucos_locais`: how many replicas are possible. */
  readonly available: number | null;

  /** `message`: what was refused, and why. */
  constructor(
    readonly code: ErrorCode,
    message: string,
    options: { available?: number | null; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.available = options.available ?? null;
  }

  /** Whether the same request may succeed later without anybody changing anything. */
  get retry(): boolean {
    return ERROR_CODES[this.code].retry;
  }
}

/** The connection is gone, or nothing moved on it for too long; what was under way may be tried again. */
export class ConnectionLost extends Error {
  /** What the error is known by. */
  override readonly name = "ConnectionLost";
}

/** The connection was there, and ended before the answer began. */
export class Unanswered extends ConnectionLost {}

/** The connection was there, and nothing moved on it for too long. */
export class PeerStalled extends ConnectionLost {}

/** The other side sent what this protocol does not have; the connection cannot be used any more. */
export class BadPeer extends Error {
  /** What the error is known by. */
  override readonly name = "BadPeer";
}
