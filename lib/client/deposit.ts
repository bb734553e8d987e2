/** One deposit over one session. */
import { digestOf, Sha256 } from "../content/digest.ts";
import {
  ACTIONS,
  AHEAD_BYTES,
  BadPeer,
  BLOCK_BYTES,
  BODY,
  type Connection,
  encode,
  REPLIES,
  REQUESTS,
  requireName,
  type Values,
} from "../protocol/mod.ts";
import { END, fill, type Filled, sendBody } from "./body.ts";
import type { Advanced } from "./pace.ts";
import { readLateReply, type WorkProgress } from "./peer.ts";
import { fileOfReceipt, type Receipt } from "./records.ts";
import type { Session } from "./session.ts";
import { changed, type Source, type SourceReader } from "./source.ts";
import { SourceHash } from "./source_hash.ts";

/** What to deposit as. */
export interface DepositRequest {
  name: string;
  /** `null`: what the file has already, or the depot's default. */
  replicas: number | null;
  /** As few copies as these are accepted; `null`: as many as are wanted. */
  minimum: number | null;
  /** Answered when so many copies are durable; `null`: all. */
  wait: number | null;
  /** A UUID, the same for every attempt. */
  upload: string;
}

/** How far a deposit is. */
export interface DepositProgress {
  /** What is being done: the depot may have the bytes, it gets them, it makes them durable. */
  stage: "hashing" | "sending" | "storing";
  /** Bytes of this stage. */
  done: number;
  /** Bytes of this stage in all; `null`: not known. */
  total: number | null;
  /** While it is `storing`: copies that are durable by now, where the depot says so. */
  copies?: WorkProgress["copies"];
}

export interface AttemptOptions {
  signal?: AbortSignal | undefined;
  onProgress?: ((progress: DepositProgress) => void) | undefined;
  /** Told how far it is, as in `withRetries`. */
  advanced?: Advanced | undefined;
  /** The same for every attempt. */
  known?: SourceHash;
}

/**
 * Deposits `source`. Resolves to the receipt. Throws `Refusal` (the session stays usable),
 * `ConnectionLost`, `BadPeer`, `LocalError`, or what reading the source throws.
 */
export function deposit(
  session: Session,
  request: DepositRequest,
  options: AttemptOptions & { source: Source },
): Promise<Receipt> {
  const { source, signal } = options;
  return session.run(signal, async () => {
    requireName(request.name);
    using reader = await source.open(signal);
    const run = new DepositRun(session, { request, source, reader, options });
    return await run.deposit();
  });
}

type Offer = Values<typeof REPLIES.offer>;

interface Parts {
  request: DepositRequest;
  source: Source;
  reader: SourceReader;
  options: AttemptOptions;
}

class DepositRun {
  #session: Session;
  #connection: Connection;
  #parts: Parts;
  #known: SourceHash;

  constructor(session: Session, parts: Parts) {
    this.#session = session;
    this.#connection = session.connection;
    this.#parts = parts;
    this.#known = parts.options.known ?? new SourceHash();
  }

  deposit(): Promise<Receipt> {
    const { size } = this.#parts.source;
    if (size === null) return this.#sendStream();
    return size <= AHEAD_BYTES && !this.#known.isWhole
      ? this.#sendAhead(size)
      : this.#sendFile(size);
  }

  /** Request, bytes and end in one write: a small file costs one round trip. */
  async #sendAhead(size: number): Promise<Receipt> {
    const data = await readAll(this.#parts.reader, size);
    const digest = digestOf(data);
    const before = [this.#requestLine(digest), encode(ACTIONS.send, { from: 0 })];
    if (size > 0) before.push(encode(BODY.block, { bytes: size }));
    await this.#connection.writeAround(before, data, [encode(BODY.end, END(digest))]);
    await this.#offer();
    return this.#receipt({ digest, size });
  }

  /** The first bytes are waited for here, so that the depot need not wait for them. */
  async #sendStream(): Promise<Receipt> {
    const first = await fill(this.#parts.reader, this.#session.blocks.next(), BLOCK_BYTES);
    await this.#connection.writeLine(this.#requestLine(null));
    await this.#offer();
    return this.#sendFrom(0, new Sha256(), first);
  }

  async #sendFile(size: number): Promise<Receipt> {
    await this.#connection.writeLine(this.#requestLine(null));
    const offer = await this.#offer();
    this.#parts.options.advanced?.("kept", offer.position + this.#known.hashed);
    if (offer.presentDigest !== null) {
      const digest = await this.#known.whole(this.#parts.reader, this.#hashing(size));
      if (digest === offer.presentDigest) {
        await this.#connection.writeLine(encode(ACTIONS.same, { digest }));
        return this.#receipt({ digest, size }, { unchanged: true });
      }
    }
    const prefix = await this.#agreedPrefix(offer, size);
    return this.#sendFrom(prefix ? offer.position : 0, prefix ?? new Sha256());
  }

  /** The hash of what the depot has already, when that is the beginning of this file. */
  async #agreedPrefix(offer: Offer, size: number): Promise<Sha256 | null> {
    const { position, partDigest } = offer;
    if (position === 0 || position > size || partDigest === null) return null;
    const hash = await this.#known.prefix(this.#parts.reader, position, this.#hashing(position));
    return hash?.digest() === partDigest ? hash : null;
  }

  async #sendFrom(from: number, hash: Sha256, first?: Filled): Promise<Receipt> {
    const { reader, source } = this.#parts;
    if (!first) await reader.seek(from);
    await this.#connection.writeLine(encode(ACTIONS.send, { from }));
    const { blocks } = this.#session;
    const onProgress = (done: number) => this.#tell("sending", { done, total: source.size });
    const body = { reader, blocks, from, size: source.size, hash, first, onProgress };
    return this.#receipt(await sendBody(this.#connection, body));
  }

  /** What a depot kept of a large upload it reads again first, which takes its time. */
  #offer(): Promise<Offer> {
    const onProgress = (progress: WorkProgress) => this.#tell("storing", progress, "offer");
    return readLateReply(this.#connection, REPLIES.offer, onProgress);
  }

  async #receipt(
    sent: { digest: string; size: number },
    { unchanged } = { unchanged: false },
  ): Promise<Receipt> {
    const onProgress = (progress: WorkProgress) => this.#tell("storing", progress);
    const receipt = await readLateReply(this.#connection, REPLIES.receipt, onProgress);
    return { ...receiptOf(this.#parts.request, sent, receipt), unchanged };
  }

  #requestLine(digest: string | null): string {
    const { request, source } = this.#parts;
    return requestLine(request, source, digest);
  }

  #hashing(total: number) {
    const { signal } = this.#parts.options;
    return { signal, onProgress: (done: number) => this.#tell("hashing", { done, total }) };
  }

  #tell(
    stage: DepositProgress["stage"],
    progress: Omit<DepositProgress, "stage">,
    counter: string = stage,
  ): void {
    this.#parts.options.advanced?.(counter, progress.done);
    this.#parts.options.onProgress?.({ stage, ...progress });
  }
}

/** The line that asks to deposit `source`. `digest`: of its bytes, where it is known. */
export function requestLine(
  request: DepositRequest,
  { size, modifiedAt, executable }: Source,
  digest: string | null,
): string {
  return encode(REQUESTS.deposit, { ...request, size, digest, modifiedAt, executable });
}

/** The receipt for what was sent. Throws `BadPeer` when it is for something else. */
export function receiptOf(
  { name, replicas }: DepositRequest,
  sent: { digest: string; size: number },
  receipt: Values<typeof REPLIES.receipt>,
): Receipt {
  if (receipt.digest !== sent.digest || receipt.size !== sent.size || receipt.result !== 1) {
    throw new BadPeer("The depot sent a receipt for other bytes than were sent");
  }
  if (receipt.replicas < 1 || (replicas !== null && receipt.wanted !== replicas)) {
    throw new BadPeer("The depot sent a receipt for other copies than were asked for");
  }
  return { ...fileOfReceipt(name, receipt), unchanged: false };
}

async function readAll(reader: SourceReader, size: number): Promise<Uint8Array> {
  const data = new Uint8Array(size);
  if (await reader.read(data) !== size) throw changed("The file");
  reader.check();
  return data;
}
