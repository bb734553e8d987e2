import { bareSmallDeposit } from "../bare/contestants.ts";
import { filesAlone } from "../bare/files_alone.ts";
import { depositSmall } from "../depositing.ts";
import { rsyncPutSmall, rsyncPutSmallSynced } from "../peers/rsync.ts";
import type { Scenario } from "../scenario.ts";

export const depositSmallFiles: Scenario = {
  id: "deposit-small",
  title: "Deposit a folder of small files, 1 replica, each synced to a disk",
  medium: "disk",
  amount: ({ smallFiles }) => ({ of: "files", count: smallFiles }),
  contestants: [
    depositSmall("Deposito", { changed: true }),
    rsyncPutSmallSynced,
    rsyncPutSmall,
    filesAlone,
    bareSmallDeposit,
  ],
  targets: { [rsyncPutSmallSynced.name]: 2 },
};
