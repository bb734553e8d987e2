/** The store `clients` over real sockets, with a real holder on its own directory. */
import { clientsStore } from "../../stores/clients.ts";
import { temporaryFolder } from "../disk/bench.ts";
import { ListeningDepot, RunningHolder } from "../server/holding_bench.ts";
import { testStore } from "./contract.ts";

testStore("clients", async () => {
  const folder = await temporaryFolder();
  const listening = await ListeningDepot.open({ clients: false });
  const following = listening.holders.follow(() => {});
  let holder = await RunningHolder.start(listening, folder.path);
  return {
    store: clientsStore(listening.holders),
    reopen: async () => {
      await holder[Symbol.asyncDispose]();
      holder = await RunningHolder.start(listening, folder.path);
      return clientsStore(listening.holders);
    },
    close: async () => {
      await holder[Symbol.asyncDispose]();
      following[Symbol.dispose]();
      await listening[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
    rot: async (_place, digest) => {
      using file = await Deno.open(holder.holder.shelf.disk.layout.content(digest), {
        write: true,
      });
      await file.write(new Uint8Array([0xff, 0xfe]));
    },
  };
});
