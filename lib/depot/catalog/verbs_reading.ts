/** What it takes to read a file, in one look. */
import type { FileToRead } from "./catalog.ts";
import type { Verbs } from "./verb.ts";
import { wantedFor, whereabouts } from "./verbs_contents.ts";
import { OWN_COLUMNS } from "./verbs_files.ts";

export const readingVerbs = {
  fileToRead(db, owner, name) {
    const row = db.get<ReadRow>(READ, owner, name);
    if (!row) return null;
    const { content, checks, wantedOfAll, executable, ...file } = row;
    const { digest, size } = file;
    const { replicas, asides } = whereabouts(db, content);
    const places = replicas.filter(({ state }) => state === "good").map(({ place }) => place);
    return {
      file: { ...file, executable: executable === 1, places },
      content: { digest, size, wanted: wantedOfAll, replicas, asides },
      checks,
    };
  },
} satisfies Partial<Verbs>;

type ReadRow = Omit<FileToRead["file"], "places" | "executable"> & {
  executable: number;
  content: Uint8Array;
  checks: Uint8Array;
  /** The largest number that a file with this content wants. */
  wantedOfAll: number;
};

const READ = `
  SELECT ${OWN_COLUMNS}, f.content, c.checks, ${wantedFor("f.content")} AS wantedOfAll
  FROM files f CROSS JOIN contents c ON c.digest = f.content
  WHERE f.owner = (SELECT key FROM owners WHERE owner = ?) AND f.name = ?`;
