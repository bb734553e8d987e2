/** What a retrieval's words stand for, and where each file goes. */
import { basename, dirname } from "node:path";
import { type Link, LocalError, Refusal } from "../../client/mod.ts";
import { collisionKey, pathBelow } from "../../client/output_path.ts";
import type { StoredFile } from "../../client/mod.ts";
import { filesBelow, isPrefix } from "./name_words.ts";

/** One file to bring, or why not. */
export interface Target {
  name: string;
  /** What is below it is made as needed, and may have no links in it. */
  folder: string;
  path: string;
  /** As a listing told of it. */
  file?: StoredFile;
  error?: unknown;
}

export interface RetrievePlanOptions {
  /** What `--output` says, and how a path is meant. */
  output: { text: string; path: (text: string) => string } | null;
  /** Where the user stands. */
  here: string;
  /** One file is asked for, by its name. */
  isOne: boolean;
  signal: AbortSignal;
}

/** Every file that the words stand for, once. An empty word stands for all files. */
export async function* planRetrieve(
  link: Link,
  words: string[],
  options: RetrievePlanOptions,
): AsyncGenerator<Target> {
  const { output, here, isOne } = options;
  const place = output ? output.path(output.text) : here;
  if (isOne && output && !await isFolder(output.text, place)) {
    yield { name: words[0]!, folder: dirname(place), path: place };
    return;
  }
  const seen = new Map<string, string>();
  for await (const target of targets(link, words, { folder: place, signal: options.signal })) {
    const key = collisionKey(target.name);
    const other = seen.get(key);
    if (other === target.name) continue;
    seen.set(key, target.name);
    yield other === undefined ? target : { ...target, error: collision(target.name, other) };
  }
}

async function* targets(
  link: Link,
  words: string[],
  { folder, signal }: { folder: string; signal: AbortSignal },
): AsyncGenerator<Target> {
  for (const word of words) {
    if (word !== "" && !isPrefix(word)) yield targetOf(word, folder);
    else {
      try {
        const files = word === "" ? link.list({ signal }) : filesBelow(link, word, signal);
        for await (const file of files) yield { ...targetOf(file.name, folder), file };
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        yield { name: word, folder, path: folder, error };
      }
    }
  }
}

function targetOf(name: string, folder: string): Target {
  try {
    return { name, folder, path: pathBelow(folder, name) };
  } catch (error) {
    return { name, folder, path: folder, error };
  }
}

async function isFolder(text: string, path: string): Promise<boolean> {
  if (/[/\\]$/.test(text) || basename(text) === "." || basename(text) === "..") return true;
  try {
    return (await Deno.stat(path)).isDirectory;
  } catch {
    return false;
  }
}

function collision(name: string, other: string): LocalError {
  return new LocalError(
    "ja_existe",
    `on this system ${name} and ${other} are one file: retrieve it alone with --output PATH`,
  );
}
