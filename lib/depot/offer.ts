import type { OnFileCopies } from "./copy_progress.ts";
import { copiesOf, Refused } from "./core.ts";
import type { Plan, Receipt } from "./deposit_plan.ts";
import { Incoming, type Shelf } from "./incoming.ts";
import type { Upload } from "./upload.ts";

interface OfferParts {
  plan: Plan;
  shelf: Shelf;
  upload: Upload | null;
  resources: AsyncDisposableStack;
}

/** Places are found and room is held; now the client says whether it sends bytes. */
export class Offer implements AsyncDisposable {
  constructor(private readonly parts: OfferParts) {}

  /** Bytes that are kept of an earlier attempt. */
  get position(): number {
    return this.parts.upload?.position ?? 0;
  }

  /** SHA-256 of those bytes. */
  get partDigest(): string | null {
    return this.parts.upload?.keptDigest ?? null;
  }

  /**
   * SHA-256 of the present file of that name, when it has the size that was declared and a good
   * copy is there: a client that has the bytes of a lost one is to send them.
   */
  get presentDigest(): string | null {
    const { plan: { present, request }, shelf: { core } } = this.parts;
    if (!present || present.size !== request.size) return null;
    return copiesOf(present, core.places).live > 0 ? present.digest : null;
  }

  /** Begins to take bytes from `from`: the offered position, or 0. */
  async receive(from: number): Promise<Incoming> {
    const { plan, shelf, upload } = this.parts;
    if (from !== 0 && from !== this.position) {
      throw new Refused("bad value", `Refused position ${from}: expected ${this.position} or 0`);
    }
    const kept = upload && from === 0 ? await upload.restart() : upload;
    return await Incoming.open(plan, shelf, kept);
  }

  /** The content stays; only how many replicas it wants, and the file's attributes, change. */
  same(digest: string, onCopies?: OnFileCopies): Promise<Receipt> {
    return this.parts.shelf.same(digest, onCopies);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { room } of this.parts.plan.places) room[Symbol.dispose]();
    await this.parts.resources.disposeAsync();
  }
}
