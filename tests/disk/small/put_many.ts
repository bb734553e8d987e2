/** Opens a disk, waits for a word, then puts the contents that it is given there, all at once. */
import { open, putText } from "../bench.ts";

const [directory, ...texts] = Deno.args;
await using disk = await open(directory!);
await Deno.stdout.write(new TextEncoder().encode("open"));
await Deno.stdin.read(new Uint8Array(1));
await Promise.all(texts.map((text) => putText(disk, text)));
