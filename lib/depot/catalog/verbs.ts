/** Every verb of the catalog, as what it does to the database inside an open transaction. */
import type { Verbs } from "./verb.ts";
import { contentVerbs } from "./verbs_contents.ts";
import { fileVerbs } from "./verbs_files.ts";
import { ownerVerbs } from "./verbs_owners.ts";
import { placeVerbs } from "./verbs_places.ts";
import { readingVerbs } from "./verbs_reading.ts";
import { removedVerbs } from "./verbs_removed.ts";
import { renamingVerbs } from "./verbs_renaming.ts";
import { replicaVerbs } from "./verbs_replicas.ts";
import { uploadVerbs } from "./verbs_uploads.ts";

export const VERBS: Verbs = {
  raiseSequence(db, sequence) {
    db.run("UPDATE depot SET sequence = ?1 WHERE sequence < ?1", sequence);
    // What an older catalog wanted deleted may be what a newer one acknowledged since.
    db.run("DELETE FROM replicas WHERE state = 'doomed' AND state <> 'good'");
  },
  ...ownerVerbs,
  ...placeVerbs,
  ...uploadVerbs,
  ...fileVerbs,
  ...readingVerbs,
  ...removedVerbs,
  ...renamingVerbs,
  ...contentVerbs,
  ...replicaVerbs,
};
