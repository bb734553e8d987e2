import { bareDeposit } from "../bare/contestants.ts";
import { depositLarge } from "../depositing.ts";
import { resticBackup } from "../peers/restic.ts";
import { rsyncPut, rsyncPutSynced } from "../peers/rsync.ts";
import { scpPut } from "../peers/scp.ts";
import type { Scenario } from "../scenario.ts";

export const depositDisk: Scenario = {
  id: "deposit-disk",
  title: "Deposit a large file, 1 replica, synced to a disk",
  medium: "disk",
  amount: ({ largeBytes }) => ({ of: "bytes", count: largeBytes }),
  transfer: "deposit",
  contestants: [
    depositLarge(1),
    rsyncPutSynced,
    rsyncPut,
    scpPut,
    resticBackup,
    bareDeposit("uncached"),
  ],
  targets: { [rsyncPutSynced.name]: 1.5, [scpPut.name]: 4, [resticBackup.name]: 4 },
};
