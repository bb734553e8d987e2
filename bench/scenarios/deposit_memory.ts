import { bareDeposit } from "../bare/contestants.ts";
import { depositLarge } from "../depositing.ts";
import { nginxPut, nginxPutTuned } from "../peers/nginx.ts";
import { rsyncPut } from "../peers/rsync.ts";
import type { Scenario } from "../scenario.ts";

export const depositMemory: Scenario = {
  id: "deposit-memory",
  title: "Deposit a large file, 1 replica, in memory",
  medium: "memory",
  amount: ({ largeBytes }) => ({ of: "bytes", count: largeBytes }),
  transfer: "deposit",
  contestants: [depositLarge(1), nginxPut, nginxPutTuned, rsyncPut, bareDeposit("cached")],
  targets: { [nginxPut.name]: 0.9 },
};
