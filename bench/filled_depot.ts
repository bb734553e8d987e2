/** A depot with many files, made fast: bytes and rows are written beside a server that is stopped. */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { crc32 } from "node:zlib";
import { SHARDS } from "../lib/disk/layout.ts";
import { contentsOf } from "./depot.ts";

const FILES_OF_ONE_OWNER = 10_000;

const INSERT = {
  owner: "INSERT INTO owners (owner, added_at) VALUES (?, ?)",
  content: "INSERT INTO contents (digest, size, checks) VALUES (?, ?, ?)",
  file: `INSERT INTO files (owner, name, version, content, wanted, deposited_at, executable)
    VALUES (?, ?, 1, ?, 1, ?, 0)`,
  replica: `INSERT INTO replicas (content, place, digest, state, verified_at)
    VALUES (?, (SELECT key FROM places), ?, 'good', ?)`,
};

/**
 * Adds files, each with a content of its own and a good copy at the only place of the depot that
 * has its data in `home`. In no order, as they would have come.
 */
export async function fillDepot(home: string, files: number): Promise<void> {
  if (files === 0) return;
  const contents = await contentsOf(join(home, "disk1"));
  for (const shard of SHARDS) await Deno.mkdir(join(contents, shard), { recursive: true });
  using catalog = new DatabaseSync(join(home, "data", "catalog.db"));
  catalog.exec("PRAGMA synchronous = OFF; PRAGMA cache_size = -1000000; BEGIN");
  const insert = Object.fromEntries(
    Object.entries(INSERT).map(([name, sql]) => [name, catalog.prepare(sql)]),
  ) as Record<keyof typeof INSERT, StatementSync>;
  const now = Date.now();
  let owner = 0;
  for (let number = 0; number < files; number++) {
    if (number % FILES_OF_ONE_OWNER === 0) {
      const hash = createHash("sha256").update(`owner ${number}`).digest("hex");
      owner = Number(insert.owner.run(hash, now).lastInsertRowid);
    }
    const bytes = new TextEncoder().encode(`content ${number}`);
    const digest = createHash("sha256").update(bytes).digest();
    const name = digest.toString("hex");
    Deno.writeFileSync(join(contents, name.slice(0, 2), name), bytes);
    const content = insert.content.run(digest, bytes.length, checkOf(bytes)).lastInsertRowid;
    insert.file.run(owner, `folder ${number % 100}/file ${number}.txt`, content, now);
    insert.replica.run(content, digest, now);
  }
  catalog.exec("COMMIT");
}

/** As the catalog has it, of a content that is one piece. */
function checkOf(bytes: Uint8Array): Uint8Array {
  const check = new Uint8Array(4);
  new DataView(check.buffer).setUint32(0, crc32(bytes), true);
  return check;
}
