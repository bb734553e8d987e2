/**
 * The catalog: what the depot knows of owners, files, contents, places, replicas and uploads.
 *
 * One verb is one transaction, durable when its promise resolves; a verb that rejects has changed
 * nothing. Verbs that arrive while a transaction is syncing share the next one, each with its own
 * savepoint. Nothing here speaks of tables or rows, so that another database can follow.
 *
 * Digests are SHA-256 in lower-case hexadecimal, times are milliseconds of the wall clock (only
 * ever shown), sizes are bytes. An `owner` is the SHA-256 of an owner's identifier: the
 * identifier itself never gets here. An `upload` is the key that the depot made for one owner's
 * upload, under which places keep its parts.
 *
 * A replica is `writing → good → doomed → gone`, or `good → aside`:
 *
 * - `writing`: bytes may be at the place, nobody counts them. The row is there before the bytes.
 * - `good`: a durable copy that was right when last looked at. Only these count.
 * - `doomed`: one transaction found that no file needs it; its bytes go after the linger.
 * - aside: found damaged and kept out of the way at its place. Not a replica any more.
 */
export interface Catalog extends AsyncDisposable {
  /** The depot's identifier, a UUID made with the catalog. */
  readonly depot: string;
  /** How many transactions that changed something the catalog has seen. Only grows. */
  readonly sequence: number;
  /**
   * Makes `sequence` at least `sequence`: the operator accepted an older copy of the catalog. What
   * that copy has as doomed is forgotten, so that its bytes are set aside and not deleted.
   */
  raiseSequence(sequence: number): Promise<void>;

  // Owners
  addOwner(owner: string, now: number): Promise<void>;
  hasOwner(owner: string): Promise<boolean>;
  /**
   * What the owner's next `limit` files come to in all, and how their replicas are spread: of each
   * file no more than it wants, first those on `live` places. `next`: where to go on, or `null`.
   */
  ownerTotals(query: TotalsQuery): Promise<OwnerTotals & { next: string | null }>;
  /** How many of these contents a file of the owner has. */
  ownedAmong(owner: string, digests: string[]): Promise<number>;

  // Places
  /** Every place that was ever seen and not forgotten. */
  places(): Promise<PlaceRecord[]>;
  /**
   * The place is there, with this address, name, zone: `online`, since now if it was anything else.
   */
  placeJoined(place: PlaceJoined, now: number): Promise<void>;
  /** One row, however many replicas it has. No change when it is in that state already. */
  placeLeft(id: string, state: AwayState, now: number): Promise<void>;
  /** The operator empties the place, or does not any more. Outlasts its comings and goings. */
  setDraining(id: string, draining: boolean): Promise<void>;
  /** How many good replicas a place has, by what is known. */
  replicaCount(place: string): Promise<number>;
  /** The number that `setKnownChanges` set last; `null` where there is none. */
  knownChanges(id: string): Promise<number | null>;
  /**
   * What the place has is what the catalog says, as long as its change counter has this number;
   * `null`: nobody knows, and its list must be compared.
   */
  setKnownChanges(id: string, changes: number | null): Promise<void>;

  // Uploads
  /**
   * Writes the intent before any byte: an upload and the places that may get parts of it. The
   * upload may exist already (a resume), and its places are then added to. With `content` also
   * what `prepareCommit` does, for a deposit whose digest is known before its bytes. Throws when
   * the upload is another owner's.
   */
  beginUpload(upload: UploadIntent): Promise<void>;
  /**
   * The digest is known and the bytes are about to take its name at `places`: rows `writing`,
   * where there was none or a doomed one; a good one stays good. Until the upload ends, the content
   * stays known and nothing of it is doomed at these places. The digest, size and checks must come
   * from bytes that were read: throws when the content is known with others.
   */
  prepareCommit(upload: string, content: ContentChecks, places: string[]): Promise<void>;
  /**
   * The bytes are durable on `deposit.good` (at least one place, each prepared or good already):
   * those are `good` now, what is still `writing` at the other prepared places is doomed, the file
   * is there with its next version, and the upload is gone. The same content as the file had keeps
   * version and time of deposit. Throws when the upload is not there or not prepared for `digest`.
   */
  commitDeposit(deposit: DepositCommit): Promise<FileRecord>;
  /** An upload nobody is connected for: `bytes` are kept at its places for a resume. What it prepared stays. */
  keepUpload(upload: string, bytes: number, now: number): Promise<void>;
  /**
   * The upload will not commit; its places have nothing of it any more. Its `writing` rows are
   * doomed, except where another upload is prepared for the same content. No error when there is
   * no such upload.
   */
  endUpload(upload: string): Promise<void>;
  upload(upload: string): Promise<UploadRecord | null>;
  /** Ascending by when they were last touched; of one owner, or all. */
  uploads(owner?: string): Promise<UploadRecord[]>;

  // Files
  file(owner: string, name: string): Promise<FileRecord | null>;
  /** The same with what it takes to read it, as of one moment. */
  fileToRead(owner: string, name: string): Promise<FileToRead | null>;
  /** Ascending by name, compared as UTF-8 bytes. */
  listFiles(query: FileQuery): Promise<{ files: FileRecord[]; more: boolean }>;
  /**
   * Changes how many replicas the file wants, and what `attributes` has. Same content, same
   * version. `null` when there is no such file, or its digest is not `expected` any more.
   */
  changeFile(change: FileChange): Promise<FileRecord | null>;
  /** `null` when there was none. With `keeping` it is a removed file from then on. */
  removeFile(owner: string, name: string, keeping?: Keeping): Promise<FileRecord | null>;
  /**
   * Gives a file, or every file of a folder, another name, all or none. A file that has such a name
   * is in the way, or with `replace` is removed as by `removeFile`. A version becomes greater than
   * all that the name had.
   */
  renameFiles(renaming: Renaming): Promise<Renamed | RenamingRefused>;

  // Removed files
  /** Ascending by name, compared as UTF-8 bytes, then by version. */
  removedFiles(query: RemovedQuery): Promise<{ files: RemovedRecord[]; more: boolean }>;
  /**
   * A removed file is the file of that name again. `version` `null`: the greatest. One that is there
   * is in the way, or with `replace` is removed as by `removeFile`; the restored one's version is
   * then greater than all others.
   */
  restoreFile(restoring: Restoring): Promise<FileRecord | "absent" | "taken">;
  /**
   * The file and all removed ones of that name cannot be restored any more. Resolves to their
   * digests, or `null` when there was nothing.
   */
  forgetFile(owner: string, name: string): Promise<string[] | null>;
  /**
   * Contents that only removed files of this owner want, those first that are kept for the shortest
   * time. Of the removed files only the first `limit` are looked at.
   */
  removedByEnd(owner: string, limit: number): Promise<RemovedContent[]>;
  /**
   * None of the owner's removed files with these contents can be restored any more. Resolves to
   * those digests of which there was one.
   */
  forgetRemoved(owner: string, digests: string[]): Promise<string[]>;
  /** Forgets up to `limit` removed files that are not kept beyond `now`; resolves to their digests. */
  releaseRemoved(now: number, limit: number): Promise<string[]>;

  // Contents and replicas
  content(digest: string): Promise<ContentRecord | null>;
  /** Chunk checks of a content: CRC-32, four bytes little-endian a chunk. `null`: no such content. */
  chunkChecks(digest: string): Promise<Uint8Array | null>;
  /**
   * Of the next `limit` contents after `after`, in an order of its own, those whose good replicas on
   * `counted` places are not as many as wanted; with `few`, also those that have at most one good
   * replica on `few.live` places and fewer than wanted on `few.counted` ones. `next`: where to go
   * on, for the same kind of survey, or `null` at the end. A content that is added meanwhile may be
   * left out.
   */
  survey(query: SurveyQuery): Promise<{ contents: ContentRecord[]; next: string | null }>;
  /** Adds up those of the next `limit` contents after `after` that are wanted. `next` as in `survey`. */
  tally(query: TallyQuery): Promise<{ tally: Tally; next: string | null }>;
  /**
   * A copy is about to be made at a place: a row `writing`. False when one is there already and is
   * not doomed, or the content is not known any more.
   */
  beginCopy(digest: string, place: string): Promise<boolean>;
  /**
   * The copy is durable and its hash was right: `good`. Throws when the row was doomed meanwhile,
   * or is not there: the copy does not count, and its bytes may be deleted.
   */
  finishCopy(digest: string, place: string, now: number): Promise<void>;
  /** The copy failed and the place has nothing of it: the `writing` row is gone. */
  dropCopy(digest: string, place: string): Promise<void>;
  /** A `good` replica was read whole and was right. */
  verified(digest: string, place: string, now: number): Promise<void>;
  /** A `good` replica is not there any more, or (`aside`) was damaged and is now set aside. */
  replicaLost(digest: string, place: string, how: "absent" | "aside", now: number): Promise<void>;
  /**
   * Dooms good replicas that are above the wanted number, and resolves to their places.
   *
   * - A file has the content: of the good replicas on `live` places, as many as there are above
   *   the wanted number, in `order`. A replica stays when its place is not in both `order` and
   *   `live`, or an upload is prepared for the content there.
   * - No file has it, and an upload is prepared for it: none.
   * - Neither: every good replica, first those in `order`, also on places in neither list, whose
   *   bytes go when the place comes back.
   *
   * What is `writing` is never doomed by this.
   */
  doomSurplus(digest: string, order: string[], live: string[]): Promise<string[]>;
  /**
   * A `doomed` replica's bytes are gone. The content goes with its last replica when no file and no
   * upload needs it. No change when the row is not doomed any more.
   */
  replicaGone(digest: string, place: string): Promise<void>;
  /** Replicas in a state, to be finished or undone at a start. */
  replicasIn(state: "writing" | "doomed", page: Page): Promise<ReplicaKey[]>;
  /** What should be at a place, ascending by digest from the first after `after`. */
  replicasOn(place: string, page: { after?: string; limit: number }): Promise<PlaceReplica[]>;
  /**
   * When each good one of the next `limit` replicas at a place was last looked at, in an order of its
   * own. `next`: where to go on, or `null` at the end.
   */
  looksAt(
    place: string,
    page: { after: string | null; limit: number },
  ): Promise<{ looks: Look[]; next: string | null }>;
  /** A set-aside copy at a place, with or without a content that the catalog knows. */
  addAside(aside: AsideRecord): Promise<void>;
  dropAside(digest: string, place: string): Promise<void>;
  asides(): Promise<AsideRecord[]>;
}

/**
 * Rows to ask for at once, by those who walk over many. A page holds the catalog for less than a
 * millisecond, and nobody who waits for a deposit waits for more than a page of each walk.
 */
export const PAGE_ROWS = 100;

export type AwayState = "goodbye" | "lost" | "gone";
export type PlaceState = "online" | AwayState;
export type ReplicaState = "writing" | "good" | "doomed";

export interface PlaceRecord {
  id: string;
  /** Of the store, such as `fs`. */
  kind: string;
  /** Where it was last, as its store wrote it: a path, for `fs`. */
  address: string;
  name: string;
  zone: string;
  state: PlaceState;
  /** Since when it is in `state`. */
  since: number;
  /** The operator empties it. */
  draining: boolean;
}

/** What a place says of itself when it joins. */
export type PlaceJoined = Omit<PlaceRecord, "state" | "since" | "draining">;

export interface ContentChecks {
  digest: string;
  size: number;
  /** As in `Catalog.chunkChecks`. */
  checks: Uint8Array;
}

export interface UploadIntent {
  upload: string;
  owner: string;
  places: string[];
  now: number;
  content?: ContentChecks;
}

export interface UploadRecord {
  upload: string;
  owner: string;
  /** Where parts of it may be. */
  places: string[];
  /** Bytes kept for a resume, as last told. */
  bytes: number;
  /** When it was last begun or kept. */
  touchedAt: number;
}

/** What a client says of a file beyond its bytes. `null`: not said. */
export interface FileAttributes {
  /** Milliseconds since 1970. */
  modifiedAt: number | null;
  executable: boolean;
}

export interface DepositCommit {
  upload: string;
  owner: string;
  name: string;
  digest: string;
  wanted: number;
  /** The number that the file has by then stays, and `wanted` is only for a new file. */
  keepWanted: boolean;
  good: string[];
  attributes: FileAttributes;
  now: number;
  /** What is replaced can be restored until then; not at all when not given. */
  keepUntil?: number;
}

/** A file that is removed can be restored for a while. */
export interface Keeping {
  now: number;
  until: number;
}

export interface Renaming {
  owner: string;
  /** A name, or a folder's with `/` at its end; `to` is of the same kind and not below it. */
  from: string;
  to: string;
  replace: boolean;
  keeping?: Keeping;
  /** No name may become longer. Bytes. */
  longest: number;
  /** Of a folder with more files than these nothing is renamed: nobody else is served meanwhile. */
  most: number;
}

export interface Renamed {
  files: number;
  /** Digests of the files that were replaced. */
  replaced: string[];
}

/** Nothing was renamed: there is nothing, a name is taken or would become too long, or there are too many. */
export interface RenamingRefused {
  refused: "absent" | "taken" | "long" | "many";
  name: string;
}

export interface Restoring {
  owner: string;
  name: string;
  version: number | null;
  replace: boolean;
  keeping?: Keeping;
}

export interface FileChange {
  owner: string;
  name: string;
  wanted: number;
  /** The digest that the caller believes the file has; not checked when not given. */
  expected?: string;
  attributes?: FileAttributes;
}

export interface FileRecord extends FileAttributes {
  name: string;
  version: number;
  digest: string;
  size: number;
  wanted: number;
  depositedAt: number;
  /** Where good replicas of its content are, live or not. */
  places: string[];
}

/** What removed files of one owner keep. `places`: where good replicas are. */
export type RemovedContent = Pick<FileRecord, "digest" | "size" | "places">;

/** A file that was removed or replaced; `version` is what it had then. */
export interface RemovedRecord extends FileRecord {
  removedAt: number;
  keptUntil: number;
}

export interface RemovedQuery extends FileQuery {
  /** With `after`: of that name, only greater versions than this one. */
  afterVersion: number;
}

export interface FileQuery {
  owner: string;
  prefix: string;
  after: string;
  limit: number;
}

/** A content and its copies, whoever wants them. */
export interface ContentCopies {
  digest: string;
  size: number;
  replicas: { place: string; state: ReplicaState; verifiedAt: number | null }[];
  /** Places with a set-aside copy. */
  asides: string[];
}

export interface ContentRecord extends ContentCopies {
  /** The largest number that a file with this content wants, removed or not; 0 when none has it. */
  wanted: number;
}

/** A file, its content, and the content's chunk checks as `chunkChecks` has them. */
export interface FileToRead {
  file: FileRecord;
  content: ContentCopies;
  checks: Uint8Array;
}

export interface SurveyQuery {
  /** `next` of the page before. */
  after: string | null;
  limit: number;
  counted: string[];
  few?: { live: string[]; counted: string[] };
  /** Only contents with a good replica here. */
  place?: string;
}

export interface TallyQuery {
  /** `next` of the page before. */
  after: string | null;
  limit: number;
  /** Places that are there. */
  live: string[];
}

/** What the files of all owners come to. */
export interface Tally {
  /** Removed ones that can be restored do not count. */
  files: number;
  /** Their sizes, added up; a content under two names counts twice. */
  bytes: number;
  /** Of files, also of removed ones. */
  contents: number;
  /** The contents' sizes, added up: bytes of one replica of each. */
  contentBytes: number;
  /** Copies missing on live places. */
  deficit: number;
  /** Contents of which no good replica is known. */
  damaged: number;
}

export interface Page {
  after: ReplicaKey | null;
  limit: number;
}

export interface ReplicaKey {
  digest: string;
  place: string;
}

export interface PlaceReplica {
  digest: string;
  size: number;
  state: ReplicaState;
}

export interface Look {
  digest: string;
  /** When the replica was last read whole and was right; `null`: never. */
  verifiedAt: number | null;
  /** How far the walk over all of its place is, from 0 to 1, about. */
  part: number;
}

export interface AsideRecord {
  digest: string;
  place: string;
  since: number;
}

export interface TotalsQuery {
  owner: string;
  /** Only files whose names come after this one. */
  after: string;
  limit: number;
  /** Places that can be read. */
  live: string[];
  /** Places whose replicas count as wanted ones. */
  counted: string[];
  /** Replicas that were looked at since then are checked. */
  checkedSince: number;
}

/** Each name counts for itself: a content under two names counts twice. */
export interface OwnerTotals {
  files: number;
  bytes: number;
  /** Good replicas at each place, by its identifier. */
  replicas: Record<string, number>;
  /** Files with fewer replicas on live places than they want. */
  short: number;
  /** Those replicas. */
  deficit: number;
  /** Of them those on places that are away and still count. */
  waiting: number;
  /** Files of which no good replica is known. */
  damaged: number;
  /** Files with a set-aside copy. */
  aside: number;
  /** Files whose good replicas were all looked at lately. */
  checked: number;
  /** When the replica was looked at that was not for longest. */
  oldestCheck: number | null;
}

/** The catalog's file cannot be used: of a newer schema, not a catalog, locked or damaged. */
export class CatalogRefused extends Error {
  override readonly name = "CatalogRefused";
}

/** The catalog's disk is full: nothing was changed, and it may be tried again. */
export class CatalogFull extends Error {
  override readonly name = "CatalogFull";
}
