/**
 * The catalog's tables, as the list of steps that lead to them.
 *
 * The file's `application_id` says that it is a catalog, its `user_version` how many of the steps
 * it has been through. A step is never changed after a release: what comes later is a new step.
 *
 * Tables name owners, places and contents by small integers, which never leave the database; outside
 * a content is its digest. Digests come in no order, so that whatever is sorted by them takes
 * another page for each deposit, to be read, written to the log, and written once more: with a
 * million files that was half of what a deposit cost. A key grows: what belongs to new contents is
 * appended, and what was deposited together lies together. By digest there is only what has to be
 * found or walked over by it:
 *
 * - `contents`: a deposit's digest leads to its key. Chunk checks stand last in the row, where a long
 *   blob is on pages of its own.
 * - `replicas_by_digest`: a place's list, which comes by digest, is compared side by side.
 * - `asides`: a set-aside copy may be of a content that the catalog does not know.
 *
 * The key of a content that was forgotten may be the next one's. By then no row has it any more, and
 * nobody keeps a key beyond a verb but a walk, to which it says only how far it got.
 */
import { CONTENT_KEYS } from "./schema_content_keys.ts";

/** In the file's header, bytes 68 to 71: the ASCII letters `Depo`. */
export const APPLICATION_ID = 0x4465706f;

/**
 * Step 1. Owners and places are keyed by small integers inside, because replicas and files name
 * them a million times. Names compare as `memcmp` of UTF-8, which is SQLite's BINARY collation.
 * How many copies a content needs is never stored: it is the maximum over `files_by_content`.
 */
const VERSION_1 = `
CREATE TABLE depot (
  only INTEGER PRIMARY KEY CHECK (only = 1),
  id TEXT NOT NULL,
  sequence INTEGER NOT NULL
) STRICT;

CREATE TABLE owners (
  key INTEGER PRIMARY KEY,
  owner TEXT NOT NULL UNIQUE,
  added_at INTEGER NOT NULL
) STRICT;

CREATE TABLE places (
  key INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  kind TEXT NOT NULL,
  address TEXT NOT NULL,
  name TEXT NOT NULL,
  zone TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('online', 'goodbye', 'lost', 'gone')),
  since INTEGER NOT NULL
) STRICT;

CREATE TABLE contents (
  digest BLOB PRIMARY KEY NOT NULL CHECK (length(digest) = 32),
  size INTEGER NOT NULL CHECK (size >= 0),
  checks BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE files (
  owner INTEGER NOT NULL REFERENCES owners,
  name TEXT NOT NULL,
  format INTEGER NOT NULL DEFAULT 0,
  version INTEGER NOT NULL CHECK (version > 0),
  content BLOB NOT NULL REFERENCES contents,
  wanted INTEGER NOT NULL CHECK (wanted > 0),
  deposited_at INTEGER NOT NULL,
  modified_at INTEGER,
  executable INTEGER NOT NULL CHECK (executable IN (0, 1)),
  PRIMARY KEY (owner, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX files_by_content ON files (content, wanted);

CREATE TABLE replicas (
  content BLOB NOT NULL REFERENCES contents,
  place INTEGER NOT NULL REFERENCES places,
  state TEXT NOT NULL CHECK (state IN ('writing', 'good', 'doomed')),
  verified_at INTEGER,
  PRIMARY KEY (content, place)
) STRICT, WITHOUT ROWID;
CREATE INDEX replicas_by_place ON replicas (place, content);
CREATE INDEX replicas_unsettled ON replicas (state, content, place) WHERE state <> 'good';

CREATE TABLE asides (
  content BLOB NOT NULL CHECK (length(content) = 32),
  place INTEGER NOT NULL REFERENCES places,
  since INTEGER NOT NULL,
  PRIMARY KEY (content, place)
) STRICT, WITHOUT ROWID;

CREATE TABLE uploads (
  upload TEXT PRIMARY KEY NOT NULL,
  owner INTEGER NOT NULL REFERENCES owners,
  content BLOB REFERENCES contents,
  bytes INTEGER NOT NULL,
  touched_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX uploads_by_owner ON uploads (owner, touched_at);
CREATE INDEX uploads_by_content ON uploads (content);

CREATE TABLE upload_places (
  upload TEXT NOT NULL REFERENCES uploads,
  place INTEGER NOT NULL REFERENCES places,
  prepared INTEGER NOT NULL CHECK (prepared IN (0, 1)),
  PRIMARY KEY (upload, place)
) STRICT, WITHOUT ROWID;
`;

/** Step 2. A place that the operator empties: its replicas are sources and no wanted copies. */
const DRAINING = `
ALTER TABLE places ADD COLUMN draining INTEGER NOT NULL DEFAULT 0 CHECK (draining IN (0, 1));
`;

/**
 * Step 3. `changes`: the change counter of a place that left, when what it had then is known to be
 * what the catalog says; null while it is there.
 */
const CHANGES = `
ALTER TABLE places ADD COLUMN changes INTEGER;
`;

/**
 * Step 4. What was removed or replaced and can be restored until `kept_until`. Of a name, the file
 * that is there has a greater version than every removed one. A removed file wants its replicas
 * like any other: how many a content needs is the maximum over both tables.
 */
const REMOVED = `
CREATE TABLE removed (
  owner INTEGER NOT NULL REFERENCES owners,
  name TEXT NOT NULL,
  version INTEGER NOT NULL CHECK (version > 0),
  format INTEGER NOT NULL,
  content BLOB NOT NULL REFERENCES contents,
  wanted INTEGER NOT NULL CHECK (wanted > 0),
  deposited_at INTEGER NOT NULL,
  modified_at INTEGER,
  executable INTEGER NOT NULL CHECK (executable IN (0, 1)),
  removed_at INTEGER NOT NULL,
  kept_until INTEGER NOT NULL,
  PRIMARY KEY (owner, name, version)
) STRICT, WITHOUT ROWID;
CREATE INDEX removed_by_content ON removed (content, wanted);
CREATE INDEX removed_by_end ON removed (kept_until);
`;

/** Step 5. An owner's removed files in the order in which they make way for a deposit. */
const REMOVED_BY_OWNER = `
CREATE INDEX removed_by_owner ON removed (owner, kept_until);
`;

/** Step `n` of the list leads from schema version `n` to `n + 1`. */
export const MIGRATIONS: readonly string[] = [
  VERSION_1,
  DRAINING,
  CHANGES,
  REMOVED,
  REMOVED_BY_OWNER,
  CONTENT_KEYS,
];
