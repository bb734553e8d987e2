/** A holder as a place: the store contract over its data connections. */
import {
  type AsideCopy,
  type Mark,
  type Place,
  type PlaceReader,
  type PlaceWriter,
  type ReadRange,
  type Room,
  Unreachable,
} from "../../stores/store.ts";
import {
  BadPeer,
  encode,
  HEX_BYTES,
  HOLDER_REPLIES,
  HOLDER_REQUESTS,
  type Message,
  Refusal,
  type Values,
} from "../protocol/mod.ts";
import { absentAsNull, type HolderLine, placeError } from "./holder_line.ts";
import type { HolderLines } from "./holder_lines.ts";
import { listInPages, type ListRequest } from "./holder_pages.ts";
import { RemoteReader, type StreamOwner } from "./remote_reader.ts";
import { RemoteWriter } from "./remote_writer.ts";

/** What a holder said of itself. */
export interface HolderIdentity {
  id: string;
  name: string;
  zone: string;
  machine: string | null;
  room: Room;
  /** Its change counter. */
  changes: number;
  /** It goes for good; `null`: it did not say so. */
  leaving: boolean | null;
}

export interface RemotePlaceOptions {
  holder: HolderIdentity;
  lines: HolderLines;
  /** The holder broke the protocol. */
  onBadPeer(why: string): void;
  /** Items of one list, at most. */
  mostItems?: number | undefined;
}

export class RemotePlace implements Place, StreamOwner {
  readonly id: string;
  readonly name: string;
  readonly address: string;
  readonly zone: string;
  readonly machine?: string;
  readonly trusted = false;
  readonly leaving: boolean;
  readonly #options: RemotePlaceOptions;
  #room: Room;
  #changes: number;
  #marked = false;

  constructor(options: RemotePlaceOptions) {
    const { id, name, zone, machine, room, changes, leaving } = options.holder;
    this.id = id;
    this.name = name;
    this.zone = zone;
    this.leaving = leaving ?? false;
    if (machine !== null) this.machine = machine;
    this.address = `clients:${id}`;
    this.#options = options;
    this.#room = room;
    this.#changes = changes;
  }

  get changes(): number {
    return this.#changes;
  }

  /** The holder said how much room it has. */
  tell(room: Room): void {
    this.#room = { capacity: room.capacity, free: Math.min(room.free, room.capacity) };
  }

  /** As it was last told, less what was written since: asking would cost a way there and back. */
  room(): Promise<Room> {
    return Promise.resolve({ ...this.#room });
  }

  async begin(
    upload: { id: string; size?: number; resume?: boolean; signal: AbortSignal },
  ): Promise<PlaceWriter> {
    const { id, size = null, resume = false, signal } = upload;
    return await this.#open(signal, async (line) => {
      const request = encode(HOLDER_REQUESTS.store, { upload: id, size, resume });
      const { position } = await line.ask(request, HOLDER_REPLIES.position);
      if (!resume && position > 0) throw new BadPeer("The holder began an upload in its middle");
      return new RemoteWriter(this, line, { id, position, signal });
    });
  }

  async get(digest: string, range: ReadRange): Promise<PlaceReader | null> {
    const { from, length = null, aside = false, signal } = range;
    return await absentAsNull(this.#open(signal, async (line) => {
      const request = encode(HOLDER_REQUESTS.fetch, { digest, from, length, aside });
      const { size } = await line.ask(request, HOLDER_REPLIES.content);
      const left = length ?? size - from;
      if (left < 0 || from + left > size) {
        throw new BadPeer("The holder answered a read beyond the end");
      }
      return new RemoteReader(this, line, { size, left, signal });
    }));
  }

  async hash(
    digest: string,
    { prefix, signal }: { prefix: Uint8Array; signal: AbortSignal },
  ): Promise<string | null> {
    if (prefix.length > HEX_BYTES) {
      throw new RangeError(`Could not ask for a hash: a prefix has at most ${HEX_BYTES} bytes`);
    }
    const request = encode(HOLDER_REQUESTS.hash, { digest, prefix });
    const asked = this.#use(
      (line) => line.askPatiently(request, HOLDER_REPLIES.hash),
      signal,
    );
    return (await absentAsNull(asked))?.digest ?? null;
  }

  async delete(digest: string): Promise<void> {
    await this.#change(encode(HOLDER_REQUESTS.delete, { digest }));
  }

  async setAside(digest: string): Promise<void> {
    await this.#change(encode(HOLDER_REQUESTS.setAside, { digest }));
  }

  async dropAside(digest: string): Promise<void> {
    await this.#change(encode(HOLDER_REQUESTS.dropAside, { digest }));
  }

  async discard(upload: string): Promise<void> {
    const request = encode(HOLDER_REQUESTS.discard, { upload });
    await this.#use((line) => line.ask(request, HOLDER_REPLIES.done));
  }

  list(
    { after, signal }: { after?: string; signal: AbortSignal },
  ): AsyncGenerator<{ digest: string; size: number }> {
    return this.#pages(HOLDER_REPLIES.held, {
      request: (after, limit) => encode(HOLDER_REQUESTS.inventory, { after, limit }),
      key: ({ digest }) => digest,
      after: after ?? null,
      signal,
    });
  }

  asides(): AsyncGenerator<AsideCopy> {
    return this.#pages(HOLDER_REPLIES.aside, {
      request: (after, limit) => encode(HOLDER_REQUESTS.asides, { after, limit }),
      key: ({ digest }) => digest,
    });
  }

  async *uploads(): AsyncGenerator<{ id: string; bytes: number }> {
    const kept = this.#pages(HOLDER_REPLIES.kept, {
      request: (after, limit) => encode(HOLDER_REQUESTS.uploads, { after, limit }),
      key: ({ upload }) => upload,
    });
    for await (const { upload, bytes } of kept) yield { id: upload, bytes };
  }

  async mark(): Promise<Mark | null> {
    const request = encode(HOLDER_REQUESTS.mark, {});
    const mark = await absentAsNull(this.#use((line) => line.ask(request, HOLDER_REPLIES.mark)));
    if (mark || !this.#marked) return mark;
    // Whatever it is that answers, it is not what took the mark: it must not pass for being there.
    this.#options.onBadPeer("The mark that it was given is gone");
    throw new Unreachable(`Could not use ${this.name}: its mark is gone`);
  }

  async setMark(mark: Mark): Promise<void> {
    const request = encode(HOLDER_REQUESTS.setMark, mark);
    await this.#use((line) => line.ask(request, HOLDER_REPLIES.done));
    this.#marked = true;
  }

  giveBack(line: HolderLine): void {
    this.#options.lines.giveBack(line);
  }

  drop(line: HolderLine, error?: unknown): void {
    this.#options.lines.drop(line, error);
  }

  errorOf(error: unknown): unknown {
    return placeError(error, this.name);
  }

  wrote(bytes: number): void {
    this.#room.free = Math.max(0, this.#room.free - bytes);
  }

  changed(): void {
    this.#changes++;
  }

  forget(uploadId: string): void {
    // Where this fails too, the upload is found and dropped when the holder joins again.
    this.discard(uploadId).catch(() => {});
  }

  async #change(request: string): Promise<void> {
    await this.#use((line) => line.ask(request, HOLDER_REPLIES.done));
    this.changed();
  }

  #pages<M extends Message>(item: M, list: ListRequest<M>): AsyncGenerator<Values<M>> {
    const { mostItems } = this.#options;
    const use = <T>(work: (line: HolderLine) => Promise<T>) => this.#use(work, list.signal);
    return listInPages(use, { ...list, item, mostItems });
  }

  /** Asks something of the holder on a line that is free again afterwards. */
  #use<T>(work: (line: HolderLine) => Promise<T>, signal?: AbortSignal): Promise<T> {
    return this.#open(signal, async (line) => {
      const result = await work(line);
      this.giveBack(line);
      return result;
    });
  }

  /** Opens something on a line, which is its own from then on. An abort ends the line. */
  async #open<T>(
    signal: AbortSignal | undefined,
    work: (line: HolderLine) => Promise<T>,
  ): Promise<T> {
    const line = await this.#options.lines.take(signal);
    const abort = () => line.connection.close();
    signal?.addEventListener("abort", abort);
    try {
      return await work(line);
    } catch (error) {
      // After a refusal the holder waits for the next request.
      if (error instanceof Refusal) this.giveBack(line);
      else this.drop(line, signal?.aborted ? undefined : error);
      signal?.throwIfAborted();
      throw this.errorOf(error);
    } finally {
      signal?.removeEventListener("abort", abort);
    }
  }
}
