import { depositLarge } from "../depositing.ts";
import { rsyncPutThree, rsyncPutThreeSynced } from "../peers/rsync.ts";
import type { Scenario } from "../scenario.ts";

export const depositHolders: Scenario = {
  id: "deposit-holders",
  title: "Deposit a large file, 3 replicas on 3 holders of this machine, synced to a disk",
  medium: "disk",
  amount: ({ largeBytes }) => ({ of: "bytes", count: largeBytes }),
  contestants: [depositLarge(3, { holders: 3 }), rsyncPutThreeSynced, rsyncPutThree],
  targets: { [rsyncPutThreeSynced.name]: 1 },
};
