import { type Link, Refusal } from "../../client/mod.ts";

/**
 * Whether a refusal for want of places would befall every file, whatever its size and wherever it has
 * copies: there are not `wanted` places at all, those among them that are full or drained. The depot
 * is asked once. `null`: no number was asked for.
 */
export function tooFewPlaces(
  link: Link,
  wanted: number | null,
  signal: AbortSignal,
): (error: unknown) => Promise<boolean> {
  let asked: Promise<boolean> | null = null;
  const isForAll = async (): Promise<boolean> => {
    const least = wanted ?? 1;
    if (await link.available({ signal }) >= least) return false;
    const { places } = await link.status({ signal });
    return places.filter(({ state }) => state === "online").length < least;
  };
  return async (error) => {
    if (!(error instanceof Refusal) || !CODES.includes(error.code)) return false;
    // Nothing depends on the answer but how soon the command ends.
    return await (asked ??= isForAll().catch(() => false));
  };
}

const CODES = ["poucos_locais", "sem_espaco"];
