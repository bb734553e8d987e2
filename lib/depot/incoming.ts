import { Full } from "../../stores/store.ts";
import { ChunkChecks } from "../content/chunk_checks.ts";
import { digestOf } from "../content/digest.ts";
import type { ContentChecks, FileRecord } from "./catalog/catalog.ts";
import { forOwner, type OnCopies, type OnFileCopies } from "./copy_progress.ts";
import { copiesOf, type Core, Refused } from "./core.ts";
import { isResumable, type Plan, type Receipt, ROOM_STEP_BYTES } from "./deposit_plan.ts";
import type { Keeper } from "./keeper.ts";
import { keepingOf } from "./keeping.ts";
import { boundBroken } from "./leftovers.ts";
import { replicaKey } from "./locks.ts";
import { NoPlaceLeft, openLeg, Upload } from "./upload.ts";

/** What a deposit uses of the depot. */
export interface Shelf {
  core: Core;
  keeper: Keeper;
  /** The bytes that came are the file's already. Throws `Refused`, also when they are not any more. */
  same(digest: string, onCopies?: OnFileCopies): Promise<Receipt>;
}

/**
 * A deposit under way. Disposed without `finish` or `keep`: nothing of it stays.
 *
 * The order that makes an acknowledgement true: intent in the catalog (synced), bytes at the
 * places, `writing` rows (synced), each place syncs and renames, `good` rows and the file (synced),
 * and only then the answer.
 */
export class Incoming implements AsyncDisposable {
  #roomLeft: number;
  #buffered: Uint8Array[] = [];
  #bufferedBytes = 0;
  #over = false;
  /** Where the bytes were about to take their name. */
  #prepared: { digest: string; places: string[] } | null = null;

  private constructor(
    private readonly plan: Plan,
    private readonly shelf: Shelf,
    private upload: Upload | null,
  ) {
    this.#roomLeft = plan.request.size ?? ROOM_STEP_BYTES;
  }

  static async open(plan: Plan, shelf: Shelf, kept: Upload | null): Promise<Incoming> {
    const incoming = new Incoming(plan, shelf, kept);
    if (!kept && !plan.buffered) await incoming.#begin();
    return incoming;
  }

  /** Bytes that are there so far. */
  get position(): number {
    return this.upload?.position ?? this.#bufferedBytes;
  }

  /** Takes the next bytes; the buffer is the caller's again when it resolves. Throws `Refused`. */
  async write(chunk: Uint8Array): Promise<void> {
    const { size } = this.plan.request;
    if (size !== null && this.position + chunk.length > size) {
      throw new Refused("wrong size", `Refused the bytes: more than the ${size} declared`);
    }
    if (!this.upload) {
      this.#buffered.push(chunk.slice());
      this.#bufferedBytes += chunk.length;
      return;
    }
    await this.#holdRoom(chunk.length);
    await refusingFullness(this.upload.write(chunk));
  }

  /**
   * All bytes came and `digest` is what the client says they are. Resolves when the receipt is
   * true. Throws `Refused`; nothing stays then.
   */
  async finish(digest: string, onFileCopies?: OnFileCopies): Promise<Receipt> {
    const onCopies = forOwner(this.plan.wanted, onFileCopies);
    const { keeper } = this.shelf;
    const content = this.#judge(digest);
    const unwritten = await this.#asPresent(digest, onFileCopies);
    if (unwritten) return unwritten;
    const file = await this.#commit(content, onCopies);
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
    if (!this.upload) return;
    await this.upload[Symbol.asyncDispose]();
    await this.shelf.core.catalog.endUpload(this.plan.key);
    if (this.#prepared) this.shelf.keeper.noticeDoomed(this.#prepared);
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

  /** Writes the intent, then opens the upload on each place. */
  async #begin(content?: ContentChecks): Promise<Upload> {
    const { plan, shelf: { core } } = this;
    await core.catalog.beginUpload({
      upload: plan.key,
      owner: plan.request.owner,
      places: plan.places.map(({ place }) => place.id),
      now: core.clock.wall(),
      ...(content ? { content } : {}),
    });
    const { size } = plan.request;
    const opened = await Promise.allSettled(
      plan.places.map(({ place, room }) =>
        openLeg(place, room, {
          id: plan.key,
          resume: false,
          signal: plan.signal,
          ...(size === null ? {} : { size }),
        })
      ),
    );
    const legs = opened.filter((leg) => leg.status === "fulfilled").map((leg) => leg.value);
    const failure = opened.find((leg) => leg.status === "rejected")?.reason;
    return this.upload = new Upload(legs, { failure, now: () => core.clock.monotonic() });
  }

  async #holdRoom(bytes: number): Promise<void> {
    this.#roomLeft -= bytes;
    if (this.plan.request.size !== null || this.#roomLeft > 0) return;
    const { core } = this.shelf;
    const look = await core.rooms.look(core.places.online());
    await refusingFullness(this.upload!.extendRoom(ROOM_STEP_BYTES, look));
    this.#roomLeft += ROOM_STEP_BYTES;
  }

  /** The bytes are those declared, by number and by SHA-256. */
  #judge(declared: string): ContentChecks {
    const { size } = this.plan.request;
    if (size !== null && this.position !== size) {
      const came = this.position;
      throw new Refused("wrong size", `Refused the bytes: ${came} came, ${size} were declared`);
    }
    const content = this.upload ? this.#streamed(this.upload) : this.#inMemory();
    if (content.digest === declared) return content;
    throw new Refused("wrong digest", `Refused the bytes: their SHA-256 is ${content.digest}`);
  }

  #streamed(upload: Upload): ContentChecks {
    return { digest: upload.digest(), size: upload.position, checks: upload.checks() };
  }

  #inMemory(): ContentChecks {
    const [only = new Uint8Array(), ...more] = this.#buffered;
    const bytes = more.length === 0 ? only : join(this.#buffered, this.#bufferedBytes);
    this.#buffered = [bytes];
    const checks = new ChunkChecks().update(bytes).bytes();
    return { digest: digestOf(bytes), size: bytes.length, checks };
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
    const good = await refusingFullness(upload.commit(content, onDurable));
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
    const [bytes = new Uint8Array()] = this.#buffered;
    if (bytes.length > 0) await refusingFullness(upload.write(bytes));
    return upload;
  }

  /** Where places failed, others take over from what is whole; then surplus is somebody else's work. */
  async #complete(file: FileRecord, onCopies?: OnCopies): Promise<Receipt> {
    const { plan, shelf: { core, keeper } } = this;
    const goal = Math.min(plan.request.wait ?? plan.wanted, plan.wanted);
    let copies = copiesOf(file, core.places);
    if (copies.live < goal && await keeper.ensure(file.digest, onCopies)) {
      const now = await core.catalog.file(plan.request.owner, file.name);
      if (now?.digest === file.digest) copies = copiesOf(now, core.places);
    }
    if (copies.live !== file.places.length || copies.live < plan.wanted) keeper.attend(file.digest);
    return { file, copies };
  }
}

/** What a client is told when no place took its bytes. */
async function refusingFullness<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof NoPlaceLeft)) throw error;
    const why = error.cause instanceof Full ? "no room" : "no copy";
    throw new Refused(why, error.message, 0);
  }
}

function join(parts: Uint8Array[], bytes: number): Uint8Array {
  const whole = new Uint8Array(bytes);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
