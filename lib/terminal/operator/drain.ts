import { REAL_PACE } from "../../client/pace.ts";
import type { Screen } from "../screen.ts";
import { shown } from "../text.ts";
import { count } from "../units.ts";
import { type Asking, defineOperatorCommand, placeJson } from "./command.ts";
import type { PlaceRow } from "./places.ts";

/** Between two looks at what remains, at least, and so many times as long as a look takes. */
const LOOK_EVERY_MS = 1_000;
const LOOKS_APART = 4;
/** Between two lines where there is no terminal. */
const SAY_EVERY_MS = 10_000;
/** Nothing went for so long: nothing can. */
const STUCK_MS = 60_000;

interface Drained {
  place: ReturnType<typeof placeJson>;
  remaining: number;
  lent: number;
  takers: number;
}

export const drainCommand = defineOperatorCommand({
  words: "PLACE",
  summary: "Has the copies of a place made elsewhere, and gives it no new ones; they can be read " +
    "meanwhile.",
  flags: { undo: { kind: "switch", help: "Use the place like any other again" } },
  here: { wait: { kind: "switch", help: "End when nothing needs the place any more" } },
  examples: [[
    "deposito server drain disk3 --wait",
    "empties disk3, and ends when nothing needs it any more",
  ], ["deposito server drain disk3 --undo", "uses it like any other again"]],
  async run({ flags, words: [place] }, { operator }): Promise<Drained> {
    const drained = await (flags.undo ? operator.undrain(place!) : operator.drain(place!));
    return { ...drained, place: placeJson(drained.place) };
  },
  async follow(result, asking) {
    if (!asking.flags.wait || !result.place.draining) return result;
    return await untilDrained(result, asking);
  },
  lines({ place, remaining, lent, takers }) {
    const name = shown(place.name);
    if (!place.draining) return [`${name} is used like any other again`];
    if (remaining === 0) {
      return [
        `${name} is drained: nothing needs it any more. To have it out of the way:`,
        forget(place),
      ];
    }
    const own = remaining - lent;
    const others = count(
      lent,
      "content there is another depot's, which has it elsewhere first",
      "contents there are other depots', which have them elsewhere first",
    ) + "; this server must stay joined meanwhile";
    return [
      own === 0
        ? `${name} is being drained: ${others}`
        : `${name} is being drained: ${needing(own)} a copy elsewhere, and ` +
          (takers === 0
            ? "no other place takes any now: add one"
            : `${count(takers, "other place")} may take them`),
      ...own > 0 && lent > 0 ? [`Besides, ${others}`] : [],
      "See what remains with `deposito server places`; when it is drained:",
      forget(place),
    ];
  },
});

function needing(contents: number): string {
  return count(contents, "content there needs", "contents there need");
}

/** To be typed as it stands: a name that somebody else chose may mean more to a shell. */
function forget({ id, name }: Drained["place"]): string {
  const isPlain = /^[A-Za-z0-9_][A-Za-z0-9._-]*$/.test(name);
  return `  deposito server forget ${isPlain ? name : id}`;
}

async function untilDrained(first: Drained, asking: Asking): Promise<Drained> {
  const { screen, signal, result } = asking;
  const telling = new Telling(screen);
  let { remaining, lent, takers } = first;
  while (remaining > 0) {
    const others = lent > 0 ? `, ${lent} of them other depots'` : "";
    telling.line(`${shown(first.place.name)}: ${count(remaining, "content")} to go${others}`);
    telling.left(remaining - lent, takers);
    const begun = performance.now();
    const rows = await result("places") as PlaceRow[];
    const row = rows.find(({ id }) => id === first.place.id);
    if (!row?.draining) {
      throw new Error(`Stopped waiting: ${first.place.name} is not drained any more`);
    }
    ({ lent } = row);
    remaining = row.remaining ?? 0;
    takers = rows.filter(({ state, draining }) => state === "online" && !draining).length;
    const tookMs = performance.now() - begun;
    if (remaining > 0) {
      await REAL_PACE.sleep(Math.max(LOOK_EVERY_MS, LOOKS_APART * tookMs), signal);
    }
  }
  screen.live("");
  return { ...first, remaining, lent, takers };
}

/** Says how far it is, and once that it cannot go on. */
class Telling {
  #saidAt = performance.now();
  #wentAt = performance.now();
  #left = Infinity;
  #isStuck = false;

  constructor(private readonly screen: Screen) {}

  line(text: string): void {
    this.screen.live(text);
    if (this.screen.progressColumns !== null) return;
    if (performance.now() - this.#saidAt < SAY_EVERY_MS) return;
    this.#saidAt = performance.now();
    this.screen.remark(text);
  }

  /** `left`: contents that need a copy elsewhere; `takers`: places that may be given copies. */
  left(left: number, takers: number): void {
    if (left < this.#left) {
      this.#wentAt = performance.now();
      this.#isStuck = false;
    }
    this.#left = left;
    const isStuck = left > 0 && (takers === 0 || performance.now() - this.#wentAt > STUCK_MS);
    if (isStuck && !this.#isStuck) {
      this.screen.remark(
        `no other place can take ${count(left, "content")}: add a place, or ask for fewer copies`,
      );
    }
    this.#isStuck = isStuck;
  }
}
