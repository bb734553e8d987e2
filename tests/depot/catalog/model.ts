/**
 * What the catalog's verbs do to the files, replicas and uploads of one owner, said a second time
 * and as simply as possible.
 */
import type { ReplicaState } from "../../../lib/depot/catalog/catalog.ts";

export interface ModelUpload {
  digest: string;
  places: Set<string>;
}

interface ModelFile {
  digest: string;
  wanted: number;
  version: number;
}

/** A removed file is kept until then. */
interface ModelRemoved extends ModelFile {
  name: string;
  until: number;
}

export class Model {
  readonly files = new Map<string, ModelFile>();
  removed: ModelRemoved[] = [];
  readonly uploads = new Map<string, ModelUpload>();
  readonly #replicas = new Map<string, Map<string, ReplicaState>>();

  replicas(digest: string): Map<string, ReplicaState> {
    const known = this.#replicas.get(digest) ?? new Map<string, ReplicaState>();
    this.#replicas.set(digest, known);
    return known;
  }

  wanted(digest: string): number {
    const all = [...this.files.values(), ...this.removed];
    const numbers = all.filter((file) => file.digest === digest);
    return Math.max(0, ...numbers.map((file) => file.wanted));
  }

  isKnown(digest: string): boolean {
    return this.wanted(digest) > 0 || this.replicas(digest).size > 0 ||
      this.#uploadsOf(digest).length > 0;
  }

  good(digest: string): string[] {
    return [...this.replicas(digest)].filter(([, state]) => state === "good")
      .map(([place]) => place).sort();
  }

  isPrepared(digest: string, place: string): boolean {
    return this.#uploadsOf(digest).some((upload) => upload.places.has(place));
  }

  prepare(id: string, digest: string, places: string[]): void {
    if (this.uploads.get(id)?.digest !== digest) this.end(id);
    const upload = this.uploads.get(id) ?? { digest, places: new Set() };
    this.uploads.set(id, upload);
    for (const place of places) {
      upload.places.add(place);
      if (this.replicas(digest).get(place) !== "good") this.replicas(digest).set(place, "writing");
    }
  }

  /** The greatest version that a name has or had, as far as that is known. */
  last(name: string): number {
    const removed = this.removed.filter((file) => file.name === name);
    return Math.max(this.files.get(name)?.version ?? 0, ...removed.map(({ version }) => version));
  }

  remove(name: string, until: number | null): boolean {
    const file = this.files.get(name);
    if (file && until !== null) this.removed.push({ ...file, name, until });
    return this.files.delete(name);
  }

  restore(name: string, version: number | null, until: number | null): number | null {
    const found = this.removed.filter((file) => file.name === name)
      .filter((file) => version === null || file.version === version)
      .sort((a, b) => b.version - a.version)[0];
    if (!found) return null;
    const last = this.last(name);
    this.remove(name, until);
    this.removed = this.removed.filter((file) => file !== found);
    const { digest, wanted } = found;
    const restored = last > found.version ? last + 1 : found.version;
    this.files.set(name, { digest, wanted, version: restored });
    return restored;
  }

  rename(from: string, to: string, until: number | null): void {
    const file = this.files.get(from)!;
    const version = Math.max(file.version, this.last(to) + 1);
    this.files.delete(from);
    this.remove(to, until);
    this.files.set(to, { ...file, version });
  }

  commit(id: string, name: string, wanted: number, good: string[], until: number | null): void {
    const { digest } = this.uploads.get(id)!;
    for (const place of good) this.replicas(digest).set(place, "good");
    this.end(id);
    const before = this.files.get(name);
    const same = before?.digest === digest;
    const version = same ? before.version : this.last(name) + 1;
    if (!same) this.remove(name, until);
    this.files.set(name, { digest, wanted, version });
  }

  end(id: string): void {
    const upload = this.uploads.get(id);
    this.uploads.delete(id);
    if (!upload) return;
    const replicas = this.replicas(upload.digest);
    for (const place of upload.places) {
      const needed = this.isPrepared(upload.digest, place);
      if (replicas.get(place) === "writing" && !needed) replicas.set(place, "doomed");
    }
  }

  beginCopy(digest: string, place: string): boolean {
    const state = this.replicas(digest).get(place);
    if (!this.isKnown(digest) || state === "writing" || state === "good") return false;
    this.replicas(digest).set(place, "writing");
    return true;
  }

  doomSurplus(digest: string, order: string[], live: string[]): string[] {
    const good = this.good(digest);
    const wanted = this.wanted(digest);
    const counted = good.filter((place) => live.includes(place));
    const doomed: string[] = [];
    if (wanted === 0 && this.#uploadsOf(digest).length === 0) {
      doomed.push(...order.filter((place) => good.includes(place)));
      doomed.push(...good.filter((place) => !order.includes(place)));
    } else if (wanted > 0) {
      for (const place of order) {
        if (counted.length - doomed.length <= wanted) break;
        if (counted.includes(place) && !this.isPrepared(digest, place)) doomed.push(place);
      }
    }
    for (const place of doomed) this.replicas(digest).set(place, "doomed");
    return doomed;
  }

  #uploadsOf(digest: string): ModelUpload[] {
    return [...this.uploads.values()].filter((upload) => upload.digest === digest);
  }
}
