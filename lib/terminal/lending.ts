/** Lending a directory to the depot, as a command of its own or beside other work. */
import { ConnectionLost, type Link } from "../client/mod.ts";
import type { HoldOptions } from "../client/holder/holder.ts";
import { machineName } from "../client/machine.ts";
import { keepTrying } from "../client/pace.ts";
import { DiskInUse } from "../disk/errors.ts";
import type { Context } from "./commands/command.ts";
import { complaint } from "./complaint.ts";
import { HoldMeter } from "./hold_meter.ts";

/** Said first of all, because it is the one thing that who lends must know. */
export const IN_CLEAR =
  "What others deposit is kept below this directory, and whoever can read it can read them: " +
  "contents are in clear until their owners encrypt them.";

/** What is lent, and under which name. */
export type Lent = Omit<HoldOptions, "signal" | "onEvent" | "pace">;

/** Name and zone of what is lent from this machine. */
export function lentHere(
  given: { name?: string | null; zone?: string | null },
): Pick<Lent, "name" | "zone" | "machine"> {
  const machine = machineName();
  return { name: given.name ?? machine ?? "holder", zone: given.zone ?? null, machine };
}

export interface LendOptions {
  context: Context;
  meter: HoldMeter;
  /** Aborted: says goodbye and ends. */
  signal: AbortSignal;
}

/** Lends until `signal` aborts; waits for a depot that is not there. */
export async function lend(lent: Lent, { context, meter, signal }: LendOptions): Promise<void> {
  context.screen.remark(IN_CLEAR);
  // Loaded when it is asked for: other commands start without it.
  const { Holder } = await import("../client/holder/holder.ts");
  const link = await patientLink(context, { meter, signal });
  const onEvent = meter.tell.bind(meter);
  await using holder = await Holder.open(link, { ...lent, signal, onEvent }).catch((error) => {
    throw lent.leave && error instanceof DiskInUse ? stillLent(lent.directory, error) : error;
  });
  meter.watch(holder);
  await holder.run();
}

/** Another directory would not help who gives this one up. */
function stillLent(directory: string, cause: DiskInUse): DiskInUse {
  return new DiskInUse(
    `Could not give ${directory} up: another process is using it. Stop that one first, and say ` +
      "the same again",
    { cause },
  );
}

/** A directory that is lent while this client does something else. Disposing it says goodbye. */
export class LendingBeside implements AsyncDisposable {
  #stop = new AbortController();
  #lending: Promise<void>[] = [];

  constructor(private readonly context: Context) {}

  /** Begins to lend. What goes wrong is said, and stops nothing else. */
  start(directory: string, capacity: number | null = null): void {
    const { context } = this;
    const { signal } = this.#stop;
    const lent = { directory: context.path(directory), capacity, reserve: null };
    const meter = new HoldMeter({ ...context, json: false, directory, drawn: false });
    const lending = lend({ ...lent, ...lentHere({}) }, { context, meter, signal })
      .catch((error) => {
        if (!signal.aborted) {
          context.screen.complain(`cannot lend ${directory}: ${complaint(error)}`);
        }
      })
      .finally(() => meter[Symbol.dispose]());
    this.#lending.push(lending);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#lending);
  }
}

/** The first connection, to learn which depot this is and who this client is there. */
async function patientLink(
  context: Context,
  { meter, signal }: { meter: HoldMeter; signal: AbortSignal },
): Promise<Link> {
  return await keepTrying(() => context.link(), {
    signal,
    mayTryAgain: (error) => error instanceof ConnectionLost,
    onRetry: (error, delayMs) =>
      meter.tell({ type: "reconnecting", why: complaint(error), delayMs }),
  });
}
