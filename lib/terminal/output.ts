/** Where the program writes: results on standard output, all else on standard error. */

const ENCODER = new TextEncoder();

/** Writes a result. */
export function print(text: string): void {
  writeAll(Deno.stdout, text);
}

/** Writes one line of complaint. */
export function printError(message: string): void {
  writeAll(Deno.stderr, `deposito: ${message}\n`);
}

function writeAll(target: { writeSync(data: Uint8Array): number }, text: string): void {
  for (let rest = ENCODER.encode(text); rest.length > 0;) {
    rest = rest.subarray(target.writeSync(rest));
  }
}
