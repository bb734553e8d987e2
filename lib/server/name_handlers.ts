/** Requests that change names: remove, rename, restore, and the list of what can be restored. */
import { encode, NAME_BYTES, PAGE_ITEMS, Refusal, REPLIES, type Request } from "../protocol/mod.ts";
import { fileLine, removedLine } from "./answers.ts";
import type { Client, Exchange } from "./exchange.ts";

type Of<K extends Request["kind"]> = Extract<Request, { kind: K }>;

export async function remove(
  { name, forever }: Of<"remove">,
  { depot, connection }: Exchange,
  { owner }: Client,
): Promise<void> {
  if (forever) {
    await depot.names.forget(owner, name);
    return await connection.writeLine(encode(REPLIES.removed, { version: 0, keptUntil: null }));
  }
  const { file, keptUntil } = await depot.names.remove(owner, name);
  await connection.writeLine(encode(REPLIES.removed, { version: file.version, keptUntil }));
}

export async function rename(
  { from, to, replace }: Of<"rename">,
  { depot, connection }: Exchange,
  { owner }: Client,
): Promise<void> {
  const renamed = await depot.names.rename({ owner, from, to, replace, longest: NAME_BYTES });
  await connection.writeLine(encode(REPLIES.renamed, renamed));
}

export async function restore(
  { name, version, replace }: Of<"restore">,
  { depot, connection }: Exchange,
  { owner }: Client,
): Promise<void> {
  const { file, copies } = await depot.names.restore({ owner, name, version, replace });
  await connection.writeLine(fileLine(file, copies));
}

export async function listRemoved(
  { after, afterVersion, limit, prefix }: Of<"listRemoved">,
  { depot, connection }: Exchange,
  { owner }: Client,
): Promise<void> {
  requireLimit(limit);
  const { files, more } = await depot.names.removed({
    owner,
    prefix: prefix ?? "",
    after: after ?? "",
    afterVersion: afterVersion ?? 0,
    limit,
  });
  await connection.writeLine(
    encode(REPLIES.items, { count: files.length, more }),
    ...files.map(({ file, copies }) => removedLine(file, copies)),
  );
}

/** Of one page of a listing. Throws a `Refusal`. */
export function requireLimit(limit: number): void {
  if (limit >= 1 && limit <= PAGE_ITEMS) return;
  throw new Refusal("valor_invalido", `Refused limit ${limit}: expected 1 to ${PAGE_ITEMS}`);
}
