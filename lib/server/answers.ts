/** What the depot knows, as the wire says it. */
import { CatalogFull, type FileRecord, type RemovedRecord } from "../depot/catalog/catalog.ts";
import type { OnFileCopies } from "../depot/copy_progress.ts";
import { type Copies, Refused, type RefusedWhy } from "../depot/core.ts";
import type { Receipt } from "../depot/deposit_plan.ts";
import type { FileStatus, OwnerStatus, PlaceStatus, ReplicaStatus } from "../depot/owner_status.ts";
import type { CopyCheck } from "../depot/verification.ts";
import { type Log, messageOf } from "../depot/log.ts";
import {
  BadPeer,
  ConnectionLost,
  encode,
  type ErrorCode,
  Refusal,
  REPLIES,
  type WorkState,
} from "../protocol/mod.ts";

const CODES: Record<RefusedWhy, ErrorCode> = {
  "absent": "nao_encontrado",
  "taken": "nome_em_uso",
  "changed": "mudou",
  "few places": "poucos_locais",
  "no room": "sem_espaco",
  "no copy": "indisponivel",
  "limit": "limite",
  "in use": "envio_em_uso",
  "wrong digest": "hash_diferente",
  "wrong size": "tamanho_diferente",
  "bad value": "valor_invalido",
  "unknown owner": "id_desconhecido",
};

const CATALOG_FULL =
  "the disk on which the depot writes down what it has is full; who runs it must " +
  "make room there";

/**
 * A failure as the client is told of it; what is the depot's own also goes to the log. Throws what
 * nobody can be told of: that the connection is gone.
 */
export function refusalOf(error: unknown, log: Log): Refusal {
  if (error instanceof ConnectionLost || error instanceof BadPeer) throw error;
  if (error instanceof Refusal) return error;
  if (!(error instanceof Refused)) {
    log.error("A request failed", { why: messageOf(error) });
    if (error instanceof CatalogFull) {
      return new Refusal("sem_espaco", CATALOG_FULL, { cause: error });
    }
    return new Refusal("interno", "The depot could not do it; its log says why", { cause: error });
  }
  const { why, message, available } = error;
  return new Refusal(CODES[why], message, { available, cause: error });
}

export function seedReceiptLine({ file, copies }: Receipt): string {
  const places = copies.places.map(({ id }) => id);
  return encode(REPLIES.seedReceipt, {
    digest: file.digest,
    result: 1,
    replicas: copies.live,
    places,
  });
}

export function receiptLine({ file, copies }: Receipt): string {
  return encode(REPLIES.receipt, {
    digest: file.digest,
    result: 1,
    replicas: copies.live,
    wanted: copies.wanted,
    size: file.size,
    version: file.version,
    depositedAt: file.depositedAt,
    ...placesOf(copies),
  });
}

/** How far copies are, as `andamento` says it. */
export function telling(tell: (state: Partial<WorkState>) => void): OnFileCopies {
  return ({ done, total, live, wanted }) => tell({ done, total, replicas: live, wanted });
}

export function contentLine(file: FileRecord, copies: Copies): string {
  return encode(REPLIES.content, fileValues(file, copies));
}

export function fileLine(file: FileRecord, copies: Copies): string {
  return encode(REPLIES.file, { ...fileValues(file, copies), name: file.name });
}

export function removedLine(file: RemovedRecord, copies: Copies): string {
  const { removedAt, keptUntil, name } = file;
  return encode(REPLIES.removedFile, { ...fileValues(file, copies), removedAt, keptUntil, name });
}

export function statusLines({ places, scrub, ...status }: OwnerStatus): string[] {
  return [
    encode(REPLIES.status, {
      ...status,
      scrubPlace: scrub?.place ?? null,
      scrubPercent: scrub && Math.floor(scrub.part * 100),
      places: places.length,
    }),
    ...places.map(placeLine),
  ];
}

export function fileStatusLines({ file, copies, replicas, outlook }: FileStatus): string[] {
  const { state, inMs } = outlook;
  return [
    encode(REPLIES.fileStatus, {
      replicas: replicas.length,
      repair: state,
      repairInMs: inMs === null ? null : Math.ceil(inMs),
    }),
    fileLine(file, copies),
    ...replicas.map(replicaLine),
  ];
}

function replicaLine({ place, draining, state, verifiedAt }: ReplicaStatus): string {
  return encode(REPLIES.replica, {
    place: place.id,
    label: place.name,
    zone: place.zone,
    state,
    placeState: place.state,
    verifiedAt,
    draining,
  });
}

export function checkLine({ place, state, tookMs }: CopyCheck): string {
  return encode(REPLIES.check, {
    place: place.id,
    label: place.name,
    zone: place.zone,
    state,
    tookMs: Math.round(tookMs),
  });
}

function placeLine({ place, free, capacity, ...more }: PlaceStatus): string {
  return encode(REPLIES.place, {
    id: place.id,
    label: place.name,
    kind: place.kind,
    zone: place.zone,
    state: place.state,
    free: Math.floor(free),
    capacity: Math.floor(capacity),
    ...more,
  });
}

function fileValues(file: FileRecord, copies: Copies) {
  const { version, size, digest, depositedAt, modifiedAt, executable } = file;
  return {
    version,
    size,
    digest,
    wanted: copies.wanted,
    live: copies.live,
    depositedAt,
    modifiedAt,
    executable,
    ...placesOf(copies),
  };
}

function placesOf({ places }: Copies): { places: string[]; labels: string[] } {
  return { places: places.map(({ id }) => id), labels: places.map(({ name }) => name) };
}
