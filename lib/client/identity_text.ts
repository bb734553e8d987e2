/**
 * An identity as a text, to be carried to another machine:
 *
 *     deposito-identity:1
 *     depot:UUID
 *     host:depot.example
 *     port:7420
 *     id:UUID
 *     check:1f2e3d4c5b6a
 *
 * `check` is the start of the SHA-256 of the lines above it, each with its LF, so that a typo is
 * found. Space around a line, empty lines and CRs are passed over: people copy it from screens.
 */
import { digestOf } from "../content/digest.ts";
import { isUuid } from "../protocol/mod.ts";
import { LocalError } from "./errors.ts";
import type { Address } from "./session.ts";

const HEAD = "deposito-identity";
const VERSION = "1";
const KEYS = [HEAD, "depot", "host", "port", "id", "check"] as const;
const CHECK_DIGITS = 12;

/** Who a client is at a depot, and where that depot was reached. */
export interface Identity {
  /** The depot's own identifier. */
  depot: string;
  address: Address;
  /** The client's identifier there. */
  id: string;
}

/** The text, with an LF at its end. */
export function identityText({ depot, address, id }: Identity): string {
  const values = [VERSION, depot, address.hostname, String(address.port), id];
  const lines = values.map((value, index) => `${KEYS[index]}:${value}`);
  return [...lines, `check:${checkOf(lines)}`].join("\n") + "\n";
}

/** Reads such a text. Throws `LocalError` with `identidade`, which says what is wrong with it. */
export function parseIdentityText(text: string): Identity {
  const lines = text.replace(/^\ufeff/, "").split("\n").map((line) => line.trim())
    .filter((line) => line !== "");
  if (!lines[0]?.startsWith(`${HEAD}:`)) {
    throw refused(`it does not begin with ${HEAD}:; make it with \`deposito client id --export\``);
  }
  if (lines[0] !== `${HEAD}:${VERSION}`) {
    throw refused("it was made by a later version of this program; use that one here, too");
  }
  const values = KEYS.map((key, index) => {
    const line = lines[index];
    if (line?.startsWith(`${key}:`)) return line.slice(key.length + 1);
    throw refused(`its line ${index + 1} should begin with ${key}:; copy all of it again`);
  });
  const [, depot = "", hostname = "", port = "", id = "", check] = values;
  if (lines.length > KEYS.length) throw refused("there is more after it; copy just its six lines");
  if (check !== checkOf(lines.slice(0, -1))) {
    throw refused("a character in it is not what it was; copy it again");
  }
  const isAddress = /^[\w.:%-]{1,255}$/.test(hostname) && /^[1-9][0-9]{0,4}$/.test(port) &&
    Number(port) <= 65_535;
  if (!isUuid(depot) || !isUuid(id) || !isAddress) {
    throw refused("its values are none of this program's");
  }
  return { depot, address: { hostname, port: Number(port) }, id };
}

function checkOf(lines: string[]): string {
  return digestOf(lines.map((line) => line + "\n").join("")).slice(0, CHECK_DIGITS);
}

function refused(why: string): LocalError {
  return new LocalError("identidade", `Could not read the identity: ${why}`);
}
