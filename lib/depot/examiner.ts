import { Unreachable } from "../../stores/store.ts";
import { CHUNK_BYTES } from "../content/chunk_checks.ts";
import type { Place } from "../../stores/store.ts";
import type { ContentRecord } from "./catalog/catalog.ts";
import { type Core, livePlaces } from "./core.ts";
import { type Answers, compareAnswers } from "./examination.ts";
import { replicaKey } from "./locks.ts";
import { messageOf } from "./log.ts";
import type { Rate } from "./rate.ts";
import { judgeChunk, judgeReplica, type Verdict } from "./replicas.ts";

/** Of so many contents one is read whole, whatever its places answer. */
const WHOLE_ONE_IN = 100;
/** Bytes. */
const PREFIX_BYTES = 32;

export interface ExaminerOptions {
  core: Core;
  rate: Rate;
  signal: AbortSignal;
  /** Bytes of a whole read since the last call. */
  onBytes?(bytes: number): void;
}

/** What right copies answer to a prefix. */
export interface RightAnswer {
  prefix: Uint8Array;
  answer: string;
}

/** Finds out which copies are right, and notes in the catalog what it found. */
export class Examiner {
  constructor(private readonly options: ExaminerOptions) {}

  /**
   * Reads a replica, at `chunk` first when something was wrong there, else or if that is right the
   * whole; what is wrong is set aside, what is gone is noted. Throws when the place is away.
   */
  async judge(digest: string, placeId: string, chunk?: number): Promise<Verdict | null> {
    const { core } = this.options;
    const place = core.places.get(placeId);
    const content = place && await this.#goodContent(digest, placeId);
    if (!place || !content) return null;
    if (await this.#read(place, content, chunk) !== "good") {
      return await this.#condemn(place, content, chunk);
    }
    await core.catalog.verified(digest, placeId, core.clock.wall());
    return "good";
  }

  /**
   * A first look found it bad, without keeping others from it meanwhile: a second one decides, with
   * nobody writing it, and then it is no copy any more.
   */
  async #condemn(place: Place, content: ContentRecord, chunk?: number): Promise<Verdict | null> {
    const { core } = this.options;
    const { digest } = content;
    using _turn = await core.locks.take(replicaKey(digest, place.id));
    if (!await this.#goodContent(digest, place.id)) return null;
    const verdict = await this.#read(place, content, chunk);
    if (verdict === "good") return verdict;
    core.doubts.note(place.id);
    core.log.warn("A replica is bad", { place: place.name, content: digest, verdict });
    if (verdict === "damaged") await place.setAside(digest);
    const how = verdict === "damaged" ? "aside" : "absent";
    await core.catalog.replicaLost(digest, place.id, how, core.clock.wall());
    return verdict;
  }

  /** The content, when the place is to have a good copy of it. */
  async #goodContent(digest: string, place: string): Promise<ContentRecord | null> {
    const content = await this.options.core.catalog.content(digest);
    const replica = content?.replicas.find((other) => other.place === place);
    return replica?.state === "good" ? content : null;
  }

  async #read(place: Place, content: ContentRecord, chunk?: number): Promise<Verdict> {
    const { core, rate, signal, onBytes } = this.options;
    const checks = chunk === undefined ? null : await core.catalog.chunkChecks(content.digest);
    if (checks && chunk !== undefined) {
      const verdict = await judgeChunk(place, content, { checks, chunk, signal });
      if (verdict !== "good") return verdict;
    }
    return await judgeReplica(place, content, { rate, signal, ...(onBytes ? { onBytes } : {}) });
  }

  /**
   * Judges every copy that can be reached by what its place answers, and reads whole what that
   * does not settle. True when one was bad.
   */
  async examine(digest: string): Promise<boolean> {
    const { core } = this.options;
    const content = await core.catalog.content(digest);
    if (!content) return false;
    const whole = core.random() * WHOLE_ONE_IN < 1;
    const finding = whole
      ? { right: [], doubtful: livePlaces(content, core.places) }
      : compareAnswers(await this.#ask(content));
    const now = core.clock.wall();
    await Promise.all(finding.right.map((id) => core.catalog.verified(digest, id, now)));
    let bad = false;
    for (const id of finding.doubtful) {
      const verdict = await this.judge(digest, id).catch((error) => this.#complain(id, error));
      if (isBad(verdict)) bad = true;
    }
    return bad;
  }

  /** What a right copy answers to a fresh prefix, to compare others with. */
  async rightAnswer(content: ContentRecord, right: Place): Promise<RightAnswer | null> {
    const prefix = crypto.getRandomValues(new Uint8Array(PREFIX_BYTES));
    await this.#pay(content.size);
    const answer = await this.#hash(right, content, prefix);
    return typeof answer === "string" ? { prefix, answer } : null;
  }

  /**
   * Whether a copy gives the right answer: then it is right, and noted as verified. False when it
   * gives another or none.
   */
  async isAlike(content: ContentRecord, place: Place, right: RightAnswer): Promise<boolean> {
    const { core } = this.options;
    await this.#pay(content.size);
    if (await this.#hash(place, content, right.prefix) !== right.answer) return false;
    await core.catalog.verified(content.digest, place.id, core.clock.wall());
    return true;
  }

  /** One prefix for all, so that their answers can be compared. */
  async #ask(content: ContentRecord): Promise<Answers> {
    const { core } = this.options;
    const prefix = crypto.getRandomValues(new Uint8Array(PREFIX_BYTES));
    await this.#pay(content.size);
    const answers: Answers = { own: new Map(), others: new Map() };
    await Promise.all(
      livePlaces(content, core.places).map(async (id) => {
        const place = core.places.get(id);
        const answer = place && await this.#hash(place, content, prefix);
        if (place && answer !== undefined) {
          answers[place.trusted ? "own" : "others"].set(id, answer);
        }
      }),
    );
    return answers;
  }

  /** `undefined`: no answer. One that is there and cannot answer is as doubtful as a wrong one. */
  async #hash(
    place: Place,
    { digest }: ContentRecord,
    prefix: Uint8Array,
  ): Promise<string | null | undefined> {
    const { signal } = this.options;
    try {
      return await place.hash(digest, { prefix, signal });
    } catch (error) {
      signal.throwIfAborted();
      return error instanceof Unreachable ? undefined : null;
    }
  }

  /** The places read all of it, at once: that is counted as if the depot had read it. */
  async #pay(size: number): Promise<void> {
    const { rate, signal } = this.options;
    for (let left = size; left > 0; left -= CHUNK_BYTES) {
      await rate.take(Math.min(left, CHUNK_BYTES), signal);
    }
  }

  #complain(place: string, error: unknown): null {
    const { core, signal } = this.options;
    signal.throwIfAborted();
    core.log.warn("Could not examine a replica", { place, why: messageOf(error) });
    return null;
  }
}

/** Whether a judged replica is not a copy any more. */
export function isBad(verdict: string | null): boolean {
  return verdict === "damaged" || verdict === "absent";
}
