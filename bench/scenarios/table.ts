/** All scenarios, in the order in which they are measured. */
import type { Scenario } from "../scenario.ts";
import { depositAgain } from "./deposit_again.ts";
import { depositDisk } from "./deposit_disk.ts";
import { depositHolders } from "./deposit_holders.ts";
import { depositMemory } from "./deposit_memory.ts";
import { depositSmallFiles } from "./deposit_small.ts";
import { depositGrown, retrieveGrown } from "./growth.ts";
import { idle } from "./idle.ts";
import { many16, many64 } from "./many.ts";
import { retrieveMemory } from "./retrieve_memory.ts";
import { retrieveSmallFiles } from "./retrieve_small.ts";

export const SCENARIOS: readonly Scenario[] = [
  depositMemory,
  retrieveMemory,
  depositDisk,
  depositHolders,
  depositSmallFiles,
  depositAgain,
  retrieveSmallFiles,
  many16,
  many64,
  idle,
  depositGrown,
  retrieveGrown,
];
