/**
 * Where the bytes of uploads are hashed. SHA-256 is most of what a large deposit costs the depot: one
 * that comes alone is hashed in place, while its bytes go to the disk. Where more come at once, the
 * others are hashed on the machine's other cores.
 */
import { ContentSum, type Sum } from "../../content/content_sum.ts";
import type { AskedWorker, WorkerPort } from "../../worker/asked_worker.ts";
import { LazyWorker } from "../../worker/lazy_worker.ts";
import { Slots } from "../../worker/slots.ts";
import { type Reply, type Request, SLOT_BYTES } from "./border.ts";

/** Fewer bytes are hashed before a worker is woken and has answered. */
const WORTHWHILE_BYTES: number = 1024 * 1024;
/** Each has 8 MiB, and hashes more than a fast network brings. */
const MAX_WORKERS = 4;
/** Pieces that a worker has, or that wait for it, at once. */
const SLOTS = 8;

/** What the bytes of one upload come to. Disposed when it is not needed any more. */
export interface Summing extends Disposable {
  /** The next bytes; the buffer is the caller's again when it resolves. */
  update(bytes: Uint8Array): void | Promise<void>;
  /** Of all bytes; none come after. Throws when that cannot be told. */
  sum(): Sum | Promise<Sum>;
}

/** Hashes for all uploads of a depot. Workers are started when they are first of use. */
export class Hashers implements Disposable {
  readonly #workers: Hasher[];
  /** Uploads that are hashed in place now, of those that a worker could be worth while for. */
  #inPlace = 0;

  /** One of the `cores` is left to the sockets. */
  constructor(cores: number = navigator.hardwareConcurrency, start = startWorker) {
    const count = Math.min(cores - 1, MAX_WORKERS);
    this.#workers = Array.from({ length: Math.max(count, 0) }, () => new Hasher(start));
  }

  /** Begins with the bytes of an upload; `size` as its client says it, if it does. */
  begin(size: number | null): Summing {
    if (size !== null && size < WORTHWHILE_BYTES) return inPlace(new ContentSum());
    const [idlest] = [...this.#workers].sort((one, other) => one.contents - other.contents);
    return idlest && this.#inPlace > 0 ? this.#elsewhere(idlest) : this.#here();
  }

  /** Goes on with bytes whose sum is known: that cannot be moved. */
  resume(sum: ContentSum): Summing {
    return this.#here(sum);
  }

  [Symbol.dispose](): void {
    for (const worker of this.#workers) worker.end();
  }

  #elsewhere(worker: Hasher): Summing {
    const begun = worker.begin().then((summing) => summing ?? this.#here());
    return {
      update: async (bytes) => await (await begun).update(bytes),
      sum: async () => await (await begun).sum(),
      [Symbol.dispose]: () => void begun.then((summing) => summing[Symbol.dispose]()),
    };
  }

  #here(sum = new ContentSum()): Summing {
    this.#inPlace++;
    return inPlace(sum, () => this.#inPlace--);
  }
}

function inPlace(sum: ContentSum, over: () => void = () => {}): Summing {
  let isOver = false;
  return {
    update: (bytes) => void sum.update(bytes),
    sum: () => sum.sum(),
    [Symbol.dispose]() {
      if (!isOver) over();
      isOver = true;
    },
  };
}

type Asked = AskedWorker<Request, Reply>;

/** One worker, and the memory in which it is given bytes. */
class Hasher {
  readonly #slots = new Slots(SLOTS, SLOT_BYTES);
  readonly #worker: LazyWorker<Request, Reply>;
  #next = 0;
  /** Contents that it hashes now. */
  contents = 0;

  constructor(start: () => WorkerPort<Request, Reply>) {
    this.#worker = new LazyWorker({
      start,
      died: (why) => new Error(`Could not hash: the worker that does it died (${why})`),
      open: (worker) => worker.ask({ type: "share", memory: this.#slots.memory }),
    });
  }

  /** `null`: the worker cannot be had. */
  async begin(): Promise<Summing | null> {
    this.contents++;
    const worker = await this.#worker.get();
    if (worker) return this.#summing(worker, this.#next++);
    this.contents--;
    return null;
  }

  end(): void {
    this.#worker.end();
  }

  #summing(worker: Asked, content: number): Summing {
    let end: Promise<Reply> | null = null;
    const ended = () => {
      if (!end) this.contents--;
      return end ??= worker.ask({ type: "end", content });
    };
    return {
      update: (bytes) => this.#update(worker, content, bytes),
      sum: async () => (await ended())!,
      [Symbol.dispose]: () => void ended().catch(() => {}),
    };
  }

  /** Resolves when it is copied to where the worker finds it. */
  async #update(worker: Asked, content: number, bytes: Uint8Array): Promise<void> {
    for (let rest = bytes; rest.length > 0; rest = rest.subarray(SLOT_BYTES)) {
      const put = this.#slots.put(rest.subarray(0, SLOT_BYTES));
      const piece = put instanceof Promise ? await put : put;
      const taken = worker.ask({ type: "update", content, slot: piece.slot, bytes: piece.bytes });
      // One that died tells whoever asks for the sum.
      taken.catch(() => {}).finally(() => piece[Symbol.dispose]());
    }
  }
}

function startWorker(): WorkerPort<Request, Reply> {
  return new Worker(new URL("./worker.ts", import.meta.url), { type: "module", name: "hash" });
}
