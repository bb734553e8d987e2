/** Opens a disk, puts contents and two parts there, says so and waits to be killed. */
import { open, putText, signal } from "./bench.ts";

const disk = await open(Deno.args[0]!);
const [, digest] = await Promise.all(
  ["alone", "from another process", "beside it"].map((text) => putText(disk, text)),
);
const kept = await disk.begin({ id: "kept", signal });
await kept.write(new TextEncoder().encode("kept"));
await kept.keep();
const left = await disk.begin({ id: "open", signal });
await left.write(new TextEncoder().encode("broken"));
await Deno.stdout.write(new TextEncoder().encode(digest));
setInterval(() => {}, 1_000);
