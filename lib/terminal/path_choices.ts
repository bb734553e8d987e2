/** What a path that is being typed may become. */
import { environment } from "./user_path.ts";
import { shown } from "./text.ts";

export interface PathOptions {
  /** A path as the user means it, absolute. */
  resolve(text: string): string;
  /** Offer folders only. */
  folders?: boolean;
  /** What is typed may be something that is not there yet. */
  mayBeNew?: boolean;
  /** Offered first while nothing is typed. */
  first?: PathChoice;
}

export interface PathChoice {
  /** As it is shown, and typed further. */
  value: string;
  hint?: string | undefined;
}

/** The choices of one question. */
export class PathChoices {
  #options: PathOptions;
  /** What a shown path stands for, where control characters are escaped. */
  #meant = new Map<string, string>();
  #last: { typed: string; choices: PathChoice[] } | null = null;

  constructor(options: PathOptions) {
    this.#options = options;
  }

  /** What is typed itself where that is an answer, then what it completes to. A folder ends in `/`. */
  of(typed: string): PathChoice[] {
    // The prompt asks several times for each key.
    if (this.#last?.typed === typed) return this.#last.choices;
    const { first } = this.#options;
    const completions = this.#completions(typed).map((path) => {
      this.#meant.set(shown(path), path);
      return { value: shown(path) };
    });
    const own = typed === "" ? (first ? [first] : []) : this.#own(typed, completions);
    const choices = [...own, ...completions];
    this.#last = { typed, choices };
    return choices;
  }

  /** The path that an answer means; never `-`, which is a stream. */
  meant(answer: string): string {
    const path = this.#meant.get(answer) ?? answer;
    return path === "-" ? "./-" : expanded(path);
  }

  #own(typed: string, completions: PathChoice[]): PathChoice[] {
    if (completions.some(({ value }) => value === typed || value === typed + "/")) return [];
    const { resolve, mayBeNew, folders } = this.#options;
    const found = lookAt(resolve(expanded(this.#meant.get(typed) ?? typed)));
    if (found === null) return mayBeNew ? [{ value: typed, hint: "new" }] : [];
    return folders && !mayBeNew && !found.isDirectory ? [] : [{ value: typed }];
  }

  #completions(typed: string): string[] {
    const end = Math.max(typed.lastIndexOf("/"), onWindows ? typed.lastIndexOf("\\") : -1) + 1;
    const [folder, start] = [typed.slice(0, end), typed.slice(end)];
    const { resolve, folders = false } = this.#options;
    return entriesOf(resolve(expanded(folder || ".")))
      .filter(({ name, isFolder }) =>
        name.startsWith(start) && (isFolder || !folders) && (start !== "" || !name.startsWith("."))
      )
      .map(({ name, isFolder }) => folder + name + (isFolder ? "/" : ""))
      .sort();
  }
}

const onWindows = Deno.build.os === "windows";

/** A shell would have done it. */
function expanded(path: string): string {
  const home = environment("HOME") ?? environment("USERPROFILE");
  return home !== undefined && /^~(?=\/|$)/.test(path) ? home + path.slice(1) : path;
}

/** What can be offered of a folder; nothing of one that cannot be read. */
function entriesOf(folder: string): { name: string; isFolder: boolean }[] {
  try {
    return Array.from(Deno.readDirSync(folder), ({ name, isDirectory, isSymlink }) => ({
      name,
      isFolder: isDirectory || (isSymlink && lookAt(`${folder}/${name}`)?.isDirectory === true),
    }));
  } catch {
    return [];
  }
}

function lookAt(path: string): Deno.FileInfo | null {
  try {
    return Deno.statSync(path);
  } catch {
    return null;
  }
}
