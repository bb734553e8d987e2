import type { Budget } from "../content/budget.ts";
import type { Catalog, ContentCopies, FileRecord } from "./catalog/catalog.ts";
import type { Place } from "../../stores/store.ts";
import type { Clock } from "./clock.ts";
import type { Doubts } from "./doubts.ts";
import type { Locks, Pins } from "./locks.ts";
import type { Hashers } from "./hashing/hashers.ts";
import type { Log } from "./log.ts";
import type { Places } from "./places.ts";
import type { Rooms } from "./rooms.ts";

/** What an operator decides; times in milliseconds, rates in bytes a second. */
export interface DepotSettings {
  /** Replicas of a new file when its client names no number. */
  defaultReplicas: number;
  /** A lost place's replicas count for so long as if they were there. */
  graceMs: number;
  /** The same, for contents of which only one copy is left. */
  graceLastMs: number;
  /** The same, for a place that said goodbye. */
  goodbyeGraceMs: number;
  /** A place that was away for so long is gone for good. */
  goneAfterMs: number;
  /** After a start nothing is repaired for so long on account of places that are not there yet. */
  settleMs: number;
  /** Between dooming a replica and deleting its bytes. */
  lingerMs: number;
  repairRate: number;
  /** Every replica is read and judged once in this time. */
  scrubMs: number;
  /** What was removed or replaced can be restored for so long; 0: not at all. */
  keepRemovedMs: number;
  /** Bytes kept free on a place of that capacity. */
  reserve: (capacity: number, place: Place) => number;
}

/** What the depot's parts share. */
export interface Core {
  catalog: Catalog;
  places: Places;
  rooms: Rooms;
  doubts: Doubts;
  /** By `replicaKey`. */
  locks: Locks;
  /** Digests under a reader. */
  reading: Pins;
  /** For bytes of small deposits and of retrievals. */
  memory: Budget;
  /** For the bytes of large deposits. */
  hashers: Hashers;
  /** Identifiers under which parts are being written right now: uploads and copies. */
  active: Set<string>;
  clock: Clock;
  random: () => number;
  log: Log;
  settings: DepotSettings;
}

/** A client's wish that the depot cannot grant, in the depot's own words. */
export class Refused extends Error {
  override readonly name = "Refused";
  constructor(readonly why: RefusedWhy, message: string, readonly available: number | null = null) {
    super(message);
  }
}

/** The refusal of a name that the owner has no file for. */
export function absent(): Refused {
  return new Refused("absent", "There is no such file");
}

export type RefusedWhy =
  | "absent" // no such file
  | "taken" // there is a file of that name
  | "changed" // the file has another content than expected
  | "few places" // `available` says how many replicas are possible
  | "no room"
  | "no copy" // no good copy can be read now
  | "limit"
  | "in use" // the upload is being sent by another connection
  | "wrong digest"
  | "wrong size"
  | "bad value"
  | "unknown owner";

/** What an owner is told of a file's copies: never more than the file wants. */
export interface Copies {
  /** Durable and on a place that is there. */
  live: number;
  wanted: number;
  places: { id: string; name: string }[];
}

/** Good replicas of a file on places that are there, at most as many as it wants. */
export function copiesOf(file: FileRecord, places: Places): Copies {
  const live = file.places.filter((id) => places.get(id))
    .sort((a, b) => placeRank(a, places) - placeRank(b, places))
    .slice(0, file.wanted);
  return {
    live: live.length,
    wanted: file.wanted,
    places: live.map((id) => ({ id, name: places.get(id)?.name ?? "" })),
  };
}

/**
 * In which order an owner is told of places, where there are more copies than its file wants: those
 * that are there to stay, those that are emptied, those that may come back, those that are gone.
 */
export function placeRank(id: string, places: Places): number {
  if (places.get(id)) return places.isLeaving(id) ? 1 : 0;
  return places.record(id)?.state === "gone" ? 3 : 2;
}

/** Places with a good replica that are there now. */
export function livePlaces(content: ContentCopies, places: Places): string[] {
  return content.replicas
    .filter((replica) => replica.state === "good" && places.get(replica.place))
    .map((replica) => replica.place);
}
