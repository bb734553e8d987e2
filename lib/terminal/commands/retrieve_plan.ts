/** What a retrieval's words stand for, and where each file goes. */
import { basename, dirname } from "node:path";
import { type Link, LocalError } from "../../client/mod.ts";
import { collisionKey, pathBelow } from "../../client/output_path.ts";
import { type Meant, meantBy } from "./name_words.ts";

/** One file to bring, or why not. */
export interface Target extends Meant {
  /** What is below it is made as needed, and may have no links in it. */
  folder: string;
  path: string;
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
  for await (const meant of meantBy(link, words, options.signal)) {
    const target = targetOf(meant, place);
    const key = collisionKey(target.name);
    const other = seen.get(key);
    if (other === target.name) continue;
    seen.set(key, target.name);
    yield other === undefined ? target : { ...target, error: collision(target.name, other) };
  }
}

function targetOf(meant: Meant, folder: string): Target {
  const { name, error } = meant;
  if (error !== undefined) return { ...meant, folder, path: folder };
  try {
    return { ...meant, folder, path: pathBelow(folder, name) };
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
