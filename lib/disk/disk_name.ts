import { parse } from "node:path";

/**
 * What tells the disk that `path` is on from the others of this machine, such as `disk-2049`. Two
 * directories with the same answer fail together.
 */
export async function diskName(path: string): Promise<string> {
  const { dev } = await Deno.stat(path);
  return `disk-${dev || parse(path).root}`;
}
