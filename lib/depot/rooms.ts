import { inTime } from "./clock.ts";
import type { Place, Room } from "../../stores/store.ts";
import type { Candidate } from "./placement.ts";

const GIB = 1024 ** 3;

/** A place that does not say its room within this time has none for now. Milliseconds. */
const ROOM_MS = 5_000;

/** What a place said serves small deposits for so long, which come by the thousand. Milliseconds. */
const RECENT_MS = 250;

/** What is kept free on a place so that the disk's other users can breathe: 1 GiB or 2 %. */
export function defaultReserve(capacity: number): number {
  return Math.max(GIB, capacity * 0.02);
}

/** Places that have not answered in time, and not since. */
const silent = new WeakSet<Place>();

/** A place's room; `null` when it does not say in time, or owes an answer, and so holds up nobody. */
export async function roomOf(place: Place): Promise<Room | null> {
  if (silent.has(place)) return null;
  const asked = place.room();
  try {
    return await inTime(asked, ROOM_MS);
  } catch {
    silent.add(place);
    const answered = () => silent.delete(place);
    asked.then(answered, answered);
    return null;
  }
}

/** Room held for bytes that have not arrived yet; two deposits are never promised the same room. */
export class Reservation implements Disposable {
  #left = 0;
  #change: (held: number, written: number) => void;

  /** `change` is told by how many bytes what is held changed, and how many were written. */
  constructor(bytes: number, change: (held: number, written: number) => void) {
    this.#change = change;
    this.extend(bytes);
  }

  /** `bytes` were written: they show in the place's own free room when it is asked again. */
  used(bytes: number): void {
    this.#letGo(bytes, bytes);
  }

  /** More room is held, for bytes that nobody announced. */
  extend(bytes: number): void {
    this.#left += bytes;
    this.#change(bytes, 0);
  }

  [Symbol.dispose](): void {
    this.#letGo(this.#left, 0);
  }

  #letGo(bytes: number, written: number): void {
    const taken = Math.min(bytes, this.#left);
    this.#left -= taken;
    this.#change(-taken, written);
  }
}

/** What a place said. */
interface Said extends Room {
  /** Monotonic milliseconds. */
  askedAt: number;
  /** Bytes that had been written there by then, of those that room was held for. */
  writtenBefore: number;
}

/** Who may still put how much where. */
export class Rooms {
  #reserved = new Map<string, number>();
  #written = new Map<string, number>();
  #said = new Map<string, Said>();

  constructor(
    private readonly reserve: (capacity: number, place: Place) => number,
    private readonly now: () => number = () => performance.now(),
  ) {}

  reservePlace(place: string, bytes: number): Reservation {
    return new Reservation(bytes, (held, written) => {
      add(this.#reserved, place, held);
      add(this.#written, place, written);
    });
  }

  /**
   * The places that answer, with their room as it is now; `recent`: as it was a moment ago, less what
   * was written since. Between this and `reservePlace` nothing may be awaited, or the room may be
   * somebody else's: call `candidates` on the result.
   */
  async look(places: Iterable<Place>, { recent = false } = {}): Promise<Look> {
    const seen = await Promise.all(
      [...places].map(async (place) => {
        const room = recent && this.#recent(place.id) || await this.#ask(place);
        return room && { place, room };
      }),
    );
    const answered = seen.filter((entry) => entry !== null);
    return {
      capacity: answered.reduce((sum, { room }) => sum + room.capacity, 0),
      candidates: () => answered.map(({ place, room }) => this.#candidate(place, room)),
    };
  }

  /** What can be used of a place now; `null` when it does not say in time. */
  async usable(place: Place): Promise<Usable | null> {
    const room = await this.#ask(place);
    if (!room) return null;
    const free = Math.max(0, Math.floor(this.#candidate(place, room).free));
    return { capacity: room.capacity, free, kept: this.#kept(place, room) };
  }

  #recent(place: string): Said | null {
    const said = this.#said.get(place);
    return said && this.now() - said.askedAt < RECENT_MS ? said : null;
  }

  async #ask(place: Place): Promise<Said | null> {
    const askedAt = this.now();
    const writtenBefore = this.#written.get(place.id) ?? 0;
    const room = await roomOf(place);
    if (!room) return null;
    const said = { ...room, askedAt, writtenBefore };
    this.#said.set(place.id, said);
    return said;
  }

  #candidate(place: Place, room: Said): Candidate {
    const written = (this.#written.get(place.id) ?? 0) - room.writtenBefore;
    const taken = (this.#reserved.get(place.id) ?? 0) + written + this.#kept(place, room);
    const { id, zone, machine } = place;
    const free = room.free - taken;
    return machine === undefined ? { id, zone, free } : { id, zone, free, machine };
  }

  /** What a medium that others look after keeps free is theirs to decide, and not in `free`. */
  #kept(place: Place, { capacity }: Room): number {
    return place.trusted ? this.reserve(capacity, place) : 0;
  }
}

/** A place's room, less what is kept free and what is promised to uploads under way. Bytes. */
export interface Usable extends Room {
  /** The reserve, which is taken off `free`. */
  kept: number;
}

export interface Look {
  /** Bytes in all. */
  capacity: number;
  /** With the reservations of this moment taken off. */
  candidates(): Candidate[];
}

function add(sums: Map<string, number>, place: string, bytes: number): void {
  sums.set(place, (sums.get(place) ?? 0) + bytes);
}
