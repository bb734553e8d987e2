import { IN_CLEAR, lend, lentHere } from "../lending.ts";
import { HoldMeter } from "../hold_meter.ts";
import { parseSize, UsageError } from "../values.ts";
import { defineCommand, EXIT } from "./command.ts";

export const holdCommand = defineCommand({
  words: "DIR",
  summary: "Lends disk: keeps replicas of others' files in DIR for as long as it runs.",
  flags: {
    "capacity": {
      kind: "text",
      value: "SIZE",
      help: "Take no more than this, such as 50GB",
      check: parseSize,
    },
    "zone": {
      kind: "text",
      value: "NAME",
      help: "What fails together has the same zone; else this machine, or its disk",
    },
    "name": { kind: "text", value: "NAME", help: "What others see; else this machine's name" },
    "leave": {
      kind: "switch",
      help: "Give DIR up: copies go elsewhere first, then it may be deleted",
    },
    "reserve": {
      kind: "text",
      value: "SIZE",
      help: "Leave so much of the disk free (the larger of 1GiB and 2 %)",
      check: parseSize,
    },
  },
  examples: [
    ["deposito client hold ./lent --capacity 50GB", "lends 50 GB until Ctrl-C"],
    [
      "deposito client hold /mnt/usb --zone desk --name usb",
      "fails together with what else is in the zone desk",
    ],
    [
      "deposito client hold ./lent --leave",
      "gives the directory up, once its copies are elsewhere",
    ],
  ],
  more: [IN_CLEAR],
  async run({ flags, words }, context) {
    const [directory, ...others] = words;
    if (directory === undefined || others.length > 0) {
      throw new UsageError("hold takes one DIR: say which directory to lend");
    }
    const { name, zone, machine } = lentHere(flags);
    const capacity = flags.capacity === null ? null : parseSize(flags.capacity);
    const reserve = flags.reserve === null ? null : parseSize(flags.reserve);
    if (name === "" || zone === "") throw new UsageError("--name and --zone need a text");
    const lent = { directory: context.path(directory), name, zone, machine, capacity, reserve };
    const unread = new AbortController();
    const onUnread = (error: Error) => unread.abort(error);
    using meter = new HoldMeter({ ...context, directory: lent.directory, drawn: true, onUnread });
    const { leave } = flags;
    const signal = AbortSignal.any([context.signal, unread.signal]);
    await lend({ ...lent, leave }, { context, meter, signal });
    unread.signal.throwIfAborted();
    if (!leave || meter.isFree) return EXIT.done;
    context.screen.complain(`keep ${lent.directory} for now: not every copy is elsewhere yet`);
    return EXIT.failed;
  },
});
