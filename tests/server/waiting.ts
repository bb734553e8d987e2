/** Waiting for a state and not for a time, looking at disks, telling. */

/**
 * What should come and has not come after so long is not coming. It costs nothing where it comes, so
 * it is long enough for a machine that does much else. Milliseconds.
 */
export const PATIENCE_MS = 120_000;
const LOOK_EVERY_MS = 10;

/** A signal for work that should end: it aborts when that plainly hangs. */
export function patience(): AbortSignal {
  return AbortSignal.timeout(PATIENCE_MS);
}

/** Looks until `look` resolves to something true, and resolves to that. Throws when it does not. */
export async function eventually<T>(
  what: string,
  look: () => T | Promise<T>,
): Promise<Exclude<T, false | null | undefined | 0 | "">> {
  const end = performance.now() + PATIENCE_MS;
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
