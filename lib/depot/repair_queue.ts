/** Who finds contents by the thousand waits while more than these are queued: memory stays bounded. */
export const QUEUE_LIMIT = 10_000;

/** Contents that need care, those with the fewest copies first, then in the order of coming. */
export class RepairQueue {
  #levels = new Map<number, Set<string>>();
  #levelOf = new Map<string, number>();

  get size(): number {
    return this.#levelOf.size;
  }

  has(digest: string): boolean {
    return this.#levelOf.has(digest);
  }

  /** Every content that waits, in no order. */
  [Symbol.iterator](): Iterator<string> {
    return this.#levelOf.keys();
  }

  /** Adds a content, or moves it to where it has fewer copies than it was known to have. */
  add(digest: string, copies: number): void {
    const before = this.#levelOf.get(digest);
    if (before !== undefined && before <= copies) return;
    if (before !== undefined) this.#levels.get(before)?.delete(digest);
    this.#levelOf.set(digest, copies);
    const level = this.#levels.get(copies) ?? new Set();
    this.#levels.set(copies, level.add(digest));
  }

  /** Takes the content that needs care most. */
  take(): string | null {
    for (const copies of [...this.#levels.keys()].sort((a, b) => a - b)) {
      const level = this.#levels.get(copies)!;
      for (const digest of level) {
        level.delete(digest);
        if (level.size === 0) this.#levels.delete(copies);
        this.#levelOf.delete(digest);
        return digest;
      }
      this.#levels.delete(copies);
    }
    return null;
  }
}
