/** Uploads: the intent before any byte, and the deposit that ends it. */
import type { ContentChecks, DepositCommit, UploadRecord } from "./catalog.ts";
import { digestBytes, findOwner, idsOf, ownerKey, placeKey } from "./keys.ts";
import type { Statements } from "./statements.ts";
import type { Verbs } from "./verb.ts";
import { forgetUnneeded } from "./verbs_contents.ts";
import { fileOf, putFile } from "./verbs_files.ts";
import { doomWriting, startWriting } from "./verbs_replicas.ts";

export const uploadVerbs = {
  beginUpload(db, { upload, owner, places, now, content }) {
    const key = ownerKey(db, owner);
    const known = findUpload(db, upload);
    if (known && known.owner !== key) {
      throw new Error(`Cannot begin the upload ${upload}: it is another owner's`);
    }
    db.run(
      `INSERT INTO uploads (upload, owner, bytes, touched_at) VALUES (?1, ?2, 0, ?3)
       ON CONFLICT (upload) DO UPDATE SET touched_at = ?3`,
      upload,
      key,
      now,
    );
    for (const place of places) addPlace(db, upload, placeKey(db, place), false);
    if (content) prepare(db, upload, content, places);
    return recordOf(db, upload)!;
  },

  prepareCommit(db, upload, content, places) {
    prepare(db, upload, content, places);
  },

  commitDeposit(db, deposit) {
    const { upload, owner, digest } = deposit;
    const content = digestBytes(digest);
    const key = ownerKey(db, owner);
    const known = existing(db, upload);
    if (known.owner !== key) throw refused(upload, "it is another owner's");
    if (!known.content || !sameBytes(known.content, content)) {
      throw refused(upload, `it is not prepared for ${digest}`);
    }
    if (deposit.good.length === 0) throw refused(upload, "no place has its bytes");
    for (const place of deposit.good) makeGood(db, deposit, placeKey(db, place));
    // Whatever is prepared and not good has failed.
    removeUpload(db, upload, content);
    putFile(db, key, content, deposit);
    return fileOf(db, key, deposit.name)!;
  },

  keepUpload(db, upload, bytes, now) {
    existing(db, upload);
    db.run("UPDATE uploads SET bytes = ?, touched_at = ? WHERE upload = ?", bytes, now, upload);
  },

  endUpload(db, upload) {
    const known = findUpload(db, upload);
    if (!known) return;
    removeUpload(db, upload, known.content);
    if (known.content) forgetUnneeded(db, known.content);
  },

  upload(db, upload) {
    return recordOf(db, upload);
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

function recordOf(db: Statements, upload: string): UploadRecord | null {
  const row = db.get<UploadRow>(`${UPLOAD} WHERE u.upload = ?`, upload);
  return row ? toUpload(row) : null;
}

function toUpload(row: UploadRow): UploadRecord {
  return { ...row, places: idsOf(row.places) };
}

interface KnownUpload {
  owner: number;
  content: Uint8Array | null;
}

function findUpload(db: Statements, upload: string): KnownUpload | undefined {
  return db.get<KnownUpload>("SELECT owner, content FROM uploads WHERE upload = ?", upload);
}

function existing(db: Statements, upload: string): KnownUpload {
  const known = findUpload(db, upload);
  if (!known) throw new Error(`Cannot find the upload ${upload}: it ended, or never began`);
  return known;
}

function refused(upload: string, state: string): Error {
  return new Error(`Cannot commit the upload ${upload}: ${state}`);
}

function addPlace(db: Statements, upload: string, place: number, prepared: boolean): void {
  db.run(
    `INSERT INTO upload_places (upload, place, prepared) VALUES (?1, ?2, ?3)
     ON CONFLICT (upload, place) DO UPDATE SET prepared = max(prepared, ?3)`,
    upload,
    place,
    Number(prepared),
  );
}

function prepare(db: Statements, upload: string, content: ContentChecks, places: string[]): void {
  const digest = digestBytes(content.digest);
  const { content: before } = existing(db, upload);
  if (before && !sameBytes(before, digest)) unprepare(db, upload, before);
  putContent(db, digest, content);
  db.run("UPDATE uploads SET content = ? WHERE upload = ?", digest, upload);
  for (const place of places) {
    const key = placeKey(db, place);
    addPlace(db, upload, key, true);
    startWriting(db, digest, key);
  }
}

function unprepare(db: Statements, upload: string, content: Uint8Array): void {
  doomWriting(db, content, upload);
  db.run("UPDATE upload_places SET prepared = 0 WHERE upload = ?", upload);
  db.run("UPDATE uploads SET content = NULL WHERE upload = ?", upload);
  forgetUnneeded(db, content);
}

/** Equal digests are equal bytes, so that a different size or check means that one was made wrong. */
function putContent(db: Statements, digest: Uint8Array, content: ContentChecks): void {
  const { size, checks } = content;
  const known = db.get<{ size: number; checks: Uint8Array }>(
    "SELECT size, checks FROM contents WHERE digest = ?",
    digest,
  );
  if (!known) {
    db.run("INSERT INTO contents (digest, size, checks) VALUES (?, ?, ?)", digest, size, checks);
  } else if (known.size !== size || !sameBytes(known.checks, checks)) {
    throw new Error(
      `Cannot prepare ${content.digest}: the catalog knows it with another size or other checks`,
    );
  }
}

/**
 * The row may have vanished since it was prepared: a good copy that a read found bad was set aside
 * while whole bytes were on their way. Where nothing was prepared only a good row will do, because
 * a doomed one's bytes may be going.
 */
function makeGood(db: Statements, { upload, digest, now }: DepositCommit, place: number): void {
  const content = digestBytes(digest);
  const prepared = db.get(
    "SELECT 1 FROM upload_places WHERE upload = ? AND place = ? AND prepared = 1",
    upload,
    place,
  );
  const allowed = prepared ?? db.get(
    "SELECT 1 FROM replicas WHERE content = ? AND place = ? AND state = 'good'",
    content,
    place,
  );
  if (!allowed) throw refused(upload, "a place that is said to have it was not prepared");
  if (!prepared) return;
  db.run(
    `INSERT INTO replicas (content, place, state, verified_at) VALUES (?1, ?2, 'good', ?3)
     ON CONFLICT (content, place) DO UPDATE SET state = 'good', verified_at = ?3`,
    content,
    place,
    now,
  );
}

/** Dooms what the upload was writing and takes its rows away. */
function removeUpload(db: Statements, upload: string, content: Uint8Array | null): void {
  if (content) doomWriting(db, content, upload);
  db.run("DELETE FROM upload_places WHERE upload = ?", upload);
  db.run("DELETE FROM uploads WHERE upload = ?", upload);
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}
