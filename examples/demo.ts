/**
 * `deno task demo`: a depot keeps copies in directories, loses and mends them; then on machines
 * that lend it disk, of which one breaks down and comes back. Everything happens in a temporary
 * folder with the real server and the real client, and is removed at the end.
 */
import { playDirectories } from "./demo/directories.ts";
import { playHolders } from "./demo/holders.ts";
import { print, Stage } from "./demo/stage.ts";

const folder = await Deno.makeTempDir({ prefix: "deposito-" });
try {
  for (const play of [playDirectories, playHolders]) {
    await using stage = new Stage(folder);
    await play(stage);
  }
  print("That is all. Everything that this demo made is removed again.");
} finally {
  await Deno.remove(folder, { recursive: true });
}
