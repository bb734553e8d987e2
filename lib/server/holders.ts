/** Who lends room now: one control connection each, and the data connections that go with it. */
import type { Place, PlaceEvent } from "../../stores/store.ts";
import { digestOf } from "../content/digest.ts";
import type { Log } from "../depot/log.ts";
import { type Connection, HOLDER_LINES, Refusal, type Request } from "../protocol/mod.ts";
import { HolderSession } from "./holder_session.ts";

/** Holders at once. */
const MOST_HOLDERS = 10_000;
/** A holder that broke the protocol is not let in again for so long. Milliseconds. */
const BANNED_MS = 60_000;

export type LendRequest = Extract<Request, { kind: "lend" }>;

export interface HoldersOptions {
  log: Log;
  /** The machine that the depot is on, when its name is known. */
  machine?: string | null;
  /** As of `RemotePlace`. */
  mostItems?: number;
  /** A control connection that is silent for this long is lost. Milliseconds. */
  silenceMs?: number;
  /** A transfer in which nothing moves for this long fails. Milliseconds. */
  patienceMs?: number;
}

/**
 * The public id of the place whose holder has `secret`. Nobody can find a secret for another's
 * place, and the depot keeps no secret: who has it is that holder.
 */
export function placeIdOf(secret: string): string {
  const digest = digestOf(`deposito place|${secret}`);
  const parts = [[0, 8], [8, 12], [12, 16], [16, 20], [20, 32]];
  return parts.map(([from, to]) => digest.slice(from, to)).join("-");
}

/**
 * The zone of a holder's place. On the depot's own machine it is the disk, as with the depot's own
 * directories: a holder there may be on the disk of one of them, and fails with it.
 */
function zoneOf({ zone, machine, disk }: Omit<LendRequest, "secret">, here: string | null): string {
  return disk !== null && machine !== null && machine === here ? disk : zone;
}

/** The holders of a depot. Disposing it ends their connections. */
export class Holders implements AsyncDisposable {
  #sessions = new Map<string, HolderSession>();
  #running = new Set<Promise<void>>();
  #followers = new Set<(event: PlaceEvent) => void>();
  #banned = new Map<string, number>();
  #closed = false;

  constructor(private readonly options: HoldersOptions) {}

  /** The places of those who are connected. */
  present(): Place[] {
    return Array.from(this.#sessions.values(), ({ place }) => place);
  }

  /** Tells of those who come and go from now on, until the result is disposed. */
  follow(follower: (event: PlaceEvent) => void): Disposable {
    this.#followers.add(follower);
    return { [Symbol.dispose]: () => void this.#followers.delete(follower) };
  }

  /**
   * Lets a holder in, whose `connection` is its control connection from then on: what comes in on
   * it is this object's to read. Resolves to the place's id. Throws a `Refusal`.
   */
  admit({ secret, ...said }: LendRequest, connection: Connection): string {
    if (this.#followers.size === 0 || this.#closed) {
      throw new Refusal(
        "sem_emprestimo",
        "Refused the place: this depot was not started with --store clients",
      );
    }
    const id = placeIdOf(secret);
    this.#refuse(id, said);
    const session = new HolderSession({
      connection,
      holder: {
        ...said,
        id,
        zone: zoneOf(said, this.options.machine ?? null),
        room: { capacity: said.capacity, free: said.free },
      },
      onBadPeer: (why) => this.#ban(id, why),
      mostItems: this.options.mostItems,
      silenceMs: this.options.silenceMs,
      patienceMs: this.options.patienceMs,
    });
    this.#sessions.set(id, session);
    return id;
  }

  /**
   * Begins to listen to a holder that was let in and knows it. `needed`: how many contents still
   * need its place.
   */
  start(id: string, needed: () => Promise<number>): void {
    const session = this.#sessions.get(id);
    if (!session) return;
    this.#tell({ type: "joined", place: session.place });
    const running = session.run(needed).then((why) => {
      this.#sessions.delete(id);
      this.#tell({ type: "left", id, why });
    }).finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  /** Throws a `Refusal` when a data connection cannot be taken. */
  check(secret: string): void {
    const session = this.#sessions.get(placeIdOf(secret));
    if (!session) {
      throw new Refusal("segredo_desconhecido", "Refused the connection: say emprestar first");
    }
    if (session.lines.count >= HOLDER_LINES) {
      throw new Refusal("limite", `Refused the connection: ${HOLDER_LINES} are enough`);
    }
  }

  /** Takes a data connection, whose holder knows it; ends it when nobody wants it any more. */
  take(secret: string, connection: Connection): void {
    const session = this.#sessions.get(placeIdOf(secret));
    if (session) session.lines.add(connection);
    else connection.close();
  }

  /** Ends a session that was let in and could not be told so. */
  cancel(id: string): void {
    this.#sessions.get(id)?.end();
    this.#sessions.delete(id);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    for (const session of this.#sessions.values()) session.end();
    await Promise.all(this.#running);
  }

  #refuse(id: string, { name, zone }: { name: string; zone: string }): void {
    if (name === "" || zone === "") {
      throw new Refusal("valor_invalido", "Refused the place: it needs a name and a zone");
    }
    if (this.#sessions.has(id)) {
      throw new Refusal("local_em_uso", "Refused the place: another session lends it now");
    }
    const now = performance.now();
    for (const [other, until] of this.#banned) if (until <= now) this.#banned.delete(other);
    if (this.#banned.has(id) || this.#sessions.size >= MOST_HOLDERS) {
      throw new Refusal("ocupado", "Refused the place for now; try again later");
    }
  }

  #ban(id: string, why: string): void {
    const session = this.#sessions.get(id);
    if (!session) return;
    this.options.log.warn("A holder broke the protocol", { place: session.place.name, why });
    this.#banned.set(id, performance.now() + BANNED_MS);
    session.end();
  }

  #tell(event: PlaceEvent): void {
    for (const follower of this.#followers) follower(event);
  }
}
