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

/** What a word stands for: a file, as it was listed or as it was typed, or why nothing could be found. */
export interface Meant {
  name: string;
  file?: StoredFile;
  error?: unknown;
}

/**
 * Every file that the words stand for, a single name as it is; an empty word is all files. A prefix
 * whose listing fails, or is ended, comes with the error after the files that are known of.
 */
export async function* meantBy(
  link: Link,
  words: readonly string[],
  signal: AbortSignal,
): AsyncGenerator<Meant> {
  for (const word of words) {
    if (word !== "" && !isPrefix(word)) {
      yield { name: word };
      continue;
    }
    try {
      const files = word === "" ? link.list({ signal }) : filesBelow(link, word, signal);
      for await (const file of files) yield { name: file.name, file };
    } catch (error) {
      yield { name: word, error };
    }
  }
}
