/** Waiting for a state and not for a time, looking at disks, telling. */

/** After so long a state that should come is not coming. Milliseconds. */
const LONG_MS = 15_000;
const LOOK_EVERY_MS = 20;

/** Looks until `look` resolves to something true, and resolves to that. Throws after `withinMs`. */
export async function eventually<T>(
  what: string,
  look: () => T | Promise<T>,
  { withinMs = LONG_MS } = {},
): Promise<Exclude<T, false | null | undefined | 0 | "">> {
  const end = performance.now() + withinMs;
  while (true) {
    const found = await look();
    if (found) return found as Exclude<T, false | null | undefined | 0 | "">;
    if (performance.now() > end) throw new Error(`It did not come true: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}

/** As `Promise.all`, but when one fails it first waits for the others, so that they clean up. */
export async function all<T>(works: Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(works);
  return await Promise.all(works);
}

/** Tells whoever reads the tests' output. */
export function tell(line: string): void {
  Deno.stderr.writeSync(new TextEncoder().encode(line + "\n"));
}

/** The names of all files below a folder, sorted; none when it is not there. */
export function filesBelow(folder: string): string[] {
  const found: string[] = [];
  const walk = (path: string, prefix: string) => {
    for (const { name, isDirectory } of Deno.readDirSync(path)) {
      if (isDirectory) walk(`${path}/${name}`, `${prefix}${name}/`);
      else found.push(prefix + name);
    }
  };
  try {
    walk(folder, "");
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return found.sort();
}
