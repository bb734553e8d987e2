/** One holder while it is connected: listens on its control connection. */
import {
  type Connection,
  decodeControl,
  encode,
  HOLDER_REPLIES,
  SILENCE_MS,
} from "../protocol/mod.ts";
import { HolderLines } from "./holder_lines.ts";
import { type HolderIdentity, RemotePlace } from "./remote_place.ts";

export interface HolderSessionOptions {
  connection: Connection;
  holder: HolderIdentity;
  onBadPeer(why: string): void;
  mostItems: number | undefined;
  silenceMs: number | undefined;
  patienceMs: number | undefined;
}

export class HolderSession {
  readonly lines: HolderLines;
  readonly place: RemotePlace;
  readonly #connection: Connection;
  readonly #silenceMs: number;
  readonly #onBadPeer: (why: string) => void;
  /** When it last said that it lives, monotonic milliseconds. */
  #heardAt = performance.now();

  constructor(options: HolderSessionOptions) {
    const { connection, holder, onBadPeer, mostItems, silenceMs, patienceMs } = options;
    this.lines = new HolderLines({ onBadPeer, onDeaf: () => this.#judgeDeaf() }, patienceMs);
    this.#onBadPeer = onBadPeer;
    this.#connection = connection;
    this.#silenceMs = silenceMs ?? SILENCE_MS;
    this.place = new RemotePlace({ holder, lines: this.lines, onBadPeer, mostItems });
    this.place.tell(holder.room);
  }

  /**
   * Resolves when the holder is gone, to how it went. `needed`: asked how many contents still need
   * it, when it wants to leave.
   */
  async run(needed: () => Promise<number>): Promise<"goodbye" | "lost"> {
    try {
      while (!await this.#answerOne(needed)) { /* until it says goodbye */ }
      return "goodbye";
    } catch {
      // Silence, an end without a goodbye, a line that is none: the place is not there any more.
      return "lost";
    } finally {
      this.end();
    }
  }

  /** Ends all connections with this holder. */
  end(): void {
    this.lines.close();
    this.#connection.close();
  }

  /** One that lives and does not answer is bad; one that is silent is cut off, and welcome back. */
  #judgeDeaf(): void {
    const silentMs = performance.now() - this.#heardAt;
    if (silentMs >= this.lines.patienceMs) this.end();
    else this.#onBadPeer("It does not answer what it is asked");
  }

  /** True when it was the last. */
  async #answerOne(needed: () => Promise<number>): Promise<boolean> {
    const line = await this.#connection.readLine({ patienceMs: this.#silenceMs });
    if (line === null) throw new Error("The holder left without a goodbye");
    this.#heardAt = performance.now();
    const said = decodeControl(line);
    if (said.kind === "goodbye") {
      // It is gone whether it hears this or not.
      const answer = encode(HOLDER_REPLIES.goodbye, { goodbye: true });
      await this.#connection.writeLine(answer).catch(() => {});
      return true;
    }
    this.place.tell(said);
    const left = this.place.leaving ? await needed() : null;
    await this.#connection.writeLine(encode(HOLDER_REPLIES.alive, { alive: true, needed: left }));
    return false;
  }
}
