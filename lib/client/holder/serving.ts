import type { Connection } from "../../protocol/mod.ts";
import type { Shelf } from "./shelf.ts";
import type { Traffic } from "./traffic.ts";

/** What a request is answered with. */
export interface Serving {
  connection: Connection;
  shelf: Shelf;
  traffic: Traffic;
  /** Aborts when the holder leaves. */
  signal: AbortSignal;
}
