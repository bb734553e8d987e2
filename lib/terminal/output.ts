/** Where the program writes: results on standard output, all else on standard error. */
import { shown } from "./text.ts";

const ENCODER = new TextEncoder();

/** Where text goes; `Deno.stdout` is one. */
export interface Outlet {
  writeSync(data: Uint8Array): number;
}

/** Writes a result. */
export function print(text: string): void {
  writeAll(Deno.stdout, text);
}

/** Writes one line of complaint. */
export function printError(message: string): void {
  writeAll(Deno.stderr, `deposito: ${shown(message)}\n`);
}

/** Writes all of `text`, also to an outlet that takes little at once. */
export function writeAll(outlet: Outlet, text: string): void {
  for (let rest = ENCODER.encode(text); rest.length > 0;) {
    rest = rest.subarray(outlet.writeSync(rest));
  }
}
