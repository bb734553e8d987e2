/** The names in a depot, to choose from. */
import type { StoredFile } from "../client/mod.ts";
import type { Choice } from "./prompts.ts";
import { shown } from "./text.ts";
import { count, formatSize } from "./units.ts";

/** What is told of a file. */
type Named = Pick<StoredFile, "name" | "size" | "replicas">;

/** Files as they are listed, ascending, and before the first one of each folder the folder. */
export function nameChoices(files: readonly Named[]): Choice[] {
  const inFolder = new Map<string, number>();
  for (const { name } of files) {
    for (const folder of foldersOf(name)) inFolder.set(folder, (inFolder.get(folder) ?? 0) + 1);
  }
  const offered = new Set<string>();
  return files.flatMap((file) => {
    const folders = foldersOf(file.name).filter((folder) => !offered.has(folder));
    for (const folder of folders) offered.add(folder);
    return [
      ...folders.map((folder) => ({
        value: folder,
        label: shown(folder),
        hint: count(inFolder.get(folder)!, "file"),
      })),
      { value: file.name, label: shown(file.name), hint: hintOf(file) },
    ];
  });
}

function hintOf({ size, replicas: { live, wanted } }: Named): string {
  return `${formatSize(size)}, ${live} of ${wanted} replicas`;
}

/** `a/b/c`: `a/` and `a/b/`. */
function foldersOf(name: string): string[] {
  const parts = name.split("/").slice(0, -1);
  return parts.map((_, index) => parts.slice(0, index + 1).join("/") + "/");
}
