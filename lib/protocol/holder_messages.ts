/**
 * What a holder and its depot say to each other, as tables like those in messages.ts.
 *
 * On the control connection the holder asks (`CONTROL`). On its data connections the depot asks, one
 * request at a time, and the holder only answers (`HOLDER_REQUESTS`). Holders see digests and bytes,
 * never names or owners.
 */
import * as type from "./fields.ts";
import { extra, type Fields, message, must, orEmpty } from "./messages.ts";

const command = <F extends Fields>(name: string, fields: F) => message(["comando", name], fields);
const request = <F extends Fields>(name: string, fields: F) => message(["pedido", name], fields);
const step = <F extends Fields>(name: string, fields: F) => message(["passo", name], fields);

const digest = must("hash_arquivo", type.digest);
const upload = must("envio", type.uploadId);

/** What the holder says on its control connection, after `emprestar`. */
export const CONTROL = {
  /** Bytes, as they are now. */
  alive: command("vivo", {
    capacity: must("capacidade", type.number),
    free: must("livre", type.number),
  }),
  /** The holder goes, and means it. */
  goodbye: command("adeus", {}),
} as const;

/** What the depot asks on a data connection. Page limits: `PAGE_ITEMS`. */
export const HOLDER_REQUESTS = {
  /**
   * Opens an upload for writing: then any number of blocks, and `STEPS`. After each block that is
   * written the holder says `andamento` with its position, for which the depot does not wait. What
   * goes wrong with a block is told once, with an error that comes unasked; after an error the
   * holder passes over everything until `passo:desistir`.
   */
  store: request("guardar", {
    upload,
    size: orEmpty("tamanho_arquivo", type.number),
    resume: must("retomar", type.flag),
  }),
  /** Blocks follow the answer, exactly the range's bytes together; an error may stand for a block. */
  fetch: request("buscar", {
    digest,
    from: must("posicao", type.number),
    length: orEmpty("tamanho", type.number),
    aside: must("separado", type.flag),
  }),
  /** SHA-256 over `prefix` and then the content. */
  hash: request("resumir", { digest, prefix: orEmpty("prefixo", type.hex) }),
  delete: request("apagar", { digest }),
  setAside: request("separar", { digest }),
  dropAside: request("largar_separado", { digest }),
  discard: request("largar", { upload }),
  /** Contents, ascending by digest, after `after`. */
  inventory: request("inventario", {
    after: orEmpty("depois_de", type.digest),
    limit: must("limite", type.number),
  }),
  /** Set-aside copies, ascending by digest, after `after`. */
  asides: request("separados", {
    after: orEmpty("depois_de", type.digest),
    limit: must("limite", type.number),
  }),
  /** Kept uploads, ascending by id, after `after`. */
  uploads: request("envios", {
    after: orEmpty("depois_de", type.uploadId),
    limit: must("limite", type.number),
  }),
  mark: request("marca", {}),
  setMark: request("marcar", {
    depot: must("id_deposito", type.uuid),
    sequence: must("sequencia", type.number),
  }),
} as const;

/** What the depot says of an open upload, between its blocks. */
export const STEPS = {
  /** The bytes so far come back as blocks, exactly as many as the position says. */
  prefix: step("prefixo", {}),
  /** Drops what is after `position`. */
  rewind: step("cortar", { position: must("posicao", type.number) }),
  /** Makes the bytes the content, durably, and ends the upload. */
  commit: step("confirmar", { digest, size: must("tamanho_arquivo", type.number) }),
  /** Keeps the bytes for a later `guardar` with `retomar`, durably, and ends the upload. */
  keep: step("manter", {}),
  /** Drops the bytes and ends the upload. */
  giveUp: step("desistir", {}),
} as const;

/** What depot and holder answer each other; known by the request. Absent: `nao_encontrado`. */
export const HOLDER_REPLIES = {
  /** `needed`, told to who leaves: contents that still need this place; 1,000 stands for any more. */
  alive: message(null, {
    alive: must("vivo", type.flag),
    needed: extra("faltam", type.number),
  }),
  goodbye: message(null, { goodbye: must("adeus", type.flag) }),
  done: message(null, { done: must("feito", type.flag) }),
  position: message(null, { position: must("posicao", type.number) }),
  /** The whole content's size, whatever the range. */
  content: message(null, { size: must("tamanho_arquivo", type.number) }),
  hash: message(null, { digest }),
  /** That many lines follow. */
  items: message(null, { count: must("itens", type.number), more: must("mais", type.flag) }),
  held: message(null, { digest, size: must("tamanho_arquivo", type.number) }),
  /** `since`: milliseconds since 1970. */
  aside: message(null, {
    digest,
    size: must("tamanho_arquivo", type.number),
    since: must("desde", type.number),
  }),
  kept: message(null, { upload, bytes: must("bytes", type.number) }),
  mark: message(null, {
    depot: must("id_deposito", type.uuid),
    sequence: must("sequencia", type.number),
  }),
} as const;
