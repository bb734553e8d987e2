import { depositSmall } from "../depositing.ts";
import { rsyncPutSmallAgain } from "../peers/rsync.ts";
import type { Scenario } from "../scenario.ts";

export const depositAgain: Scenario = {
  id: "deposit-again",
  title: "Deposit a folder of small files again, of which none changed",
  medium: "disk",
  amount: ({ smallFiles }) => ({ of: "files", count: smallFiles }),
  contestants: [depositSmall("Deposito", { changed: false }), rsyncPutSmallAgain],
  targets: {},
};
