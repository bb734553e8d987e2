/** Whether a disk answers: looked at by a call of which one is under way at most. */
import type { Disk } from "../lib/disk/mod.ts";
import { soon } from "../lib/worker/soon.ts";
import type { DiskCalls } from "./fs_calls.ts";
import { Unreachable } from "./store.ts";

/** When a disk hangs. Milliseconds. */
export interface HangLimits {
  /** While a call has had no answer for so long, a look has something written as well. */
  doubtMs: number;
  /** A look that has no answer after so long: the disk hangs. */
  hungMs: number;
  /** So long is an answer waited for, before it is asked for again at the next look. */
  soonMs: number;
}

/**
 * With a look every 5 s a disk is away at most 45 s after the first call that it does not answer, as
 * a holder is that fell silent. The writing is because a slow disk has other calls that last.
 */
export const HANG_LIMITS: HangLimits = { doubtMs: 5_000, hungMs: 28_000, soonMs: 1_000 };

/** A disk hangs only when it was asked so often for the look's answer: this program may have stood still. */
const LOOKS = 3;

/** Why a disk is away. */
export interface Away {
  error: Unreachable;
  /** It is there and does not answer. */
  hangs: boolean;
}

export class DiskLook {
  #underWay: { since: number; times: number; found: Promise<unknown> } | null = null;

  constructor(
    private readonly disk: Disk,
    private readonly calls: DiskCalls,
    private readonly limits: HangLimits,
  ) {}

  /** Whether the disk is away; `null` while nothing is known of that. */
  async away(): Promise<Away | null> {
    const { hungMs, soonMs } = this.limits;
    const look = this.#underWay ??= { since: performance.now(), times: 0, found: this.#look() };
    look.times++;
    const error = await soon(look.found, soonMs);
    if (error === undefined) {
      if (performance.now() - look.since < hungMs || look.times < LOOKS) return null;
      if (this.calls.hasCommittedSince(look.since)) return null;
      const { directory } = this.disk.layout;
      return { error: new Unreachable(`The disk of ${directory} does not answer`), hangs: true };
    }
    this.#underWay = null;
    return error instanceof Unreachable ? { error, hangs: false } : null;
  }

  /** Resolves to the error; `null`: none. */
  #look(): Promise<unknown> {
    const isDoubted = this.calls.waitingMs >= this.limits.doubtMs;
    const look = () => isDoubted ? this.disk.confirmWriting() : this.disk.confirm();
    return this.calls.askNow("ask", look).then(() => null, (error) => error);
  }
}
