/** What a holder shows of itself: what happens, and how it is. */
import type { Holder, HoldEvent } from "../client/holder/holder.ts";
import { jsonText } from "./json.ts";
import type { Screen } from "./screen.ts";
import { Speed } from "./speed.ts";
import { wrap } from "./text.ts";
import { count, formatDuration, formatSize } from "./units.ts";

/** How often the line is looked at, on a terminal. Milliseconds. */
const DRAW_EVERY_MS = 1_000;
/** How often it is told elsewhere, when it changed. Milliseconds. */
const TELL_EVERY_MS = 60_000;

/** How a holder is. Bytes. It knows contents only: whose they are, and under how many names, it is not told. */
export interface HoldState {
  connected: boolean;
  contents: number;
  bytes: number;
  capacity: number;
  /** Since it was started. */
  received: number;
  sent: number;
}

/** Bytes a second, in and out; `null`: too early to say. */
export interface TrafficRates {
  in: number | null;
  out: number | null;
}

/** For people. Without `rates` only what stays true for a while. */
export function holdText(state: HoldState, rates: TrafficRates | null): string {
  const { connected, contents, bytes, capacity, received, sent } = state;
  const now = rates === null
    ? ""
    : `; in ${formatSize(rates.in ?? 0)}/s, out ${formatSize(rates.out ?? 0)}/s`;
  return `${connected ? "connected" : "not connected"}: holding ${count(contents, "content")}, ` +
    `${formatSize(bytes)} of ${formatSize(capacity)}${now}; ` +
    `received ${formatSize(received)}, sent ${formatSize(sent)} in all`;
}

export interface HoldMeterOptions {
  screen: Screen;
  json: boolean;
  /** How the holder is told of. */
  directory: string;
  /** Whether the state is shown besides what happens. */
  drawn: boolean;
  /** Told when nobody reads any more; without it that is thrown. */
  onUnread?: (error: Error) => void;
}

export class HoldMeter implements Disposable {
  #connected = false;
  #timer: ReturnType<typeof setInterval> | undefined;
  #last = "";
  #needed: number | null = null;
  #holder: Holder | null = null;
  #received = new Speed();
  #sent = new Speed();

  constructor(private readonly options: HoldMeterOptions) {}

  /** Begins to show how the holder is. */
  watch(holder: Holder): void {
    const { screen, json, drawn } = this.options;
    if (!drawn) return;
    this.#holder = holder;
    const often = !json && screen.progressColumns !== null;
    this.#timer = setInterval(() => this.#look(), often ? DRAW_EVERY_MS : TELL_EVERY_MS);
  }

  /** Something happened to the holder. */
  tell(event: HoldEvent): void {
    this.#write(() => this.#tell(event));
  }

  /** Who holds says goodbye first when nobody reads any more. */
  #write(write: () => void): void {
    try {
      write();
    } catch (error) {
      const { onUnread } = this.options;
      if (!onUnread || !(error instanceof Deno.errors.BrokenPipe)) throw error;
      onUnread(error);
    }
  }

  #tell(event: HoldEvent): void {
    this.#connected = event.type === "connected" || event.type === "leaving";
    const { screen, json, directory } = this.options;
    if (json) {
      if (event.type === "leaving") this.#needed = event.needed;
      const time = new Date().toISOString();
      screen.result(jsonText({ event: event.type, time, ...event, type: undefined }));
      return;
    }
    if (event.type === "leaving") return this.#tellLeaving(event.needed);
    if (event.type === "connected") {
      screen.remark(`lending ${directory} as the place ${event.place}`);
    } else if (event.type === "reconnecting") {
      screen.remark(`${event.why} (again in ${formatDuration(event.delayMs)})`);
    } else {
      screen.remark(`said goodbye: ${this.#farewell()}`);
      return;
    }
    void this.#look();
  }

  /** Whether the depot said that it needs nothing of this directory any more. */
  get isFree(): boolean {
    return this.#needed === 0;
  }

  #farewell(): string {
    return this.isFree
      ? `every copy is elsewhere, and ${this.options.directory} may be deleted`
      : "the depot waits for this place to come back";
  }

  #tellLeaving(needed: number): void {
    if (needed === this.#needed) return;
    this.#needed = needed;
    if (needed === 0) return;
    const contents = needed === 1_000 ? "1000 contents or more" : count(needed, "content");
    this.options.screen.remark(
      `${contents} still to be copied elsewhere; where no place has room, ` +
        "it takes until one comes",
    );
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    if (this.#holder) this.options.screen.live("");
  }

  async #look(): Promise<void> {
    const holder = this.#holder;
    if (!holder) return;
    const { contents, bytes } = holder.shelf;
    const { capacity } = await holder.shelf.room().catch(() => ({ capacity: 0 }));
    const state = { connected: this.#connected, contents, bytes, capacity, ...holder.traffic };
    this.#write(() => this.#show(state));
  }

  #show(state: HoldState): void {
    const { screen, json } = this.options;
    const columns = screen.progressColumns;
    if (!json && columns !== null) {
      return screen.live(...wrap(holdText(state, this.#rates(state)), columns - 1));
    }
    const text = json ? jsonText({ event: "state", ...state }) : holdText(state, null);
    if (text === this.#last) return;
    this.#last = text;
    if (json) screen.result(text);
    else screen.remark(text);
  }

  #rates({ received, sent }: HoldState): TrafficRates {
    const now = performance.now();
    this.#received.note(now, received);
    this.#sent.note(now, sent);
    return { in: this.#received.at(now), out: this.#sent.at(now) };
  }
}
