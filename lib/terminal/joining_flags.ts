/** The flags by which a depot lends room to others. */
import type { JoiningSettings } from "../client/joining/joining.ts";
import { machineName } from "../client/machine.ts";
import type { FlagTable, FlagValues } from "./arguments.ts";
import { formatAddress, parseAddress, parseSize, UsageError } from "./values.ts";

export const JOINING_FLAGS = {
  join: {
    kind: "list",
    value: "HOST:PORT",
    help: "lend room to the depot there, in directories of this one's own; may be repeated",
    check: parseAddress,
  },
  lend: {
    kind: "text",
    value: "SIZE",
    help: "how much to lend, to all of them together; set apart from this depot's own files",
    check: parseSize,
  },
  name: {
    kind: "text",
    value: "NAME",
    help: "what the depots that it joins call this one; else this machine's name",
  },
  zone: {
    kind: "text",
    value: "NAME",
    help: "what fails together has the same zone there; else this machine, or its disk",
  },
} as const satisfies FlagTable;

/** What to join; `null`: nothing. `stores`: what `--store` said. Throws `UsageError`. */
export function joiningSettings(
  { join, lend, name, zone }: FlagValues<typeof JOINING_FLAGS>,
  stores: readonly string[],
): JoiningSettings | null {
  if (join.length === 0) {
    const lonely = Object.entries({ lend, name, zone }).find(([, value]) => value !== null);
    if (lonely) throw new UsageError(`--${lonely[0]} says nothing without --join HOST:PORT`);
    return null;
  }
  if (lend === null) throw new UsageError("--join needs --lend SIZE, such as --lend 100GB");
  if (name === "" || zone === "") throw new UsageError("--name and --zone need a text");
  if (stores.length > 0 && !stores.some((spec) => spec.startsWith("fs:"))) {
    throw new UsageError(
      "--join lends directories of this depot's own, never what was lent to it, and it has none: " +
        "add --store fs:DIR",
    );
  }
  const machine = machineName();
  return {
    addresses: new Map(join.map(parseAddress).map((address) => [formatAddress(address), address])),
    limit: sizeToLend(lend),
    name: name ?? machine ?? "depot",
    zone,
    machine,
  };
}

function sizeToLend(text: string): number {
  const bytes = parseSize(text);
  if (bytes > 0) return bytes;
  throw new UsageError(`--lend ${text} lends nothing: say how much, such as --lend 100GB`);
}
