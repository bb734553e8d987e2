import { inTime } from "./clock.ts";
import type { Place, Room } from "../../stores/store.ts";
import type { Candidate } from "./placement.ts";

const GIB = 1024 ** 3;

/** A place that does not say its room within this time has none for now. Milliseconds. */
const ROOM_MS = 5_000;

/** What is kept free on a place so that the disk's other users can breathe: 1 GiB or 2 %. */
export function defaultReserve(capacity: number): number {
  return Math.max(GIB, capacity * 0.02);
}

/** A place's room; `null` when it does not say in time, and so holds up nobody. */
export function roomOf(place: Place): Promise<Room | null> {
  return inTime(place.room(), ROOM_MS).catch(() => null);
}

/** Room held for bytes that have not arrived yet; two deposits are never promised the same room. */
export class Reservation implements Disposable {
  #left: number;
  #change: (bytes: number) => void;

  constructor(bytes: number, change: (bytes: number) => void) {
    this.#left = bytes;
    this.#change = change;
    change(bytes);
  }

  /** `bytes` were written: they show in the place's own free room from now on. */
  used(bytes: number): void {
    const taken = Math.min(bytes, this.#left);
    this.#left -= taken;
    this.#change(-taken);
  }

  /** More room is held, for bytes that nobody announced. */
  extend(bytes: number): void {
    this.#left += bytes;
    this.#change(bytes);
  }

  [Symbol.dispose](): void {
    this.used(this.#left);
  }
}

/** Who may still put how much where. */
export class Rooms {
  #reserved = new Map<string, number>();

  constructor(private readonly reserve: (capacity: number, place: Place) => number) {}

  reservePlace(place: string, bytes: number): Reservation {
    return new Reservation(bytes, (change) => {
      this.#reserved.set(place, (this.#reserved.get(place) ?? 0) + change);
    });
  }

  /**
   * The places that answer, with their room as it is now. Between this and `reservePlace` nothing may
   * be awaited, or the room may be somebody else's: call `candidates` on the result.
   */
  async look(places: Iterable<Place>): Promise<Look> {
    const seen = await Promise.all(
      [...places].map(async (place) => {
        const room = await roomOf(place);
        return room && { place, room };
      }),
    );
    const answered = seen.filter((entry) => entry !== null);
    return {
      capacity: answered.reduce((sum, { room }) => sum + room.capacity, 0),
      candidates: () => answered.map(({ place, room }) => this.#candidate(place, room)),
    };
  }

  #candidate(place: Place, room: Room): Candidate {
    // What a medium that others look after keeps free is theirs to decide, and not in `free`.
    const kept = place.trusted ? this.reserve(room.capacity, place) : 0;
    const taken = (this.#reserved.get(place.id) ?? 0) + kept;
    const { id, zone, machine } = place;
    const free = room.free - taken;
    return machine === undefined ? { id, zone, free } : { id, zone, free, machine };
  }
}

export interface Look {
  /** Bytes in all. */
  capacity: number;
  /** With the reservations of this moment taken off. */
  candidates(): Candidate[];
}
