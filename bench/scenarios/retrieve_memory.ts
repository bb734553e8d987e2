import { bareRetrieval } from "../bare/contestants.ts";
import { retrieveLarge } from "../depositing.ts";
import { nginxGet } from "../peers/nginx.ts";
import type { Scenario } from "../scenario.ts";

export const retrieveMemory: Scenario = {
  id: "retrieve-memory",
  title: "Retrieve a large file, verified, in memory",
  medium: "memory",
  amount: ({ largeBytes }) => ({ of: "bytes", count: largeBytes }),
  transfer: "retrieval",
  contestants: [retrieveLarge, nginxGet, bareRetrieval],
  targets: { [nginxGet.name]: 0.9 },
};
