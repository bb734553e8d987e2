import { createHash, type Hash, hash } from "node:crypto";

/** A SHA-256 as this project writes it: 64 lower-case hexadecimal digits. */
const DIGEST_PATTERN: RegExp = /^[0-9a-f]{64}$/;

/** The SHA-256 of no bytes. */
export const EMPTY_DIGEST = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

export function isDigest(text: string): boolean {
  return DIGEST_PATTERN.test(text);
}

/** SHA-256 of bytes, or of a text's UTF-8. */
export function digestOf(data: Uint8Array | string): string {
  return hash("sha256", data, "hex");
}

/** A running SHA-256 that can be asked in the middle. */
export class Sha256 {
  #hash: Hash = createHash("sha256");

  update(data: Uint8Array): this {
    this.#hash.update(data);
    return this;
  }

  /** The digest of what came so far; more may come after. */
  digest(): string {
    return this.#hash.copy().digest("hex");
  }

  /** Another one that has seen the same bytes and goes its own way from here. */
  copy(): Sha256 {
    const copy = new Sha256();
    copy.#hash = this.#hash.copy();
    return copy;
  }
}
