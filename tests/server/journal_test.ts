/** What the log of a real server says of its clients, and what it never says. */
import { digestOf } from "../../lib/content/digest.ts";
import { Refusal } from "../../lib/protocol/mod.ts";
import { assert, assertEquals, assertRejects } from "../assert.ts";
import { RunningServer, temporaryRoot } from "./running_server.ts";
import { bytesOf } from "./wire_client.ts";

Deno.test("the log has a line for each deposit, retrieval, refusal and repair, and no secret", async () => {
  await using root = temporaryRoot();
  await using server = await RunningServer.start(root.path, { flags: { log: "json" } });
  using client = await server.client();
  const bytes = bytesOf(200_000);
  await client.deposit("a secret name", bytes, { replicas: 2 });
  await client.retrieve("a secret name");
  await assertRejects(() => client.retrieve("another secret name"), Refusal);
  await assertRejects(() => client.deposit("third secret name", bytes, { replicas: 9 }), Refusal);
  await Deno.writeFile(server.replica("one", digestOf(bytes)), bytesOf(200_000, 7));
  await Deno.writeFile(server.replica("two", digestOf(bytes)), bytes);
  let sent = 1;
  // Which copy is read is chance.
  for (; !/A replica is bad/.test(server.log); sent++) await client.retrieve("a secret name");
  await server.logged(/Made a copy/);
  await server.stop();
  const events = server.log.trim().split("\n").map((line) => JSON.parse(line))
    .map(({ message, properties }) => ({ message, ...properties }));
  const of = (message: string) => events.filter((event) => event.message === message);
  const content = digestOf(bytes);
  assertEquals(of("Stored a file"), [
    { message: "Stored a file", content, bytes: 200_000, live: 2, wanted: 2 },
  ]);
  assertEquals(of("Sent a file").length, sent);
  assertEquals(of("Refused a request").map(({ code }) => code), [
    "nao_encontrado",
    "poucos_locais",
  ]);
  assert(of("A replica is bad").length > 0 && of("Made a copy").length > 0);
  assert(!server.log.includes(client.id) && !/secret name/.test(server.log), server.log);
});
