/** What many files failed of: the first of a cause by their names, the others by their number. */
import { ConnectionLost } from "../../client/mod.ts";
import type { Many, Outcome } from "../../client/parallel.ts";
import { causeWords, complaint } from "../complaint.ts";
import type { Screen } from "../screen.ts";

/** So many files are named for one cause; of the next ones only how many there are is said. */
const NAMED = 3;

/** How it is said of a file, and of many: `could not deposit a: …`, `12 files not deposited: …`. */
export interface Verb {
  one: string;
  many: string;
  /** As of `complaint`. */
  advice?: Readonly<Record<string, string>>;
}

/** What there is to say of one file. */
interface Said {
  subject: string;
  /** With the subject. */
  about: string;
  /** What it has in common with others. */
  cause: string;
}

/** Of one cause. */
interface Group {
  named: number;
  /** Not named so far. */
  more: number;
  /** The first of those. */
  first: Said | null;
}

/** The failures of one run of a command. */
export class Failures {
  #screen: Screen;
  #verb: Verb;
  #groups = new Map<string, Group>();

  constructor(screen: Screen, verb: Verb) {
    this.#screen = screen;
    this.#verb = verb;
  }

  /** What befalls all waits for `end`, to be said once. `path`: what the words may begin with. */
  tell(
    { subject, path = null }: { subject: string; path?: string | null },
    { error, befallsAll }: Pick<Outcome<unknown, unknown>, "error" | "befallsAll">,
  ): void {
    const words = complaint(error, this.#verb.advice);
    const cause = befallsAll ? words : causeWords(error, { words, path });
    const isNamed = subject === path && words.startsWith(path);
    const about = isNamed ? words : `${subject}: ${words}`;
    this.say({ subject, about, cause }, { isNamed: !befallsAll });
  }

  /** The same of files that were not begun, of what befalls all. */
  tellRest(subjects: string[], hopeless: Many<unknown, unknown>["hopeless"]): void {
    if (!hopeless || hopeless.error instanceof ConnectionLost) return;
    const { error } = hopeless;
    for (const subject of subjects) this.tell({ subject }, { error, befallsAll: true });
  }

  /** Names the file, or counts it for `end`. */
  say(said: Said, { isNamed = true } = {}): void {
    // A file's own size in the words does not make a cause of its own.
    const key = said.cause.replace(/\d+/g, "0");
    const group = this.#groups.get(key) ?? { named: 0, more: 0, first: null };
    this.#groups.set(key, group);
    if (isNamed && group.named < NAMED) {
      group.named++;
      return this.#name(said);
    }
    group.first ??= said;
    group.more++;
  }

  /** Says what was not said so far. */
  end(): void {
    for (const { named, more, first } of this.#groups.values()) {
      if (!first) continue;
      if (more === 1) {
        this.#name(first);
        continue;
      }
      const files = named > 0 ? `${more} more files` : `${more} files`;
      const { cause, subject } = first;
      this.#screen.complain(`${files} ${this.#verb.many}: ${cause}; first: ${subject}`);
    }
    this.#groups.clear();
  }

  #name({ about }: Said): void {
    this.#screen.complain(`${this.#verb.one} ${about}`);
  }
}
