import type { Place } from "../../stores/store.ts";
import {
  type DepositRequest,
  isResumable,
  isSmall,
  type Plan,
  type Receipt,
} from "./deposit_plan.ts";
import { Offer } from "./offer.ts";
import type { FileAttributes, FileRecord, PlaceRecord, UploadRecord } from "./catalog/catalog.ts";
import { forOwner, type OnFileCopies } from "./copy_progress.ts";
import { absent, copiesOf, type Core, Refused } from "./core.ts";
import { digestOf } from "../content/digest.ts";
import type { Keeper } from "./keeper.ts";
import { admitUpload, dropUpload, makeWay, ONCE, UPLOADS_PER_OWNER } from "./leftovers.ts";
import { Pins } from "./locks.ts";
import { type Need, releaseForRoom } from "./removed_room.ts";
import { reserve, roomFor, tooFew } from "./reserving.ts";
import { openLeg, Upload } from "./upload.ts";
import { weigh } from "./weighing.ts";

/** More replicas than this of one file are refused as a mistake. */
export const MAX_REPLICAS = 1_000;

/** Deposits of files, and changes of how many replicas they want. */
export class Deposits {
  /** By owner, uploads that are offered or under way; small ones, held in memory, are not counted. */
  #underWay = new Pins();

  constructor(private readonly core: Core, private readonly keeper: Keeper) {}

  /**
   * Finds places with room, holds the room, and looks for what an earlier attempt left. Throws
   * `Refused` before any byte is asked for. The offer must be disposed.
   */
  async offer(request: DepositRequest, signal: AbortSignal): Promise<Offer> {
    const { core } = this;
    const present = await core.catalog.file(request.owner, request.name);
    const wanted = this.#wanted(request, present);
    const key = uploadKey(request);
    if (core.active.has(key)) {
      throw new Refused("in use", "Refused the deposit: this upload is being sent already");
    }
    core.active.add(key);
    await using stack = new AsyncDisposableStack();
    stack.defer(() => void core.active.delete(key));
    const held = isSmall(request) ? core.memory.tryTake(request.size ?? 0) : null;
    stack.use(held ?? this.#enter(request.owner));
    const buffered = held !== null;
    const plan: Plan = { key, wanted, request, buffered, present, places: [], signal };
    const kept = isResumable(request) ? await core.catalog.upload(key) : null;
    const upload = kept && await this.#resume(kept, plan);
    // A client that leaves now may still come back: what was kept stays kept.
    if (upload) stack.defer(() => upload.keep());
    else plan.places = await this.#choose(plan);
    const same = (digest: string, onCopies?: OnFileCopies) => this.#same(plan, digest, onCopies);
    const elsewhere = (besides: ReadonlySet<string>) => reserve(plan, core, { least: 0, besides });
    const shelf = { core, keeper: this.keeper, same, elsewhere };
    return new Offer({ plan, shelf, upload, resources: stack.move() });
  }

  /**
   * Changes the number of replicas of a file whose content is `expected` (when given), and makes
   * or removes copies until `wait` (all, when `null`) are durable. Throws `Refused`.
   */
  async change(
    change: {
      owner: string;
      name: string;
      /** `null`: as many as now. */
      wanted: number | null;
      /** `null`: no fewer than wanted. */
      minimum: number | null;
      wait: number | null;
      expected?: string;
      attributes?: FileAttributes;
    },
    onCopies?: OnFileCopies,
  ): Promise<Receipt> {
    const { catalog } = this.core;
    const { owner, name, expected, attributes } = change;
    const present = await catalog.file(owner, name);
    if (!present) throw absent();
    const wanted = change.wanted ?? present.wanted;
    checkNumber(wanted);
    await this.#requireEnough(present, Math.min(change.minimum ?? wanted, wanted), wanted);
    const file = await catalog.changeFile({
      owner,
      name,
      wanted,
      ...(expected === undefined ? {} : { expected }),
      ...(attributes === undefined ? {} : { attributes }),
    });
    if (!file) throw new Refused("changed", "Refused: the file has another content by now");
    const goal = Math.min(change.wait ?? wanted, wanted);
    // Surplus goes before the receipt names places, so that it names those that stay.
    const isSurplus = goal > 0 && file.places.length > wanted;
    if (isSurplus || copiesOf(file, this.core.places).live < goal) {
      await this.keeper.ensure(file.digest, {
        onCopies: forOwner(wanted, onCopies),
        // Who names a number is not to wait for places that may come back.
        now: change.wanted !== null,
      });
    }
    this.keeper.attend(file.digest);
    const now = await catalog.file(owner, name) ?? file;
    return { file: now, copies: copiesOf(now, this.core.places) };
  }

  /** The bytes are those that the file has: nothing moves but the number. Throws `Refused`. */
  async #same(plan: Plan, digest: string, onCopies?: OnFileCopies): Promise<Receipt> {
    const { owner, name, replicas, wait, attributes } = plan.request;
    const minimum = leastOf(plan.request, plan.wanted);
    const change = { owner, name, wanted: replicas, minimum, wait, attributes, expected: digest };
    const receipt = await this.change(change, onCopies);
    if (receipt.copies.live > 0) return receipt;
    throw new Refused("no copy", "No good copy of the file can be read now; deposit it again");
  }

  /** How many replicas a new file could have now. */
  async available(): Promise<number> {
    const look = await this.core.rooms.look(this.core.places.takers());
    return look.candidates().filter((place) => place.free >= 1).length;
  }

  #wanted({ replicas, minimum, wait }: DepositRequest, present: FileRecord | null): number {
    const known = this.core.places.known().filter(mayHoldCopies).length;
    const usual = Math.max(1, Math.min(this.core.settings.defaultReplicas, known));
    const wanted = replicas ?? present?.wanted ?? usual;
    checkNumber(wanted);
    for (const number of [minimum, wait]) {
      if (number !== null && (number < 1 || number > wanted)) {
        throw new Refused("bad value", `Refused ${number}: expected 1 to ${wanted}`);
      }
    }
    return wanted;
  }

  /** Nothing is awaited between the look and the count: two offers never get the same turn. */
  #enter(owner: string): Disposable {
    const count = this.#underWay.count(owner);
    if (count < UPLOADS_PER_OWNER) return this.#underWay.pin(owner);
    throw new Refused(
      "limit",
      `Refused the deposit: ${count} uploads of this client are under way; let some finish first`,
    );
  }

  /** The places for a new upload, with room held on each. */
  async #choose(plan: Plan): Promise<Plan["places"]> {
    const { signal, request: { owner } } = plan;
    if (!plan.buffered) {
      await admitUpload(this.core, owner, this.#underWay.count(owner) - 1);
    }
    const { request, wanted } = plan;
    const least = leastOf(request, wanted);
    try {
      return await reserve(plan, this.core, { least });
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      if (!await this.#makeWay(owner, { size: roomFor(request), least }, signal)) throw error;
      return await reserve(plan, this.core, { least });
    }
  }

  /** What broke off goes first, then what the owner removed. */
  async #makeWay(owner: string, need: Need, signal: AbortSignal): Promise<boolean> {
    const { core, keeper } = this;
    return await makeWay(core, need) || await releaseForRoom(owner, need, { core, keeper, signal });
  }

  /** Goes on from what places kept of the upload; `null` when that is nothing. */
  async #resume(kept: UploadRecord, { key, request, signal }: Plan): Promise<Upload | null> {
    const { core } = this;
    const size = request.size ?? 0;
    const places = core.places.takers().filter(({ id }) => kept.places.includes(id));
    const opened = await Promise.allSettled(places.map((place: Place) => {
      const room = core.rooms.reservePlace(place.id, size);
      return openLeg(place, room, { id: key, size, resume: true, signal });
    }));
    const upload = new Upload(
      opened.filter((leg) => leg.status === "fulfilled").map((leg) => leg.value),
      {
        hashers: core.hashers,
        size,
        now: () => core.clock.monotonic(),
        onFailed: (place) => signal.aborted || core.doubts.note(place),
      },
    );
    try {
      await upload.resume(size);
      if (upload.position > 0) return upload;
    } catch {
      // Nothing of it can be used: begin anew.
    }
    await upload[Symbol.asyncDispose]();
    await dropUpload(core, kept);
    return null;
  }

  /** As with a deposit: more replicas than there can be are refused, unless fewer are accepted. */
  async #requireEnough(file: FileRecord, least: number, wanted: number): Promise<void> {
    const content = await this.core.catalog.content(file.digest);
    const having: ReadonlySet<string> = new Set(
      content ? weigh(content, this.core).counted : [],
    );
    const others = this.core.places.takers().filter(({ id }) => !having.has(id));
    const look = await this.core.rooms.look(others);
    const possible = having.size +
      look.candidates().filter(({ free }) => free >= Math.max(file.size, 1)).length;
    if (possible < least) {
      throw await tooFew(wanted, possible, { core: this.core, size: file.size });
    }
  }
}

/** Under which places keep an upload's parts; two owners can never mean the same. */
function uploadKey(request: DepositRequest): string {
  if (!isResumable(request)) return ONCE + crypto.randomUUID();
  return digestOf(`${request.owner}|${request.upload}`).slice(0, 40);
}

/** A number that was asked for now must be possible; one that a file only keeps need not be. */
function leastOf({ minimum, replicas }: DepositRequest, wanted: number): number {
  return minimum ?? (replicas === null ? 1 : wanted);
}

function mayHoldCopies({ state, draining }: PlaceRecord): boolean {
  return state !== "gone" && !draining;
}

function checkNumber(wanted: number): void {
  if (wanted >= 1 && wanted <= MAX_REPLICAS) return;
  throw new Refused("bad value", `Refused ${wanted} replicas: expected 1 to ${MAX_REPLICAS}`);
}
