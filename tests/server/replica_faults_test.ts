/** Replicas that rot, vanish or shrink on real disks, under the real server. */
import { digestOf } from "../../lib/content/digest.ts";
import { assert, assertEquals } from "../assert.ts";
import { RunningServer, temporaryRoot } from "./running_server.ts";
import { eventually, filesBelow } from "./waiting.ts";
import { bytesOf, type WireClient } from "./wire_client.ts";

/** What is done to one replica's file. */
const FAULTS: Record<string, (path: string) => Promise<void>> = {
  async "a byte is flipped"(path) {
    using file = await Deno.open(path, { read: true, write: true });
    const { size } = await file.stat();
    const byte = new Uint8Array(1);
    await file.seek(size - 7, Deno.SeekMode.Start);
    await file.read(byte);
    byte[0]! ^= 1;
    await file.seek(size - 7, Deno.SeekMode.Start);
    await file.write(byte);
  },
  "it is deleted": (path) => Deno.remove(path),
  "it is cut short": (path) => Deno.truncate(path, 1_000_000),
  "it is emptied": (path) => Deno.truncate(path, 0),
  async "it grows"(path) {
    await Deno.writeFile(path, Uint8Array.of(1), { append: true });
  },
  async "it is a link to another file"(path) {
    await Deno.rename(path, `${path}.elsewhere`);
    await Deno.symlink(`${path}.elsewhere`, path);
  },
};

/** Two good replicas, told by the server and on the disks. */
async function twoGood(server: RunningServer, client: WireClient, name: string, digest: string) {
  await eventually(`${name} has two good replicas`, async () => {
    const { file, replicas } = await client.fileStatus(name);
    const good = replicas.filter(({ state, placeState }) =>
      state === "good" && placeState === "online"
    );
    const whole = ["one", "two"].filter((place) => isWhole(server.replica(place, digest), digest));
    return file.live === 2 && good.length === 2 && whole.length === 2;
  });
}

function isWhole(path: string, digest: string): boolean {
  try {
    return Deno.lstatSync(path).isFile && digestOf(Deno.readFileSync(path)) === digest;
  } catch {
    return false;
  }
}

Deno.test("server: whatever happens to one of two replicas, the file is right and two are good again", async (t) => {
  await using root = temporaryRoot();
  await using server = await RunningServer.start(root.path, { flags: { "repair-rate": "1GB" } });
  using client = await server.client();
  let seed = 0;
  for (const [what, harm] of Object.entries(FAULTS)) {
    for (const place of ["one", "two"]) {
      await t.step(`${what} on place ${place}`, async () => {
        const bytes = bytesOf(2_500_000, ++seed);
        const digest = digestOf(bytes);
        const name = `${what} ${place}`;
        await client.deposit(name, bytes, { replicas: 2 });
        await harm(server.replica(place, digest));
        assertEquals(await client.retrieve(name), bytes);
        assertEquals(await client.seedRetrieve(name), bytes);
        await twoGood(server, client, name, digest);
        assertEquals(await client.retrieve(name), bytes);
      });
    }
  }
  await t.step(
    "a copy that was looked at just now and then vanishes is missed by the next read",
    async () => {
      const names = ["a", "b", "c"];
      for (const [index, name] of names.entries()) {
        const bytes = bytesOf(100_000, 50 + index);
        const digest = digestOf(bytes);
        await client.deposit(name, bytes, { replicas: 2 });
        for (let turn = 0; turn < 2; turn++) {
          await Deno.remove(server.replica("one", digest));
          assertEquals(await client.retrieve(name), bytes);
          await twoGood(server, client, name, digest);
        }
      }
    },
  );
  await t.step("damaged bytes are kept aside, not erased", () => {
    const aside = ["one", "two"].map((place) => filesBelow(server.inside(place, "aside")).length);
    assertEquals(aside, [4, 4]);
  });
  await t.step("what nobody read is found at the next start, where its size tells", async () => {
    const bytes = bytesOf(10_000, 77);
    const digest = digestOf(bytes);
    await client.deposit("unread", bytes, { replicas: 2 });
    await server.stop();
    await Deno.remove(server.replica("one", digest));
    await server.restart();
    using later = await server.client({ id: client.id });
    await twoGood(server, later, "unread", digest);
  });
  await t.step("with both damaged in other places the whole is put together", async () => {
    using later = await server.client({ id: client.id });
    const bytes = bytesOf(2_500_000, 78);
    const digest = digestOf(bytes);
    await later.deposit("both", bytes, { replicas: 2 });
    await Deno.truncate(server.replica("one", digest), 2_000_000);
    await FAULTS["a byte is flipped"]!(server.replica("two", digest));
    {
      using file = await Deno.open(server.replica("one", digest), { write: true });
      await file.seek(2_000_000, Deno.SeekMode.Start);
      await file.write(bytes.subarray(2_000_000));
      await file.seek(5, Deno.SeekMode.Start);
      await file.write(Uint8Array.of(~bytes[5]! & 0xff));
    }
    assertEquals(await later.retrieve("both"), bytes);
    await twoGood(server, later, "both", digest);
  });
  await t.step(
    "with every copy gone the client is told, and nothing wrong is handed out",
    async () => {
      using later = await server.client({ id: client.id });
      const bytes = bytesOf(2_500_000, 79);
      const digest = digestOf(bytes);
      await later.deposit("gone", bytes, { replicas: 2 });
      for (const place of ["one", "two"]) {
        await FAULTS["a byte is flipped"]!(
          server.replica(place, digest),
        );
      }
      const failed = await later.retrieve("gone").catch((error) => error);
      assertEquals(failed.code, "indisponivel");
      await eventually("it is counted as damaged", async () => {
        const { damaged, aside } = await later.status();
        return damaged === 1 && aside > 0;
      });
      assertEquals((await later.list("gone")).length, 1);
      await later.deposit("gone", bytes, { replicas: 2 });
      assertEquals(await later.retrieve("gone"), bytes);
      await twoGood(server, later, "gone", digest);
    },
  );
  assert(!/ERR|FTL/.test(server.log), server.log);
});
