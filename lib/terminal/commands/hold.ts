import { Holder, type HoldEvent, type Link, machineName } from "../../client/mod.ts";
import { HoldMeter } from "../hold_meter.ts";
import { parseSize, UsageError } from "../values.ts";
import { type Context, defineCommand, EXIT } from "./command.ts";

/** Said first of all, because it is the one thing that a holder must know. */
const IN_CLEAR = [
  "What others deposit is kept below this directory, and whoever can read the directory can read it:",
  "contents are in clear unless their owners encrypted them before they deposited.",
];

export const holdCommand = defineCommand({
  words: "DIR",
  summary: "Lends disk: keeps replicas of others' files in DIR for as long as it runs.",
  flags: {
    "capacity": { kind: "text", value: "SIZE", help: "Take no more than this, such as 50GB" },
    "zone": {
      kind: "text",
      value: "NAME",
      help: "What fails together has the same zone; else this machine's name",
    },
    "name": { kind: "text", value: "NAME", help: "What others see; else this machine's name" },
    "reserve": {
      kind: "text",
      value: "SIZE",
      help: "Leave so much of the disk free (the larger of 1GiB and 2 %)",
    },
  },
  more: IN_CLEAR,
  async run({ flags, words }, context) {
    const [directory, ...others] = words;
    if (directory === undefined || others.length > 0) throw new UsageError("hold takes one DIR");
    const machine = machineName();
    const capacity = flags.capacity === null ? null : parseSize(flags.capacity);
    const reserve = flags.reserve === null ? null : parseSize(flags.reserve);
    const name = flags.name ?? machine ?? "holder";
    const zone = flags.zone ?? machine ?? name;
    if (name === "" || zone === "") throw new UsageError("--name and --zone need a text");
    return await hold({
      directory: context.path(directory),
      name,
      zone,
      machine,
      capacity,
      reserve,
    }, context);
  },
});

type Lent = Pick<
  Parameters<typeof Holder.open>[1],
  "directory" | "name" | "zone" | "machine" | "capacity" | "reserve"
>;

async function hold(lent: Lent, context: Context): Promise<number> {
  const { screen, json, signal } = context;
  for (const line of IN_CLEAR) screen.remark(line);
  const link: Link = await context.link();
  using meter = new HoldMeter({ screen, json, directory: lent.directory });
  const onEvent = (event: HoldEvent) => meter.tell(event);
  await using holder = await Holder.open(link.peer, { ...lent, signal, onEvent });
  // The first connection was only to learn which depot this is, and who this client is there.
  link[Symbol.dispose]();
  meter.watch(holder);
  await holder.run();
  return EXIT.done;
}
