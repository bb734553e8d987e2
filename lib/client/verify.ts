/** Every copy of a file looked at, now. */
import { BadPeer, encode, REPLIES, REQUESTS, requireName } from "../protocol/mod.ts";
import { readLateReply, readReply, type WorkProgress } from "./peer.ts";
import { type CopyCheck, type FileCheck, fileOfContent } from "./records.ts";
import type { Session } from "./session.ts";

/** Copies of one file that a depot may tell of. */
const COPIES = 100_000;

/** Asks for it, and reads what comes. Throws `nao_encontrado`. */
export async function askVerify(
  { connection }: Session,
  name: string,
  onProgress: (progress: WorkProgress) => void,
): Promise<FileCheck> {
  await connection.writeLine(encode(REQUESTS.verify, { name: requireName(name) }));
  const { replicas } = await readLateReply(connection, REPLIES.fileStatus, onProgress);
  if (replicas > COPIES) throw new BadPeer(`The depot announced ${replicas} copies`);
  const line = await readReply(connection, REPLIES.file);
  if (line.name !== name) throw new BadPeer("The depot verified another file");
  const copies: CopyCheck[] = [];
  while (copies.length < replicas) {
    const { label, ...copy } = await readReply(connection, REPLIES.check);
    copies.push({ ...copy, name: label || copy.place });
  }
  return { file: fileOfContent(name, line), copies };
}
