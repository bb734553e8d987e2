/**
 * Step 6: contents have keys, and every table that has contents is made anew.
 *
 * The contents that are there get their keys in the order of their digests, so that a walk in that
 * order reads them in one go; later ones as they come. An index that can be filled in its own order
 * is made before its table is: sorting would take place in memory.
 */
export const CONTENT_KEYS = `
DROP INDEX files_by_content;
DROP INDEX removed_by_content;
DROP INDEX removed_by_end;
DROP INDEX removed_by_owner;
DROP INDEX replicas_by_place;
DROP INDEX replicas_unsettled;
DROP INDEX uploads_by_owner;
DROP INDEX uploads_by_content;

CREATE TABLE new_contents (
  key INTEGER PRIMARY KEY,
  digest BLOB NOT NULL UNIQUE CHECK (length(digest) = 32),
  size INTEGER NOT NULL CHECK (size >= 0),
  checks BLOB NOT NULL
) STRICT;
INSERT INTO new_contents (digest, size, checks)
  SELECT digest, size, checks FROM contents ORDER BY digest;

CREATE TABLE new_replicas (
  content INTEGER NOT NULL REFERENCES contents,
  place INTEGER NOT NULL REFERENCES places,
  digest BLOB NOT NULL CHECK (length(digest) = 32),
  state TEXT NOT NULL CHECK (state IN ('writing', 'good', 'doomed')),
  verified_at INTEGER,
  PRIMARY KEY (content, place)
) STRICT, WITHOUT ROWID;
CREATE INDEX replicas_by_place ON new_replicas (place, content);
CREATE INDEX replicas_by_digest ON new_replicas (place, digest);
CREATE INDEX replicas_unsettled ON new_replicas (state, digest, place) WHERE state <> 'good';
INSERT INTO new_replicas (content, place, digest, state, verified_at)
  SELECT (SELECT key FROM new_contents WHERE digest = content), place, content, state, verified_at
  FROM replicas ORDER BY content, place;

CREATE TABLE new_files (
  owner INTEGER NOT NULL REFERENCES owners,
  name TEXT NOT NULL,
  format INTEGER NOT NULL DEFAULT 0,
  version INTEGER NOT NULL CHECK (version > 0),
  content INTEGER NOT NULL REFERENCES contents,
  wanted INTEGER NOT NULL CHECK (wanted > 0),
  deposited_at INTEGER NOT NULL,
  modified_at INTEGER,
  executable INTEGER NOT NULL CHECK (executable IN (0, 1)),
  PRIMARY KEY (owner, name)
) STRICT, WITHOUT ROWID;
INSERT INTO new_files
    (owner, name, format, version, content, wanted, deposited_at, modified_at, executable)
  SELECT owner, name, format, version, (SELECT key FROM new_contents WHERE digest = content),
    wanted, deposited_at, modified_at, executable
  FROM files ORDER BY owner, name;
CREATE INDEX files_by_content ON new_files (content, wanted);

CREATE TABLE new_removed (
  owner INTEGER NOT NULL REFERENCES owners,
  name TEXT NOT NULL,
  version INTEGER NOT NULL CHECK (version > 0),
  format INTEGER NOT NULL,
  content INTEGER NOT NULL REFERENCES contents,
  wanted INTEGER NOT NULL CHECK (wanted > 0),
  deposited_at INTEGER NOT NULL,
  modified_at INTEGER,
  executable INTEGER NOT NULL CHECK (executable IN (0, 1)),
  removed_at INTEGER NOT NULL,
  kept_until INTEGER NOT NULL,
  PRIMARY KEY (owner, name, version)
) STRICT, WITHOUT ROWID;
INSERT INTO new_removed
    (owner, name, version, format, content, wanted, deposited_at, modified_at, executable,
     removed_at, kept_until)
  SELECT owner, name, version, format, (SELECT key FROM new_contents WHERE digest = content),
    wanted, deposited_at, modified_at, executable, removed_at, kept_until
  FROM removed ORDER BY owner, name, version;
CREATE INDEX removed_by_content ON new_removed (content, wanted);
CREATE INDEX removed_by_end ON new_removed (kept_until);
CREATE INDEX removed_by_owner ON new_removed (owner, kept_until);

CREATE TABLE new_uploads (
  upload TEXT PRIMARY KEY NOT NULL,
  owner INTEGER NOT NULL REFERENCES owners,
  content INTEGER REFERENCES contents,
  bytes INTEGER NOT NULL,
  touched_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO new_uploads (upload, owner, content, bytes, touched_at)
  SELECT upload, owner, (SELECT key FROM new_contents WHERE digest = content), bytes, touched_at
  FROM uploads;
CREATE INDEX uploads_by_owner ON new_uploads (owner, touched_at);
CREATE INDEX uploads_by_content ON new_uploads (content);

DROP TABLE contents;
DROP TABLE replicas;
DROP TABLE files;
DROP TABLE removed;
DROP TABLE uploads;
ALTER TABLE new_contents RENAME TO contents;
ALTER TABLE new_replicas RENAME TO replicas;
ALTER TABLE new_files RENAME TO files;
ALTER TABLE new_removed RENAME TO removed;
ALTER TABLE new_uploads RENAME TO uploads;
ALTER TABLE asides RENAME COLUMN content TO digest;
`;
