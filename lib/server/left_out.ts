import type { PlaceRecord } from "../depot/catalog/catalog.ts";
import type { Log } from "../depot/log.ts";

/**
 * Warns of each directory that was a place at an earlier start and is not among those that were
 * `named` (real paths) at this one: whoever forgot to name it would wait for it in vain.
 */
export function warnOfLeftOut(places: PlaceRecord[], named: string[], log: Log): void {
  for (const { name, kind, state, address } of places) {
    if (kind !== "fs" || state === "online" || state === "gone" || named.includes(address)) {
      continue;
    }
    log.warn(
      `A place of earlier is not among the stores: add --store fs:${address}, or give it up with ` +
        "`deposito server forget`",
      { place: name },
    );
  }
}
