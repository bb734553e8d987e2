/** What it takes to read a file, in one look. */
import type { FileToRead } from "./catalog.ts";
import type { Verbs } from "./verb.ts";
import { withWhereabouts } from "./verbs_contents.ts";
import { OWN_COLUMNS } from "./verbs_files.ts";

export const readingVerbs = {
  fileToRead(db, owner, name) {
    const row = db.get<ReadRow>(READ, owner, name);
    if (!row) return null;
    const { key, checks, executable, ...file } = row;
    const { digest, size } = file;
    const content = withWhereabouts(db, { key, digest, size });
    const places = content.replicas.filter(({ state }) => state === "good")
      .map(({ place }) => place);
    return { file: { ...file, executable: executable === 1, places }, content, checks };
  },
} satisfies Partial<Verbs>;

type ReadRow = Omit<FileToRead["file"], "places" | "executable"> & {
  executable: number;
  key: number;
  checks: Uint8Array;
};

// How many copies others want of the content is left out: it would be a page more of a large catalog.
const READ = `
  SELECT ${OWN_COLUMNS}, c.key, c.checks
  FROM files f CROSS JOIN contents c ON c.key = f.content
  WHERE f.owner = (SELECT key FROM owners WHERE owner = ?) AND f.name = ?`;
