/** Words that are names of files in the depot, or prefixes of many. */
import { type Link, Refusal, type StoredFile } from "../../client/mod.ts";

/** A word that stands for every file below it. */
export function isPrefix(word: string): boolean {
  return word.endsWith("/");
}

/** Every file below a prefix; at least one, or it throws `nao_encontrado`. */
export async function* filesBelow(
  link: Link,
  prefix: string,
  signal: AbortSignal,
): AsyncGenerator<StoredFile> {
  let found = false;
  for await (const file of link.list({ prefix, signal })) {
    found = true;
    yield file;
  }
  if (!found) throw new Refusal("nao_encontrado", "There is no file below it");
}
