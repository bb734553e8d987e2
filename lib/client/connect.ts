import { BadPeer, Refusal } from "../protocol/mod.ts";
import { LocalError } from "./errors.ts";
import type { Identities } from "./identity.ts";
import { Link, type LinkOptions } from "./link.ts";
import { mayTryAgain, REAL_PACE, withRetries } from "./pace.ts";
import { type Address, Session } from "./session.ts";

export interface ConnectOptions extends LinkOptions {
  /** The identifier to use. Without one: the remembered one, or a new one that is remembered. */
  id?: string | null;
  /** Where identifiers are remembered; `null`: nowhere. */
  identities: Identities | null;
  signal?: AbortSignal | undefined;
}

/**
 * Connects to a depot as the client that this machine is there. Two calls at once on a machine that
 * has no identifier yet end up with the same one. Throws `ConnectionLost` at once when nobody
 * answers, `Refusal`, `BadPeer`, `LocalError`.
 */
export async function connect(address: Address, options: ConnectOptions): Promise<Link> {
  const session = await new Introduction(address, options).session();
  const peer = { address, id: session.id, depot: session.depot };
  return new Link(peer, options, session);
}

/** Finds out who this client is at a depot that says its own name only in the answer. */
class Introduction {
  #address: Address;
  #options: ConnectOptions;

  constructor(address: Address, options: ConnectOptions) {
    this.#address = address;
    this.#options = options;
  }

  async session(): Promise<Session> {
    const { identities } = this.#options;
    const id = this.#options.id?.toLowerCase();
    if (!identities) return await this.#open(id ?? null);
    const session = id ? await this.#given(id, identities) : await this.#remembered(identities);
    await identities.setHint(this.#address, session.depot);
    return session;
  }

  /** A given identifier is remembered where none is, and never in place of another. */
  async #given(id: string, identities: Identities): Promise<Session> {
    const session = await this.#open(id);
    try {
      if (await identities.of(session.depot) === null) {
        await identities.locked(() => identities.remember(session.depot, id));
      }
    } catch (error) {
      // It was given, so that nothing depends on its being remembered.
      if (!(error instanceof LocalError)) throw error;
    }
    return session;
  }

  async #remembered(identities: Identities): Promise<Session> {
    return await this.#hinted(identities) ??
      await identities.locked(async () =>
        // Another process may have been here while this one waited.
        await this.#hinted(identities) ?? await this.#introduced(identities)
      );
  }

  /** As the client of the depot that answered here last, when it still does. */
  async #hinted(identities: Identities): Promise<Session | null> {
    const depot = await identities.hint(this.#address);
    const id = depot && await identities.of(depot);
    if (!depot || !id) return null;
    try {
      const session = await this.#open(id);
      if (session.depot === depot) return session;
      session[Symbol.dispose]();
    } catch (error) {
      if (!(error instanceof Refusal && error.code === "id_desconhecido")) throw error;
    }
    return null;
  }

  /**
   * As a new client, unless the depot turns out to be one where this machine has been: then as the
   * old one. The new identifier is forgotten again; it costs the depot a few bytes.
   */
  async #introduced(identities: Identities): Promise<Session> {
    const session = await this.#open(null);
    try {
      const id = await identities.remember(session.depot, session.id);
      await identities.setHint(this.#address, session.depot);
      if (id === session.id) return session;
      session[Symbol.dispose]();
      return await this.#return(id, session.depot, identities);
    } catch (error) {
      session[Symbol.dispose]();
      throw error;
    }
  }

  async #return(id: string, depot: string, identities: Identities): Promise<Session> {
    try {
      const session = await this.#open(id);
      if (session.depot === depot) return session;
      session[Symbol.dispose]();
      throw new BadPeer("Another depot answered at once at the same address: try again");
    } catch (error) {
      if (!(error instanceof Refusal && error.code === "id_desconhecido")) throw error;
      throw new LocalError(
        "identidade",
        `The depot does not know the identifier in ${identities.pathOf(depot)} any more, ` +
          "as after an older catalog was put back: ask who runs it, or move that file away",
        { cause: error },
      );
    }
  }

  /** A depot that is busy is asked again; one that is not there is not waited for. */
  #open(id: string | null): Promise<Session> {
    const { signal, patienceMs, pace = REAL_PACE, onRetry } = this.#options;
    const more = patienceMs === undefined ? {} : { patienceMs };
    return withRetries(() => Session.open(this.#address, { id, signal, ...more }), {
      pace,
      signal,
      onRetry,
      mayTryAgain: (error) => error instanceof Refusal && mayTryAgain(error),
    });
  }
}
