/**
 * Where a disk keeps what, below the directory that the operator gave:
 *
 *     DIR/deposito/<depot id>/
 *       mark.json             what this disk is: see mark.ts; beside it mark.json.spare, see record.ts
 *       lock                  held by the process that uses the disk
 *       parts/1f/<upload id>  bytes of uploads that did not commit, in the folder that the id comes to
 *       contents/ab/<digest>  one whole copy of a content, `ab` being the digest's first digits
 *       aside/<digest>        a copy moved out of the way; earlier ones are <digest>.1, .2 …
 *       lent                  what this depot lends to others, laid out like DIR
 *
 * Contents and asides are the plain bytes. Foreign names are ignored everywhere.
 */
import { join, sep } from "node:path";
import { isDigest } from "../content/digest.ts";

const UPLOAD_ID = /^[0-9a-zA-Z-]{1,64}$/;
const DEPOT_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const ASIDE_NAME = /^([0-9a-f]{64})(?:\.([1-9][0-9]{0,8}))?$/;

/** The names of all folders below `contents`. */
export const SHARDS: string[] = Array.from(
  { length: 256 },
  (_, index) => index.toString(16).padStart(2, "0"),
);

/**
 * The names of all folders below `parts`. Whoever makes or renames a file in a folder shuts out the
 * others meanwhile, even those who only look a name up in it: many small deposits at once would wait
 * for each other in a single folder.
 */
export const PART_FOLDERS: string[] = SHARDS.slice(0, 64);

/** The folder in which `directory` keeps everything of ours, one folder a depot. */
export function depotsFolder(directory: string): string {
  return join(directory, "deposito");
}

/** Whether a name in `depotsFolder` is a depot's. */
export function isDepotId(name: string): boolean {
  return DEPOT_ID.test(name);
}

/**
 * The paths of one depot's part of a directory. Ids and digests are checked here, whoever checked
 * them before, because here they become paths.
 */
export class Layout {
  readonly root: string;
  readonly mark: string;
  readonly lock: string;
  readonly parts: string;
  readonly contents: string;
  readonly aside: string;
  readonly lent: string;

  constructor(readonly directory: string, readonly depot: string) {
    if (!isDepotId(depot)) throw new TypeError(`Could not use ${depot} as a depot's id: no UUID`);
    this.root = join(depotsFolder(directory), depot);
    this.mark = join(this.root, "mark.json");
    this.lock = join(this.root, "lock");
    this.parts = join(this.root, "parts");
    this.contents = join(this.root, "contents");
    this.aside = join(this.root, "aside");
    this.lent = join(this.root, "lent");
  }

  /** The folder in `parts` of an upload's part. */
  partFolder(uploadId: string): string {
    if (!isUploadId(uploadId)) {
      throw new TypeError(`Could not use ${JSON.stringify(uploadId)} as an upload's id`);
    }
    return within(this.parts, PART_FOLDERS[sumOf(uploadId) % PART_FOLDERS.length]!);
  }

  part(uploadId: string): string {
    return within(this.partFolder(uploadId), uploadId);
  }

  shard(digest: string): string {
    return within(this.contents, checked(digest).slice(0, 2));
  }

  content(digest: string): string {
    return within(this.shard(digest), digest);
  }

  /** `number` 0 is the newest copy. */
  asideCopy(digest: string, number = 0): string {
    return join(this.aside, number === 0 ? checked(digest) : `${checked(digest)}.${number}`);
  }
}

/** As `join`, which takes both apart to put them together: here both are as they should be. */
function within(folder: string, name: string): string {
  return folder + sep + name;
}

/** Whether a name is an upload's. */
export function isUploadId(name: string): boolean {
  return UPLOAD_ID.test(name);
}

/** Reads a name in `aside`; `null` for a foreign one. */
export function parseAsideName(name: string): { digest: string; number: number } | null {
  const match = ASIDE_NAME.exec(name);
  return match ? { digest: match[1]!, number: Number(match[2] ?? 0) } : null;
}

function checked(digest: string): string {
  if (isDigest(digest)) return digest;
  throw new TypeError(`Could not use ${JSON.stringify(digest)} as a digest`);
}

/** A number that differs for ids that differ little. */
function sumOf(id: string): number {
  let sum = 0;
  for (const char of id) sum = (sum * 31 + char.charCodeAt(0)) >>> 0;
  return sum;
}
