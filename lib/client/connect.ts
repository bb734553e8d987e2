import type { LocalError } from "./errors.ts";
import { Identities } from "./identity.ts";
import { introduce } from "./introduction.ts";
import { Link } from "./link.ts";
import type { Address } from "./session.ts";
import { Sessions } from "./sessions.ts";

/** How to connect, and as whom. */
export interface ConnectOptions {
  /**
   * The identifier to come with. Without one: the one that is remembered in `identityFolder`, or a
   * new one, with which nothing is deposited yet.
   */
  id?: string | null | undefined;
  /**
   * The folder where identifiers are remembered, one for each depot. Without one nothing is
   * remembered: note `link.id`, because nothing else leads back to what is deposited. The program
   * `deposito` has its own in `~/.config/deposito` on Linux, which may be shared.
   */
  identityFolder?: string | null | undefined;
  /** Ends the attempt to connect. */
  signal?: AbortSignal | undefined;
  /** A transfer that stands still for so long is broken off, and tried again. Milliseconds; 30 s. */
  patienceMs?: number | undefined;
  /** Told before each wait for another attempt, of whatever request. */
  onRetry?: ((error: Error, delayMs: number) => void) | undefined;
  /**
   * Told the identifier when the depot made a new one, and `identityFolder` remembers it now; and
   * the other depot that answered at the address until now (`null`: none).
   */
  onNew?: ((id: string, before: string | null) => void) | undefined;
  /** Told when a given identifier could not be remembered in `identityFolder`. */
  onForgotten?: ((error: LocalError) => void) | undefined;
}

/**
 * Connects to a depot, as the client whose identifier is given or remembered, or as a new one.
 *
 * ```ts
 * import { connect } from "@deposito/deposito/client";
 *
 * using link = await connect({ hostname: "127.0.0.1", port: 7420 });
 * console.log(`Keep this, it is the way back to your files: ${link.id}`);
 * ```
 *
 * Throws {@linkcode ConnectionLost} at once when nobody answers, {@linkcode Refusal} when the depot
 * does not know the identifier, {@linkcode LocalError} when the remembered one cannot be used, and
 * {@linkcode BadPeer} when it is no depot that answers.
 */
export async function connect(address: Address, options: ConnectOptions = {}): Promise<Link> {
  const { identityFolder, ...rest } = options;
  const identities = identityFolder ? new Identities(identityFolder) : null;
  const session = await introduce(address, { ...rest, identities });
  const { id, depot } = session;
  return new Link(new Sessions({ address, id, depot }, rest, session));
}
