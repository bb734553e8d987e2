import { Full } from "../../stores/store.ts";
import type { ContentChecks, FileRecord } from "./catalog/catalog.ts";
import { forOwner, type OnCopies, type OnFileCopies } from "./copy_progress.ts";
import { copiesOf, type Core, Refused } from "./core.ts";
import { HeldBytes } from "./held_bytes.ts";
import { isResumable, type Plan, type Receipt, ROOM_STEP_BYTES } from "./deposit_plan.ts";
import type { Keeper } from "./keeper.ts";
import { keepingOf } from "./keeping.ts";
import { boundBroken } from "./leftovers.ts";
import { replicaKey } from "./locks.ts";
import { beginUpload } from "./beginning.ts";
import { NoPlaceLeft, type Upload } from "./upload.ts";

/** What a deposit uses of the depot. */
export interface Shelf {
  core: Core;
  keeper: Keeper;
  /** The bytes that came are the file's already. Throws `Refused`, also when they are not any more. */
  same(digest: string, onCopies?: OnFileCopies): Promise<Receipt>;
  /** Places for a deposit besides those where it failed, with room held; as many as there are. */
  elsewhere(failed: ReadonlySet<string>): Promise<Plan["places"]>;
}

/**
 * A deposit under way. Disposed without `finish` or `keep`: nothing of it stays.
 *
 * The order that makes an acknowledgement true: intent in the catalog (synced), bytes at the
 * places, `writing` rows (synced), each place syncs and renames, `good` rows and the file (synced),
 * and only then the answer.
 */
export class Incoming implements AsyncDisposable {
  /** Of a deposit that does not say its size. Bytes. */
  #roomLeft = 0;
  #held = new HeldBytes();
  /** Places that did not take the bytes. */
  #failed = new Set<string>();
  #over = false;
  /** Where the bytes were about to take their name. */
  #prepared: { digest: string; places: string[] } | null = null;

  private constructor(
    private readonly plan: Plan,
    private readonly shelf: Shelf,
    private upload: Upload | null,
  ) {}

  static async open(plan: Plan, shelf: Shelf, kept: Upload | null): Promise<Incoming> {
    const incoming = new Incoming(plan, shelf, kept);
    if (!kept && !plan.buffered) await incoming.#begin();
    return incoming;
  }

  /** Bytes that are there so far. */
  get position(): number {
    return this.upload?.position ?? this.#held.size;
  }

  /**
   * Takes the next bytes; the buffer is the caller's again when it resolves, or when all is over where
   * the caller says that it `stays`. Throws `Refused`.
   */
  async write(chunk: Uint8Array, { stays = false } = {}): Promise<void> {
    const { size } = this.plan.request;
    if (size !== null && this.position + chunk.length > size) {
      throw new Refused("wrong size", `Refused the bytes: more than the ${size} declared`);
    }
    if (!this.upload) {
      this.#held.add(chunk, { stays });
      return;
    }
    const isFirst = this.position === 0;
    await this.#somewhere(isFirst, async () => {
      this.upload ??= await this.#begin();
      await this.#holdRoom(chunk.length);
      await this.upload.write(chunk);
    });
  }

  /**
   * All bytes came and `digest` is what the client says they are. Resolves when the receipt is
   * true. Throws `Refused`; nothing stays then.
   */
  async finish(digest: string, onFileCopies?: OnFileCopies): Promise<Receipt> {
    const onCopies = forOwner(this.plan.wanted, onFileCopies);
    const { keeper } = this.shelf;
    const content = await this.#judge(digest);
    const unwritten = await this.#asPresent(digest, onFileCopies);
    if (unwritten) return unwritten;
    const atHand = this.plan.buffered || this.position === 0;
    const file = await this.#somewhere(atHand, () => this.#commit(content, onCopies));
    this.#over = true;
    const { present } = this.plan;
    if (present && present.digest !== digest) {
      keeper.attend(present.digest, present.places.length);
    }
    return await this.#complete(file, onCopies);
  }

  /** Keeps what came, for a client that comes back. */
  async keep(): Promise<void> {
    const { upload, plan, shelf } = this;
    if (this.#over || !upload || !isResumable(plan.request)) return;
    this.#over = true;
    const { position } = upload;
    await upload.keep();
    await shelf.core.catalog.keepUpload(plan.key, position, shelf.core.clock.wall());
    await boundBroken(shelf.core, plan.request.owner, plan.key);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#over) return;
    this.#over = true;
    await this.#drop();
  }

  async #drop(): Promise<void> {
    if (!this.upload) return;
    await this.upload[Symbol.asyncDispose]();
    this.upload = null;
    await this.shelf.core.catalog.endUpload(this.plan.key);
    if (this.#prepared) this.shelf.keeper.noticeDoomed(this.#prepared);
  }

  /**
   * While its bytes are `atHand`, work that no place took is begun again on other places. Throws
   * `Refused` when there are none, or the client has to send the bytes again.
   */
  async #somewhere<T>(atHand: boolean, work: () => Promise<T>): Promise<T> {
    while (true) {
      try {
        return await work();
      } catch (error) {
        if (!(error instanceof NoPlaceLeft)) throw error;
        const { plan, shelf } = this;
        const others = plan.signal.aborted ? [] : await shelf.elsewhere(this.#failed);
        for (const { room } of plan.places) room[Symbol.dispose]();
        plan.places = others;
        // What a place said may name its paths: that is for the operator.
        if (!plan.signal.aborted) {
          shelf.core.log.warn("No place took a deposit to its end", { why: error.message });
        }
        if (others.length === 0) throw refusedBy(error);
        if (!atHand) throw new Refused("no copy", "No place took all bytes; send them again");
        await this.#drop();
      }
    }
  }

  /** A small file that is there already is not written again; `null` when it has to be. */
  async #asPresent(digest: string, onCopies?: OnFileCopies): Promise<Receipt | null> {
    const { plan: { present }, shelf } = this;
    if (this.upload || present?.digest !== digest) return null;
    if (copiesOf(present, shelf.core.places).live === 0) return null;
    try {
      return await shelf.same(digest, onCopies);
    } catch (error) {
      // Such as another content under the name by now: these bytes are then deposited after it.
      if (error instanceof Refused) return null;
      throw error;
    }
  }

  async #begin(content?: ContentChecks): Promise<Upload> {
    const { plan, shelf: { core } } = this;
    this.#roomLeft = ROOM_STEP_BYTES;
    const onFailed = (place: string) => this.#noteFailed(place);
    return this.upload = await beginUpload(plan, core, { content, onFailed });
  }

  /** Not when it was the client that ended it. */
  #noteFailed(place: string): void {
    if (this.plan.signal.aborted) return;
    this.#failed.add(place);
    this.shelf.core.doubts.note(place);
  }

  async #holdRoom(bytes: number): Promise<void> {
    this.#roomLeft -= bytes;
    if (this.plan.request.size !== null || this.#roomLeft > 0) return;
    const { core } = this.shelf;
    const look = await core.rooms.look(core.places.online());
    await this.upload!.extendRoom(ROOM_STEP_BYTES, look);
    this.#roomLeft += ROOM_STEP_BYTES;
  }

  /** The bytes are those declared, by number and by SHA-256. */
  async #judge(declared: string): Promise<ContentChecks> {
    const { size } = this.plan.request;
    if (size !== null && this.position !== size) {
      const came = this.position;
      throw new Refused("wrong size", `Refused the bytes: ${came} came, ${size} were declared`);
    }
    const content = this.upload ? await sumOf(this.upload) : this.#held.content();
    if (content.digest === declared) return content;
    throw new Refused("wrong digest", `Refused the bytes: their SHA-256 is ${content.digest}`);
  }

  async #commit(content: ContentChecks, onCopies?: OnCopies): Promise<FileRecord> {
    const { plan, shelf: { core, keeper } } = this;
    const { owner, name, attributes } = plan.request;
    const places = this.upload?.places ?? plan.places.map(({ place }) => place.id);
    using _turn = await core.locks.takeAll(places.map((id) => replicaKey(content.digest, id)));
    this.#prepared = { digest: content.digest, places };
    if (this.upload) await core.catalog.prepareCommit(plan.key, content, places);
    const upload = this.upload ?? await this.#beginWhole(content);
    const onDurable = (live: number) => onCopies?.({ done: 0, total: 0, live });
    onDurable(0);
    const good = await upload.commit(content, onDurable);
    const keeping = keepingOf(core);
    const file = await core.catalog.commitDeposit({
      upload: plan.key,
      owner,
      name,
      digest: content.digest,
      wanted: plan.wanted,
      keepWanted: plan.request.replicas === null,
      good,
      attributes,
      now: core.clock.wall(),
      ...(keeping ? { keepUntil: keeping.until } : {}),
    });
    const failed = places.filter((id) => !good.includes(id));
    keeper.noticeDoomed({ digest: content.digest, places: failed });
    return file;
  }

  async #beginWhole(content: ContentChecks): Promise<Upload> {
    const upload = await this.#begin(content);
    const bytes = this.#held.whole();
    if (bytes.length > 0) await upload.write(bytes);
    return upload;
  }

  /** Where places failed, others take over from what is whole; then surplus is somebody else's work. */
  async #complete(file: FileRecord, onCopies?: OnCopies): Promise<Receipt> {
    const { plan, shelf: { core, keeper } } = this;
    const goal = Math.min(plan.request.wait ?? plan.wanted, plan.wanted);
    let copies = copiesOf(file, core.places);
    const now = plan.request.replicas !== null;
    if (copies.live < goal && await keeper.ensure(file.digest, { onCopies, now })) {
      const after = await core.catalog.file(plan.request.owner, file.name);
      if (after?.digest === file.digest) copies = copiesOf(after, core.places);
    }
    if (copies.live !== file.places.length || copies.live < plan.wanted) keeper.attend(file.digest);
    return { file, copies };
  }
}

async function sumOf(upload: Upload): Promise<ContentChecks> {
  return { size: upload.position, ...await upload.sum() };
}

/** What the client is told when there are no other places. */
function refusedBy({ cause }: NoPlaceLeft): Refused {
  return cause instanceof Full
    ? new Refused("no room", "No place took all bytes: each became full meanwhile", 0)
    : new Refused("no copy", "No place took all bytes; the depot's log says why");
}
