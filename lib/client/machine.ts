/**
 * What this machine is called, so that its own deposits go to other machines first; `null` when
 * this program may not know. Nothing needs it, so its permission is not asked for.
 */
export function machineName(): string | null {
  try {
    return Deno.hostname() || null;
  } catch {
    return null;
  }
}
