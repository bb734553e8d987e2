/** Other names for files. */
import { Buffer } from "node:buffer";
import type { Renaming, RenamingRefused } from "./catalog.ts";
import { findOwner } from "./keys.ts";
import type { Statements } from "./statements.ts";
import type { Verbs } from "./verb.ts";
import { forgetUnneeded } from "./verbs_contents.ts";
import { lastVersion, successor, takeAway } from "./verbs_files.ts";

export const renamingVerbs = {
  renameFiles(db, renaming) {
    const key = findOwner(db, renaming.owner);
    if (key === undefined) return { refused: "absent", name: renaming.from };
    const moves = movesOf(db, key, renaming);
    if (moves.length === 0) return { refused: "absent", name: renaming.from };
    if (moves.length > renaming.most) return { refused: "many", name: renaming.from };
    const refused = refusalOf(db, key, moves, renaming);
    if (refused) return refused;
    const replaced = moves.flatMap((move) => {
      const present = contentAt(db, key, move.to);
      const version = Math.max(move.version, lastVersion(db, key, move.to) + 1);
      if (present) takeAway(db, key, move.to, renaming.keeping);
      db.run(
        "UPDATE files SET name = ?, version = ? WHERE owner = ? AND name = ?",
        move.to,
        version,
        key,
        move.from,
      );
      if (present) forgetUnneeded(db, present.key);
      return present ? [present.digest] : [];
    });
    return { files: moves.length, replaced };
  },
} satisfies Partial<Verbs>;

interface Move {
  from: string;
  to: string;
  version: number;
}

/**
 * Shorter names first: where `a/b/` becomes `a/`, the file `a/b/x` leaves its name before `a/b/b/x`
 * takes it.
 */
function movesOf(db: Statements, owner: number, { from, to, most }: Renaming): Move[] {
  const isFolder = from.endsWith("/");
  const rows = db.all<{ name: string; version: number }>(
    isFolder
      ? "SELECT name, version FROM files WHERE owner = ? AND name >= ? AND name < ? LIMIT ?"
      : "SELECT name, version FROM files WHERE owner = ? AND name = ?",
    owner,
    from,
    ...isFolder ? [successor(from), most + 1] : [],
  );
  return rows.map(({ name, version }) => ({
    from: name,
    to: to + name.slice(from.length),
    version,
  })).sort((a, b) => a.from.length - b.from.length);
}

/** The content of the file of that name. */
function contentAt(
  db: Statements,
  owner: number,
  name: string,
): { key: number; digest: string } | undefined {
  return db.get(
    `SELECT c.key, lower(hex(c.digest)) AS digest FROM files f CROSS JOIN contents c
       ON c.key = f.content WHERE f.owner = ? AND f.name = ?`,
    owner,
    name,
  );
}

/** What is itself about to move is in nobody's way. */
function refusalOf(
  db: Statements,
  owner: number,
  moves: Move[],
  { from, replace, longest }: Renaming,
): RenamingRefused | null {
  for (const { to } of moves) {
    if (Buffer.byteLength(to) > longest) return { refused: "long", name: to };
    const isMoving = from.endsWith("/") && to.startsWith(from);
    if (!replace && !isMoving && contentAt(db, owner, to)) return { refused: "taken", name: to };
  }
  return null;
}
