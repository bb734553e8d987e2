/** A catalog in a directory of its own, with an owner and places, and short forms of its verbs. */
import type {
  Catalog,
  ContentChecks,
  FileRecord,
  ReplicaState,
} from "../../../lib/depot/catalog/catalog.ts";
import { openCatalog } from "../../../lib/depot/catalog/open.ts";

export const OWNER = "a".repeat(64);
export const OTHER_OWNER = "b".repeat(64);

/** A directory that is removed at the end. */
export function temporaryDirectory(): AsyncDisposable & { path: string } {
  const path = Deno.makeTempDirSync({ prefix: "catalog-" });
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}

export interface TemporaryCatalog extends AsyncDisposable {
  catalog: Catalog;
  path: string;
}

/** A new catalog with two owners and the places `p1` to `p4`, all online. */
export async function temporaryCatalog(): Promise<TemporaryCatalog> {
  const directory = temporaryDirectory();
  const path = `${directory.path}/catalog.db`;
  const catalog = await openCatalog(path);
  await settle(catalog);
  return {
    catalog,
    path,
    async [Symbol.asyncDispose]() {
      await catalog[Symbol.asyncDispose]();
      await directory[Symbol.asyncDispose]();
    },
  };
}

/** Adds two owners and four places. */
export async function settle(catalog: Catalog): Promise<void> {
  await Promise.all([
    catalog.addOwner(OWNER, 1),
    catalog.addOwner(OTHER_OWNER, 1),
    ...["p1", "p2", "p3", "p4"].map((id) => catalog.placeJoined(place(id), 1)),
  ]);
}

export function place(id: string) {
  return { id, kind: "fs", address: `/disks/${id}`, name: id, zone: `zone of ${id}` };
}

/** A digest that begins with `number`, so that digests sort as their numbers do. */
export function digest(number: number): string {
  return number.toString(16).padStart(8, "0").padEnd(64, "d");
}

/** A content of `number` bytes. */
export function content(number: number): ContentChecks {
  return { digest: digest(number), size: number, checks: new Uint8Array([number & 255, 1, 2, 3]) };
}

export interface Deposited {
  number: number;
  name?: string;
  wanted?: number;
  places?: string[];
  owner?: string;
  now?: number;
  keepUntil?: number;
}

let uploads = 0;

/** A whole deposit of `content(number)`, good on `places`. */
export async function deposit(catalog: Catalog, deposited: Deposited): Promise<FileRecord> {
  const { number, name = "file", places = ["p1", "p2"], owner = OWNER, now = 10 } = deposited;
  const upload = `deposit ${uploads++}`;
  await catalog.beginUpload({ upload, owner, places, now, content: content(number) });
  return await catalog.commitDeposit({
    ...{ upload, owner, name, digest: digest(number), now, good: places, keepWanted: false },
    wanted: deposited.wanted ?? places.length,
    attributes: { modifiedAt: null, executable: false },
    ...(deposited.keepUntil === undefined ? {} : { keepUntil: deposited.keepUntil }),
  });
}

/** Where replicas of `content(number)` are, by state; `null` when the content is not known. */
export async function states(
  catalog: Catalog,
  number: number,
): Promise<Record<string, ReplicaState> | null> {
  const record = await catalog.content(digest(number));
  return record && Object.fromEntries(record.replicas.map(({ place, state }) => [place, state]));
}
