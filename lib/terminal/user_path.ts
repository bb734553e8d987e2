import { dirname, resolve } from "node:path";

/** An environment variable; one that this program may not see is not set. */
export function environment(name: string): string | undefined {
  try {
    return Deno.env.get(name) || undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) return undefined;
    throw error;
  }
}

/**
 * The absolute path that a user means, relative to where the user stands. `deno task` runs in the
 * project's folder and says in `INIT_CWD` where that is; anywhere else the variable is another
 * program's, and means nothing here.
 */
export function userPath(text: string): string {
  return pathFrom(text, { cwd: Deno.cwd(), initCwd: environment("INIT_CWD"), project: PROJECT });
}

/** As `userPath`, with what it depends on as parameters. */
export function pathFrom(
  text: string,
  stand: { cwd: string; initCwd: string | undefined; project: string | null },
): string {
  const { cwd, initCwd, project } = stand;
  const byTask = initCwd !== undefined && project !== null && resolve(cwd) === resolve(project);
  return resolve(byTask ? initCwd : cwd, text);
}

/** `null` in an executable, whose modules have no folder of their own. */
const PROJECT = import.meta.dirname !== undefined && !Deno.build.standalone
  ? dirname(dirname(import.meta.dirname))
  : null;
