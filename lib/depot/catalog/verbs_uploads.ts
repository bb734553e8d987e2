/** Uploads: the intent before any byte, and the deposit that ends it. */
import type { ContentChecks, UploadRecord } from "./catalog.ts";
import { type Content, digestBytes, findOwner, idsOf, ownerKey, placeKey } from "./keys.ts";
import type { Statements } from "./statements.ts";
import type { Verbs } from "./verb.ts";
import { forgetUnneeded } from "./verbs_contents.ts";
import { fileOf, putFile } from "./verbs_files.ts";
import { doomWriting, makeGood, startWriting } from "./verbs_replicas.ts";

export const uploadVerbs = {
  beginUpload(db, { upload, owner, places, now, content }) {
    const key = ownerKey(db, owner);
    const prepared = content ? putContent(db, content) : null;
    const isNew = db.run(
      `INSERT INTO uploads (upload, owner, content, bytes, touched_at) VALUES (?, ?, ?, 0, ?)
       ON CONFLICT (upload) DO NOTHING`,
      upload,
      key,
      prepared?.key ?? null,
      now,
    ) > 0;
    if (!isNew) beginAgain(db, upload, { owner: key, content: prepared }, now);
    for (const place of places) addPlace(db, upload, placeKey(db, place), prepared);
  },

  prepareCommit(db, upload, content, places) {
    const { content: before } = existing(db, upload);
    const prepared = putContent(db, content);
    prepareFor(db, upload, prepared, before);
    for (const place of places) addPlace(db, upload, placeKey(db, place), prepared);
  },

  commitDeposit(db, deposit) {
    const { upload, digest, good, now } = deposit;
    const { owner, content } = existing(db, upload);
    if (owner !== ownerKey(db, deposit.owner)) throw refused(upload, "it is another owner's");
    if (content?.digest !== digest) throw refused(upload, `it is not prepared for ${digest}`);
    if (good.length === 0) throw refused(upload, "no place has its bytes");
    const prepared = preparedBy(db, upload);
    if (!good.every((place) => prepared.has(place) || isGood(db, content.key, place))) {
      throw refused(upload, "a place that is said to have it was not prepared");
    }
    for (const [place, key] of prepared) {
      if (good.includes(place)) makeGood(db, content, key, now);
    }
    const failed = [...prepared.keys()].filter((place) => !good.includes(place));
    if (failed.length > 0) doomWriting(db, content.key, upload);
    removeUpload(db, upload);
    putFile(db, owner, content.key, deposit);
    return fileOf(db, owner, deposit.name)!;
  },

  keepUpload(db, upload, bytes, now) {
    existing(db, upload);
    db.run("UPDATE uploads SET bytes = ?, touched_at = ? WHERE upload = ?", bytes, now, upload);
  },

  endUpload(db, upload) {
    const known = findUpload(db, upload);
    if (!known) return;
    if (known.content) doomWriting(db, known.content.key, upload);
    removeUpload(db, upload);
    if (known.content) forgetUnneeded(db, known.content.key);
  },

  upload(db, upload) {
    const row = db.get<UploadRow>(`${UPLOAD} WHERE u.upload = ?`, upload);
    return row ? toUpload(row) : null;
  },

  uploads(db, owner) {
    if (owner === undefined) return db.all<UploadRow>(`${UPLOAD} ${OLDEST_FIRST}`).map(toUpload);
    const key = findOwner(db, owner) ?? null;
    return db.all<UploadRow>(`${UPLOAD} WHERE u.owner = ? ${OLDEST_FIRST}`, key).map(toUpload);
  },
} satisfies Partial<Verbs>;

type UploadRow = Omit<UploadRecord, "places"> & { places: string };

const UPLOAD = `
  SELECT u.upload, o.owner, u.bytes, u.touched_at AS touchedAt, (
    SELECT json_group_array(p.id) FROM upload_places up CROSS JOIN places p ON p.key = up.place
    WHERE up.upload = u.upload
  ) AS places
  FROM uploads u CROSS JOIN owners o ON o.key = u.owner`;
const OLDEST_FIRST = "ORDER BY u.touched_at, u.upload";

function toUpload(row: UploadRow): UploadRecord {
  return { ...row, places: idsOf(row.places) };
}

interface KnownUpload {
  owner: number;
  /** What it is prepared for. */
  content: Content | null;
}

function findUpload(db: Statements, upload: string): KnownUpload | undefined {
  const row = db.get<{ owner: number; key: number | null; digest: string }>(
    `SELECT u.owner, c.key, lower(hex(c.digest)) AS digest
     FROM uploads u LEFT JOIN contents c ON c.key = u.content WHERE u.upload = ?`,
    upload,
  );
  if (!row) return undefined;
  const { owner, key, digest } = row;
  return { owner, content: key === null ? null : { key, digest } };
}

function existing(db: Statements, upload: string): KnownUpload {
  const known = findUpload(db, upload);
  if (!known) throw new Error(`Cannot find the upload ${upload}: it ended, or never began`);
  return known;
}

function refused(upload: string, state: string): Error {
  return new Error(`Cannot commit the upload ${upload}: ${state}`);
}

/** An upload that is there already goes on, for `content` when that is known. */
function beginAgain(
  db: Statements,
  upload: string,
  { owner, content }: KnownUpload,
  now: number,
): void {
  const before = existing(db, upload);
  if (before.owner !== owner) {
    throw new Error(`Cannot begin the upload ${upload}: it is another owner's`);
  }
  db.run("UPDATE uploads SET touched_at = ? WHERE upload = ?", now, upload);
  if (content) prepareFor(db, upload, content, before.content);
}

/** The upload is about to write `content`, and nothing of what it was prepared for before. */
function prepareFor(
  db: Statements,
  upload: string,
  content: Content,
  before: Content | null,
): void {
  if (before?.key === content.key) return;
  if (before) unprepare(db, upload, before.key);
  db.run("UPDATE uploads SET content = ? WHERE upload = ?", content.key, upload);
}

function unprepare(db: Statements, upload: string, content: number): void {
  doomWriting(db, content, upload);
  db.run("UPDATE upload_places SET prepared = 0 WHERE upload = ?", upload);
  db.run("UPDATE uploads SET content = NULL WHERE upload = ?", upload);
  forgetUnneeded(db, content);
}

/** The place may get parts of the upload, and the name of `content` when that is known. */
function addPlace(
  db: Statements,
  upload: string,
  place: number,
  content: Content | null,
): void {
  db.run(
    `INSERT INTO upload_places (upload, place, prepared) VALUES (?1, ?2, ?3)
     ON CONFLICT (upload, place) DO UPDATE SET prepared = max(prepared, ?3)`,
    upload,
    place,
    Number(content !== null),
  );
  if (content) startWriting(db, content, place);
}

/** Equal digests are equal bytes, so that a different size or check means that one was made wrong. */
function putContent(db: Statements, { digest, size, checks }: ContentChecks): Content {
  const values = [digestBytes(digest), size, checks];
  const added = db.insert(
    `INSERT INTO contents (digest, size, checks) VALUES (?, ?, ?)
     ON CONFLICT (digest) DO NOTHING`,
    ...values,
  );
  if (added !== undefined) return { key: added, digest };
  const known = db.get<{ key: number }>(
    "SELECT key FROM contents WHERE digest = ? AND size = ? AND checks = ?",
    ...values,
  );
  if (known) return { key: known.key, digest };
  throw new Error(
    `Cannot prepare ${digest}: the catalog knows it with another size or other checks`,
  );
}

/** The places at which the upload is about to give bytes their name, with their keys. */
function preparedBy(db: Statements, upload: string): Map<string, number> {
  const rows = db.all<{ id: string; key: number }>(
    `SELECT p.id, p.key FROM upload_places up CROSS JOIN places p ON p.key = up.place
     WHERE up.upload = ? AND up.prepared = 1`,
    upload,
  );
  return new Map(rows.map(({ id, key }) => [id, key]));
}

/** Where nothing was prepared only a good row will do, because a doomed one's bytes may be going. */
function isGood(db: Statements, content: number, place: string): boolean {
  return db.get(
    "SELECT 1 FROM replicas WHERE content = ? AND place = ? AND state = 'good'",
    content,
    placeKey(db, place),
  ) !== undefined;
}

function removeUpload(db: Statements, upload: string): void {
  db.run("DELETE FROM upload_places WHERE upload = ?", upload);
  db.run("DELETE FROM uploads WHERE upload = ?", upload);
}
