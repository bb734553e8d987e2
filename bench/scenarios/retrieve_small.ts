import { retrieveSmall } from "../depositing.ts";
import { rsyncGetSmall, rsyncGetSmallSynced } from "../peers/rsync.ts";
import type { Scenario } from "../scenario.ts";

export const retrieveSmallFiles: Scenario = {
  id: "retrieve-small",
  title: "Retrieve a folder of small files, each verified and synced to a disk",
  medium: "disk",
  amount: ({ smallFiles }) => ({ of: "files", count: smallFiles }),
  contestants: [retrieveSmall, rsyncGetSmallSynced, rsyncGetSmall],
  targets: { [rsyncGetSmallSynced.name]: 1 },
};
