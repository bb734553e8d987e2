/** A folder's name that was typed without the `/` at its end. */
import { type Link, Refusal } from "../client/mod.ts";
import { count } from "./units.ts";

/** So many files below it are counted. */
const MOST_COUNTED = 10_000;

/** There is no file of a name, and there are files below it. */
export class FolderMeant extends Refusal {}

/**
 * What to throw when `name` was refused with `error`: a `FolderMeant` that says what to type where
 * there is no such file and files below it, `error` itself otherwise.
 */
export async function orFolderMeant(
  link: Link,
  { name, error, signal, list = (query) => link.list(query) }: {
    name: string;
    error: unknown;
    signal: AbortSignal;
    /** Which files are looked at: those that there are, when not given. */
    list?: (query: { prefix: string; signal: AbortSignal }) => AsyncIterable<unknown>;
  },
): Promise<unknown> {
  const isAbsent = error instanceof Refusal && error.code === "nao_encontrado";
  if (!isAbsent || name.endsWith("/")) return error;
  let files = 0;
  try {
    for await (const _ of list({ prefix: `${name}/`, signal })) {
      if (++files === MOST_COUNTED) break;
    }
  } catch {
    return error;
  }
  if (files === 0) return error;
  const least = files === MOST_COUNTED ? "at least " : "";
  const question = `did you mean ${JSON.stringify(`${name}/`)} (${least}${count(files, "file")})?`;
  return new FolderMeant(error.code, `${error.message}; ${question}`, { cause: error });
}
