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
}

/** A line about one file. */
interface Said {
  subject: string;
  words: string;
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
    { subject, path = subject }: { subject: string; path?: string },
    { error, befallsAll }: Pick<Outcome<unknown, unknown>, "error" | "befallsAll">,
  ): void {
    const words = complaint(error);
    const cause = befallsAll ? words : causeWords(error, path);
    this.say({ subject, words }, { cause, isNamed: !befallsAll });
  }

  /** The same of files that were not begun, of what befalls all. */
  tellRest(subjects: string[], hopeless: Many<unknown, unknown>["hopeless"]): void {
    if (!hopeless || hopeless.error instanceof ConnectionLost) return;
    const { error } = hopeless;
    for (const subject of subjects) this.tell({ subject }, { error, befallsAll: true });
  }

  /** `cause`: what it has in common with others. */
  say(said: Said, { cause, isNamed = true }: { cause: string; isNamed?: boolean }): void {
    const group = this.#groups.get(cause) ?? { named: 0, more: 0, first: null };
    this.#groups.set(cause, group);
    if (isNamed && group.named < NAMED) {
      group.named++;
      return this.#name(said);
    }
    group.first ??= said;
    group.more++;
  }

  /** Says what was not said so far. */
  end(): void {
    for (const [cause, { named, more, first }] of this.#groups) {
      if (!first) continue;
      if (more === 1) {
        this.#name(first);
        continue;
      }
      const files = named > 0 ? `${more} more files` : `${more} files`;
      this.#screen.complain(`${files} ${this.#verb.many}: ${cause}; first: ${first.subject}`);
    }
    this.#groups.clear();
  }

  #name({ subject, words }: Said): void {
    const about = words.startsWith(subject) ? words : `${subject}: ${words}`;
    this.#screen.complain(`${this.#verb.one} ${about}`);
  }
}
