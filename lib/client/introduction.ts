/** Who this client is at a depot that says its own name only in the answer. */
import { BadPeer, Refusal } from "../protocol/mod.ts";
import { LocalError } from "./errors.ts";
import type { Identities } from "./identity.ts";
import { mayTryAgain, REAL_PACE, withRetries } from "./pace.ts";
import { type Address, Session } from "./session.ts";
import type { SessionsOptions } from "./sessions.ts";

export interface IntroductionOptions extends SessionsOptions {
  /** The identifier to use. Without one: the remembered one, or a new one that is remembered. */
  id?: string | null | undefined;
  /** Where identifiers are remembered; `null`: nowhere. */
  identities: Identities | null;
  signal?: AbortSignal | undefined;
  /**
   * Told an identifier that is new, when it is remembered, and the other depot that answered at the
   * address until now (`null`: none).
   */
  onNew?: ((id: string, before: string | null) => void) | undefined;
  /** Told when a given identifier could not be remembered. */
  onForgotten?: ((error: LocalError) => void) | undefined;
}

/**
 * A session with a depot as the client that this machine is there. Two calls at once on a machine
 * that has no identifier yet end up with the same one. Throws as `connect` does.
 */
export function introduce(address: Address, options: IntroductionOptions): Promise<Session> {
  return new Introduction(address, options).session();
}

class Introduction {
  #address: Address;
  #options: IntroductionOptions;

  constructor(address: Address, options: IntroductionOptions) {
    this.#address = address;
    this.#options = options;
  }

  async session(): Promise<Session> {
    const { identities } = this.#options;
    const id = this.#options.id?.toLowerCase();
    if (!identities) return await this.#open(id ?? null);
    if (id) return await this.#given(id, identities);
    return await this.#hinted(identities) ?? await this.#introduced(identities);
  }

  /**
   * A given identifier is remembered where none is, and never in place of another. Given the one
   * that is remembered, this address counts as the depot's from now on.
   */
  async #given(id: string, identities: Identities): Promise<Session> {
    const { signal, onForgotten } = this.#options;
    const session = await this.#open(id);
    const { depot } = session;
    try {
      const remembered = await identities.of(depot) ??
        await identities.locked(() => identities.remember(depot, id), signal);
      if (remembered === id) await identities.setHint(this.#address, depot);
    } catch (error) {
      // It was given, so that nothing depends on its being remembered.
      if (!(error instanceof LocalError)) throw error;
      onForgotten?.(error);
    }
    return session;
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
   * old one, where that depot has answered before. The new identifier is forgotten again; it costs
   * the depot a few bytes. The lock is not held while the depot is waited for.
   */
  async #introduced(identities: Identities): Promise<Session> {
    const session = await this.#open(null);
    const { depot } = session;
    const before = await identities.hint(this.#address);
    try {
      const id = await identities.locked(async () => {
        const known = await identities.of(depot);
        if (known !== null && !await identities.knows(this.#address, depot)) {
          throw this.#answersElsewhere(depot, identities);
        }
        await identities.setHint(this.#address, depot);
        return await identities.remember(depot, session.id);
      }, this.#options.signal);
      if (id === session.id) {
        this.#options.onNew?.(id, before === depot ? null : before);
        return session;
      }
      session[Symbol.dispose]();
      return await this.#return(id, depot, identities);
    } catch (error) {
      session[Symbol.dispose]();
      throw error;
    }
  }

  /** Whoever answers here may only say that it is that depot, to learn the identifier. */
  #answersElsewhere(depot: string, identities: Identities): LocalError {
    const { hostname, port } = this.#address;
    return new LocalError(
      "identidade",
      `What answers at ${hostname}:${port} says that it is a depot that you know at another ` +
        "address; if you moved it there, say --id once, with the identifier in " +
        identities.pathOf(depot),
    );
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
