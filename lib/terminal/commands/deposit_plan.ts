/** What a deposit's words stand for. */
import { dirname } from "node:path";
import { type Found, ownName, walk } from "../../client/walk.ts";
import { requireName } from "../../protocol/mod.ts";
import { UsageError } from "../values.ts";

/** What is deposited together. `prefix`: of its files' names; `null`: single files of a folder. */
export interface Together {
  folder: string;
  prefix: string | null;
}

/** One thing to deposit, or to name as not kept. */
export type Job =
  | Extract<Found, { kind: "file" }> & { together: Together }
  | Exclude<Found, { kind: "file" }>
  | { kind: "stdin"; path: "-"; name: string };

export interface DepositPlan {
  /** More than one file may come of it. */
  many: boolean;
  jobs: Iterable<Job>;
}

interface PlanOptions {
  name: string | null;
  path: (text: string) => string;
}

interface Root {
  job: Job | null;
  /** A folder to be walked. */
  folder: { path: string; prefix: string } | null;
  name: string;
}

/** Looks at each path once; folders are walked later. Throws `UsageError`. */
export async function planDeposit(words: string[], options: PlanOptions): Promise<DepositPlan> {
  if (words.length === 0) throw new UsageError("Missing PATH: say which file or folder to deposit");
  if (words.length > 1 && options.name !== null) {
    throw new UsageError("--name is for one PATH: deposit the others with commands of their own");
  }
  const roots = await Promise.all(words.map((word) => rootOf(word, options)));
  requireDifferentNames(roots);
  return { many: roots.length > 1 || roots[0]!.folder !== null, jobs: jobsOf(roots) };
}

function* jobsOf(roots: Root[]): Generator<Job> {
  for (const { job, folder } of roots) {
    if (job) yield job;
    if (folder) yield* jobsBelow(folder);
  }
}

function* jobsBelow({ path, prefix }: NonNullable<Root["folder"]>): Generator<Job> {
  const together = { folder: path, prefix };
  for (const found of walk(path, prefix)) {
    yield found.kind === "file" ? { ...found, together } : found;
  }
}

async function rootOf(word: string, options: PlanOptions): Promise<Root> {
  if (word === "-") return stdinRoot(options.name);
  if (word === "") throw new UsageError("An empty word is no path");
  const path = options.path(word);
  const name = nameOf(path, options.name);
  try {
    const { isDirectory } = await Deno.stat(path);
    const together = { folder: dirname(path), prefix: null };
    if (!isDirectory) return { job: { kind: "file", path, name, together }, folder: null, name };
  } catch (error) {
    return { job: { kind: "failed", path: word, name, error }, folder: null, name };
  }
  const prefix = (options.name ?? ownName(path)).replace(/\/+$/, "");
  if (prefix === "") throw new UsageError(`${word} has no name of its own: give one with --name`);
  try {
    requireName(prefix);
  } catch (error) {
    // Every file's name would be refused for it.
    return { job: { kind: "failed", path: word, name: prefix, error }, folder: null, name: prefix };
  }
  return { job: null, folder: { path, prefix }, name: prefix };
}

/** What a word's file or folder would be named. */
export function nameOfWord(word: string, { name, path }: PlanOptions): string {
  return word === "-" ? name ?? word : nameOf(path(word), name);
}

function stdinRoot(name: string | null): Root {
  if (name === null) throw new UsageError("Missing --name NAME: standard input has no name");
  return { job: { kind: "stdin", path: "-", name }, folder: null, name };
}

/** `--name docs/` puts a file into `docs/` under its own name. */
function nameOf(path: string, name: string | null): string {
  if (name === null) return ownName(path);
  return name.endsWith("/") ? name + ownName(path) : name;
}

function requireDifferentNames(roots: Root[]): void {
  const seen = new Set<string>();
  for (const { name } of roots) {
    if (seen.has(name)) {
      throw new UsageError(`Two paths would be named ${name}: deposit one of them with --name`);
    }
    seen.add(name);
  }
}
