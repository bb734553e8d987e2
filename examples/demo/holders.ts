/** A depot that keeps copies on the machines of others; one breaks down, and comes back. */
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { announce, digestOf, print, secondsUntil, type Stage } from "./stage.ts";

const MACHINES = ["desktop", "laptop", "office"];
const NAME = "letters.zip";
const FILE_BYTES = 8 * 1024 * 1024;

export async function playHolders(stage: Stage): Promise<void> {
  const bytes = randomBytes(FILE_BYTES);
  const digest = digestOf(bytes);
  await Deno.writeFile(join(stage.folder, NAME), bytes);
  const having = () => stage.having(MACHINES, digest);

  announce(
    "6. Copies can be kept on other people's machines. This depot has no disk of its",
    "own; three machines lend it some. (Here they are three processes.) A machine",
    "that falls silent is missed after 2 s; without --grace it would be an hour.",
  );
  await stage.server("--port", "0", "--data", "depot2", "--store", "clients", ...QUICK);
  const machines = new Map<string, Deno.ChildProcess>();
  for (const name of MACHINES) machines.set(name, await stage.hold(name));
  print();

  announce("7. You deposit a file and want two copies of it. Two of the machines get one.");
  await stage.client("deposit", NAME, "--replicas", "2");

  const [broken] = await having() as [string];
  announce(
    `8. The ${broken} breaks down without a word: its process is killed. You want the`,
    "file back now, and it comes from the other one.",
  );
  await stage.kill(machines.get(broken)!);
  await stage.retrieve(NAME, digest);

  announce("9. After its 2 s of patience the depot makes the second copy anew, elsewhere.");
  const others = MACHINES.filter((name) => name !== broken);
  const isMended = async () => (await stage.having(others, digest)).length === 2;
  print(`  two whole copies again after ${await secondsUntil("two whole copies", isMended)}\n`);
  await stage.client("status", NAME);

  announce(
    `10. The ${broken} is back, and still has its copy. That makes three, one more than`,
    " you want: the depot looks whether all are whole, and one goes.",
  );
  await stage.hold(broken);
  const seconds = await secondsUntil("no surplus", async () => (await having()).length === 2);
  print(`\n  copies after ${seconds}: ${(await having()).join(" and ")}\n`);
}

/** So that nobody waits for minutes. */
const QUICK = ["--grace", "2s", "--settle", "0", "--linger", "0"];
