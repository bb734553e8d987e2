/** Commits until it is killed, and prints each name once it was told that it is committed. */
import { openCatalog } from "../../../lib/depot/catalog/open.ts";
import { deposit, settle } from "./temporary_catalog.ts";

const catalog = await openCatalog(Deno.args[0]!);
await settle(catalog);

async function depositForEver(line: number): Promise<void> {
  for (let count = 0;; count++) {
    const name = `file ${line}-${count}`;
    await deposit(catalog, { number: line * 1_000_000 + count, name });
    Deno.stdout.writeSync(new TextEncoder().encode(`${name}\n`));
  }
}

await Promise.all([1, 2, 3, 4].map(depositForEver));
