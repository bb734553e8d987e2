/** A depot over three directories loses a copy, has another one damaged, and mends itself. */
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { announce, digestOf, print, secondsUntil, type Stage } from "./stage.ts";

const DISKS = ["disk1", "disk2", "disk3"];
const NAME = "holiday.raw";
const FILE_BYTES = 8 * 1024 * 1024;

export async function playDirectories(stage: Stage): Promise<void> {
  const bytes = randomBytes(FILE_BYTES);
  const digest = digestOf(bytes);
  await Deno.writeFile(join(stage.folder, NAME), bytes);

  announce("1. A depot with three directories. Think of them as three disks.");
  const store = `fs:${DISKS.join(",")}`;
  await stage.server("--port", "0", "--data", "depot", "--store", store, "--reserve", "0");

  announce("2. You deposit a file and want three copies of it.");
  await stage.client("deposit", NAME, "--replicas", "3");

  announce("3. Things go wrong: one byte rots on disk1, and disk2 loses its copy altogether.");
  await flipByte(await stage.pathOf("disk1", digest));
  await Deno.remove(await stage.pathOf("disk2", digest));
  const left = await stage.having(DISKS, digest);
  print(`  disk1: ${left.includes("disk1") ? "whole" : "damaged"}`);
  print(`  disk2: ${left.includes("disk2") ? "whole" : "gone"}\n`);

  announce("4. You want the file back. Every piece is checked on its way, bad ones are left.");
  await stage.retrieve(NAME, digest);

  announce("5. Meanwhile the depot noticed, and makes the copies anew. Nobody asked it to.");
  const isMended = async () => (await stage.having(DISKS, digest)).length === 3;
  const seconds = await secondsUntil("three whole copies", isMended);
  print(`  three whole copies again after ${seconds}\n`);
  await stage.client("status", NAME);
}

async function flipByte(path: string): Promise<void> {
  using file = await Deno.open(path, { read: true, write: true });
  const byte = new Uint8Array(1);
  await file.seek(FILE_BYTES / 2, Deno.SeekMode.Start);
  await file.read(byte);
  byte[0]! ^= 0xff;
  await file.seek(FILE_BYTES / 2, Deno.SeekMode.Start);
  await file.write(byte);
}
