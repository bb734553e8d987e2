/** How the real server ends when it is told to. */
import { join } from "node:path";
import { ConnectionLost } from "../../lib/protocol/mod.ts";
import { assert, assertEquals, assertRejects } from "../assert.ts";
import { RunningServer, temporaryRoot } from "./running_server.ts";
import { eventually } from "./waiting.ts";
import { bytesOf } from "./wire_client.ts";

const MIB = 1024 * 1024;

Deno.test({
  name: "server: told to stop it lets a deposit end, cuts who is idle, and ends with 0",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using root = temporaryRoot();
    await using server = await RunningServer.start(root.path);
    using idle = await server.client();
    using busy = await server.client({ id: idle.id });
    const bytes = bytesOf(3 * MIB);
    await busy.offer("file", bytes, { replicas: 2 });
    const stopped = server.stop();
    await assertRejects(() => idle.receipt(), ConnectionLost);
    await busy.send(bytes);
    assertEquals((await busy.receipt()).replicas, 2);
    assertEquals(await stopped, 0);
    await server.restart();
    using later = await server.client({ id: idle.id });
    assertEquals(await later.retrieve("file"), bytes);
    assert(!/ERR|FTL/.test(server.log), server.log);
  },
});

Deno.test({
  name: "server: tells its service manager when it listens and when it stops, or goes without",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using root = temporaryRoot();
    const socket = join(root.path, "manager");
    const manager = Deno.listenDatagram({ transport: "unixpacket", path: socket });
    const told = async () => new TextDecoder().decode((await manager.receive())[0]);
    await using server = await RunningServer.start(root.path, { env: { NOTIFY_SOCKET: socket } });
    assertEquals(await told(), "READY=1");
    using client = await server.client();
    const stopped = server.stop();
    assertEquals([await told(), await stopped], ["STOPPING=1", 0]);
    manager.close();
    await assertRejects(() => client.retrieve("any"), ConnectionLost);
    await server.restart();
    await server.logged(/Could not tell the service manager/);
    assertEquals(await server.stop(), 0);
    await assertRejects(() => Deno.stat(join(root.path, "data", "notify")), Deno.errors.NotFound);
  },
});

Deno.test({
  name: "server: a service manager that reads nothing stops nothing",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using root = temporaryRoot();
    const socket = join(root.path, "manager");
    const manager = Deno.listenDatagram({ transport: "unixpacket", path: socket });
    const other = Deno.listenDatagram({
      transport: "unixpacket",
      path: join(root.path, "another service"),
    });
    // The system holds a few messages for who does not read, and then lets the sender wait.
    const filling = (async () => {
      while (true) {
        await other.send(new Uint8Array(1), { transport: "unixpacket", path: socket });
      }
    })().catch(() => {});
    await using server = await RunningServer.start(root.path, { env: { NOTIFY_SOCKET: socket } });
    await server.logged(/Could not tell the service manager.*READY=1/);
    assertEquals(await server.stop(), 0);
    assert(/Could not tell the service manager.*STOPPING=1/.test(server.log), server.log);
    manager.close();
    other.close();
    await filling;
  },
});

Deno.test({
  name: "server: told to stop it answers with the copies there are to who waits for more",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using root = temporaryRoot();
    await using server = await RunningServer.start(root.path, {
      flags: { "repair-rate": "1kB" },
    });
    using client = await server.client();
    const bytes = bytesOf(3 * MIB);
    await client.deposit("file", bytes, { replicas: 1 });
    const waiting = client.replicas("file", 2);
    using other = await server.client({ id: client.id });
    await eventually(
      "the copy is under way",
      async () =>
        (await other.fileStatus("file")).replicas.some(({ state }) => state === "writing"),
    );
    const stopped = server.stop();
    const { replicas, wanted } = await waiting;
    assertEquals([replicas, wanted], [1, 2]);
    assertEquals(await stopped, 0);
    await server.restart({ flags: { "repair-rate": "1GB" } });
    using later = await server.client({ id: client.id });
    await eventually(
      "the copy is made after the restart",
      async () => (await later.fileStatus("file")).file.live === 2,
    );
    assertEquals(await later.retrieve("file"), bytes);
    assert(!/ERR|FTL/.test(server.log), server.log);
  },
});
