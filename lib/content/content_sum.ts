import { ChunkChecks } from "./chunk_checks.ts";
import { Sha256 } from "./digest.ts";

/** What bytes come to. */
export interface Sum {
  /** Their SHA-256. */
  digest: string;
  /** As `ChunkChecks.bytes`. */
  checks: Uint8Array;
}

/** Makes the sum of a content from its bytes in order, however they are cut. */
export class ContentSum {
  #hash = new Sha256();
  #checks = new ChunkChecks();

  update(data: Uint8Array): this {
    this.#hash.update(data);
    this.#checks.update(data);
    return this;
  }

  /** Of what came so far; more may come after. */
  sum(): Sum {
    return { digest: this.#hash.digest(), checks: this.#checks.bytes() };
  }
}
