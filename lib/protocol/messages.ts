/**
 * Every message of the protocol, once. The codec, the tests and the protocol page come from this
 * table; the keys are those of the seed, in Portuguese, and stand here beside their English names.
 */
import * as type from "./fields.ts";
import type { FieldType } from "./fields.ts";

/** One key of a message. */
export interface Field<T> {
  readonly key: string;
  readonly type: FieldType<unknown>;
  /** An empty value is allowed and reads as `null`. */
  readonly empty: boolean;
  /** The key may be missing, which reads as `null`. */
  readonly extra: boolean;
  /** Only to carry the type. */
  readonly value?: T;
}

/** A message: the word that it is known by, when it has one, and its keys in order. */
export interface Message<F extends Fields = Fields> {
  /** Such as `["comando", "depositar"]`; `null` for a message known by its keys alone. */
  readonly word: readonly [key: string, value: string] | null;
  readonly fields: F;
}

export type Fields = Record<string, Field<unknown>>;

/** The values that a message carries, by their English names. */
export type Values<M extends Message> = {
  [K in keyof M["fields"]]: M["fields"][K] extends Field<infer T> ? T : never;
};

/** A key that must be there, with a value. */
export function must<T>(key: string, type: FieldType<T>): Field<T> {
  return { key, type: type as FieldType<unknown>, empty: false, extra: false };
}

/** A key that must be there and may be empty. */
export function orEmpty<T>(key: string, type: FieldType<T>): Field<T | null> {
  return { key, type: type as FieldType<unknown>, empty: true, extra: false };
}

/** A key that may be missing. */
export function extra<T>(key: string, type: FieldType<T>): Field<T | null> {
  return { key, type: type as FieldType<unknown>, empty: true, extra: true };
}

/** A message by its word, if it has one, and its keys. */
export function message<F extends Fields>(word: [string, string] | null, fields: F): Message<F> {
  return { word, fields };
}

const command = <F extends Fields>(name: string, fields: F) => message(["comando", name], fields);
const action = <F extends Fields>(name: string, fields: F) => message(["acao", name], fields);

/** What a client may ask. */
export const REQUESTS = {
  /** `id` empty: a first connection, answered with a new identifier. */
  connect: command("conectar", {
    id: orEmpty("id_cliente", type.identifier),
    version: must("versao", type.number),
    machine: extra("maquina", type.label),
  }),
  /** The seed's deposit: that many raw bytes follow at once; one answer, a seed receipt. */
  seedDeposit: message(null, {
    id: must("id_cliente", type.identifier),
    replicas: must("qtd_replicas", type.number),
    size: must("tamanho_arquivo", type.number),
    digest: must("hash_arquivo", type.digest),
    name: must("nome_arquivo", type.literalName),
  }),
  /** The seed's retrieval: answered with a seed content, then the raw bytes. */
  seedRetrieve: message(null, {
    id: must("id_cliente", type.identifier),
    name: must("nome_arquivo", type.literalName),
  }),
  /**
   * `replicas` empty: keep the present number, or the depot's default. `minimum`: as few as these
   * are accepted. `wait`: answer when so many are durable. `upload`: made by the client, the same
   * when it tries again. `modifiedAt`: milliseconds since 1970.
   */
  deposit: command("depositar", {
    replicas: orEmpty("qtd_replicas", type.number),
    minimum: orEmpty("minimo", type.number),
    wait: orEmpty("esperar", type.number),
    size: orEmpty("tamanho_arquivo", type.number),
    digest: orEmpty("hash_arquivo", type.digest),
    upload: must("envio", type.uuid),
    modifiedAt: extra("modificado_em", type.number),
    executable: extra("executavel", type.flag),
    name: must("nome_arquivo", type.name),
  }),
  /** `length` empty: to the end. `digest`: refused with `mudou` when the file has another. */
  retrieve: command("recuperar", {
    from: must("posicao", type.number),
    length: orEmpty("tamanho", type.number),
    digest: orEmpty("hash_arquivo", type.digest),
    avoid: orEmpty("evitar", type.ids),
    name: must("nome_arquivo", type.name),
  }),
  /** Files whose names start with `prefix` (a text, not a name) and come after `after`. */
  list: command("listar", {
    after: orEmpty("depois_de", type.cursor),
    limit: must("limite", type.number),
    prefix: extra("nome_arquivo", type.cursor),
  }),
  replicas: command("replicas", {
    replicas: must("qtd_replicas", type.number),
    wait: orEmpty("esperar", type.number),
    name: must("nome_arquivo", type.name),
  }),
  /** `forever`: it cannot be restored, nor what was removed under its name before. */
  remove: command("remover", {
    forever: extra("definitivo", type.flag),
    name: must("nome_arquivo", type.name),
  }),
  /**
   * A file, or every file of a folder: then both names end in `/`. All of them or none. `replace`:
   * files that have such a name are removed; else it is refused with `nome_em_uso`.
   */
  rename: command("renomear", {
    replace: must("substituir", type.flag),
    to: must("nome_novo", type.nameOrFolder),
    from: must("nome_arquivo", type.nameOrFolder),
  }),
  /** `version` empty: the last that was removed. `replace`: as of a rename. */
  restore: command("restaurar", {
    version: orEmpty("versao", type.number),
    replace: must("substituir", type.flag),
    name: must("nome_arquivo", type.name),
  }),
  /**
   * What can be restored, of names that start with `prefix`: what comes after the version
   * `afterVersion` of `after`.
   */
  listRemoved: command("listar_removidos", {
    after: orEmpty("depois_de", type.cursor),
    afterVersion: orEmpty("depois_da_versao", type.number),
    limit: must("limite", type.number),
    prefix: extra("nome_arquivo", type.cursor),
  }),
  /**
   * `count` requests in one piece of `bytes` bytes, which follows at once: each a `deposit` or a
   * `retrieve` line, a deposit's with its bytes behind it. A deposit says its size and digest, is
   * not resumed, and asks for no offer; a retrieval is of a whole file. Answered with `batch`.
   */
  batch: command("lote", {
    count: must("itens", type.number),
    bytes: must("tamanho", type.number),
  }),
  status: command("estado", {}),
  fileStatus: command("estado_arquivo", { name: must("nome_arquivo", type.name) }),
  /** Looks at each copy of a file now; what is bad is set aside, and made anew later. */
  verify: command("verificar", { name: must("nome_arquivo", type.name) }),
  /**
   * This client lends room, and this connection becomes its control connection: from here on it
   * says what `CONTROL` has. `secret`: made by the holder, kept by nobody else; the place's id comes
   * from it. `disk`: the holder's disk as its machine calls it, which a depot on the same `machine`
   * takes for the zone. `changes`: grows with each change of what the holder has. `leaving`: the
   * holder goes for good, once its copies are elsewhere. Bytes.
   */
  lend: command("emprestar", {
    secret: must("segredo", type.uuid),
    zone: must("zona", type.label),
    machine: extra("maquina", type.label),
    disk: extra("disco", type.label),
    capacity: must("capacidade", type.number),
    free: must("livre", type.number),
    changes: must("contador", type.number),
    leaving: extra("saindo", type.flag),
    name: must("nome_local", type.label),
  }),
  /** A data connection of the holder: from here on the depot asks, what `HOLDER_REQUESTS` has. */
  serve: command("atender", { secret: must("segredo", type.uuid) }),
} as const;

/** What a client says after the offer, in place of a request. */
export const ACTIONS = {
  /** `from`: the offer's position, or 0. Blocks follow. */
  send: action("enviar", { from: must("posicao", type.number) }),
  /** The content is the one that the file has already: only its number of replicas changes. */
  same: action("igual", { digest: must("hash_arquivo", type.digest) }),
  giveUp: action("desistir", {}),
} as const;

/** What a body is made of. */
export const BODY = {
  /** `bytes` raw bytes follow its line. 0 only with `end`. */
  block: message(null, { bytes: must("bloco", type.number) }),
  end: message(null, {
    bytes: must("bloco", type.number),
    digest: must("hash_arquivo", type.digest),
    places: extra("locais", type.ids),
  }),
  stop: message(null, { stop: must("desistir", type.flag) }),
} as const;

/** What an owner is told of a file. */
const FILE = {
  size: must("tamanho_arquivo", type.number),
  digest: must("hash_arquivo", type.digest),
  version: must("versao", type.number),
  wanted: must("qtd_pedida", type.number),
  live: must("qtd_replicas", type.number),
  depositedAt: must("depositado_em", type.number),
  modifiedAt: orEmpty("modificado_em", type.number),
  executable: must("executavel", type.flag),
  places: must("locais", type.ids),
  labels: must("nomes_locais", type.labels),
} as const;

/** What the depot answers; known by the request. */
export const REPLIES = {
  /**
   * `batch`: so many requests may come in one `lote`. Not said to who did not say its machine: the
   * seed's answer stays what it was.
   */
  connected: message(null, {
    id: must("id_cliente", type.identifier),
    available: must("replicas_disponiveis", type.number),
    version: must("versao", type.number),
    depot: must("id_deposito", type.identifier),
    batch: extra("lote", type.number),
  }),
  seedReceipt: message(null, {
    digest: must("hash_arquivo", type.digest),
    result: must("resultado", type.number),
    replicas: must("qtd_replicas", type.number),
    places: must("locais", type.ids),
  }),
  seedContent: message(null, {
    size: must("tamanho_arquivo", type.number),
    digest: must("hash_arquivo", type.digest),
  }),
  /** What is kept of the upload, its digest, and that of the present file when of the same size. */
  offer: message(null, {
    position: must("posicao", type.number),
    partDigest: orEmpty("hash_parte", type.digest),
    presentDigest: orEmpty("hash_atual", type.digest),
  }),
  /** Bytes of what is under way; `replicas`: copies that are durable by now, of `wanted`. */
  progress: message(null, {
    done: must("andamento", type.number),
    total: must("total", type.number),
    replicas: extra("qtd_replicas", type.number),
    wanted: extra("qtd_pedida", type.number),
  }),
  /** `replicas`: copies that are durable now; `wanted`: how many the file wants. */
  receipt: message(null, {
    digest: must("hash_arquivo", type.digest),
    result: must("resultado", type.number),
    replicas: must("qtd_replicas", type.number),
    places: must("locais", type.ids),
    wanted: must("qtd_pedida", type.number),
    size: must("tamanho_arquivo", type.number),
    version: must("versao", type.number),
    depositedAt: must("depositado_em", type.number),
    labels: must("nomes_locais", type.labels),
  }),
  /**
   * `count` answers in one piece of `bytes` bytes, which follows at once, in the order of the
   * requests: a `receipt`, or a `content` with its bytes behind it, or an `error`.
   */
  batch: message(null, {
    count: must("lote", type.number),
    bytes: must("tamanho", type.number),
  }),
  content: message(null, FILE),
  /** That many lines follow. */
  items: message(null, { count: must("itens", type.number), more: must("mais", type.flag) }),
  file: message(null, { ...FILE, name: must("nome_arquivo", type.name) }),
  /** `version`: of the file; 0 where it is for good. `keptUntil`: it can be restored until then. */
  removed: message(null, {
    version: must("versao", type.number),
    keptUntil: extra("guardado_ate", type.number),
  }),
  renamed: message(null, {
    files: must("renomeados", type.number),
    replaced: must("substituidos", type.number),
  }),
  removedFile: message(null, {
    ...FILE,
    removedAt: must("removido_em", type.number),
    keptUntil: must("guardado_ate", type.number),
    name: must("nome_arquivo", type.name),
  }),
  /**
   * Of the owner's own files; `places` lines follow. `short`: files that lack copies, `deficit`: how
   * many copies in all, `waiting`: of them those on places that are away and waited for. `checked`:
   * files whose copies were all looked at in the last `scrubMs` milliseconds. `scrubPlace`: where
   * the depot is checking now, and the percentage that it is through.
   */
  status: message(null, {
    files: must("arquivos", type.number),
    bytes: must("bytes", type.number),
    queued: must("na_fila", type.number),
    running: must("em_reparo", type.number),
    deficit: must("faltam", type.number),
    damaged: must("danificados", type.number),
    aside: must("separados", type.number),
    short: extra("arquivos_com_falta", type.number),
    waiting: extra("esperadas", type.number),
    checked: extra("conferidos", type.number),
    oldestCheck: extra("conferido_em", type.number),
    scrubMs: extra("conferir_a_cada", type.number),
    scrubPlace: extra("conferindo", type.label),
    scrubPercent: extra("conferindo_parte", type.number),
    places: must("itens", type.number),
  }),
  /** `missedInMs`: while it is away, until its copies are made anew elsewhere. */
  place: message(null, {
    id: must("local", type.placeId),
    label: must("nome_local", type.label),
    kind: must("tipo", type.word),
    zone: must("zona", type.label),
    state: must("estado", type.word),
    free: must("livre", type.number),
    capacity: must("capacidade", type.number),
    replicas: must("qtd_replicas", type.number),
    draining: extra("esvaziando", type.flag),
    missedInMs: extra("falta_em", type.number),
  }),
  /**
   * A `file` line follows, then that many `replica` lines, or `check` lines of `verificar`. `repair`: `complete`; `away`: copies on
   * places that are away count for `repairInMs` more; `queued`; `running`; `no_place`, `no_source`:
   * nothing could be done, and it is tried again in `repairInMs`.
   */
  fileStatus: message(null, {
    replicas: must("itens", type.number),
    repair: extra("reparo", type.word),
    repairInMs: extra("reparo_em", type.number),
  }),
  replica: message(null, {
    place: must("local", type.placeId),
    label: must("nome_local", type.label),
    zone: must("zona", type.label),
    state: must("estado", type.word),
    placeState: must("estado_local", type.word),
    verifiedAt: orEmpty("verificado_em", type.number),
    draining: extra("esvaziando", type.flag),
  }),
  /**
   * A copy that was looked at: `good`, `damaged`, `absent`, `away` (its place cannot be asked) or
   * `unsure` (its place did not manage to say).
   */
  check: message(null, {
    place: must("local", type.placeId),
    label: must("nome_local", type.label),
    zone: must("zona", type.label),
    state: must("estado", type.word),
    tookMs: must("demorou", type.number),
  }),
  /** `place`: its public id. The holder says `vivo` every `aliveMs` milliseconds or sooner. */
  lent: message(null, {
    place: must("local", type.placeId),
    aliveMs: must("vivo_a_cada", type.number),
  }),
  serving: message(null, { serving: must("atendido", type.flag) }),
  error: message(null, {
    code: must("erro", type.word),
    available: extra("disponiveis", type.number),
    message: must("mensagem", type.message),
  }),
} as const;
