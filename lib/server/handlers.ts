/** One function for each request: turns it into calls on the depot, and the result into lines. */
import type { Depot } from "../depot/depot.ts";
import {
  BATCH_ITEMS,
  encode,
  PROTOCOL_VERSION,
  Refusal,
  REPLIES,
  type Request,
  withProgress,
} from "../protocol/mod.ts";
import {
  checkLine,
  fileLine,
  fileStatusLines,
  receiptLine,
  statusLines,
  telling,
} from "./answers.ts";
import { batch } from "./batch_handlers.ts";
import { deposit, seedDeposit } from "./deposit_handlers.ts";
import { lend, serve } from "./holder_handlers.ts";
import { listRemoved, remove, rename, requireLimit, restore } from "./name_handlers.ts";
import { retrieve, seedRetrieve } from "./retrieve_handlers.ts";
import type { Client, Exchange } from "./exchange.ts";

type Handler<K extends Request["kind"]> = (
  request: Extract<Request, { kind: K }>,
  exchange: Exchange,
) => Promise<void>;

export const HANDLERS: { readonly [K in Request["kind"]]: Handler<K> } = {
  connect,
  seedDeposit: (request, exchange) => seedDeposit(request, exchange, sameClient(request, exchange)),
  seedRetrieve: (request, exchange) =>
    seedRetrieve(request, exchange, sameClient(request, exchange)),
  deposit: (request, exchange) => deposit(request, exchange, clientOf(exchange)),
  retrieve: (request, exchange) => retrieve(request, exchange, clientOf(exchange)),
  batch: (request, exchange) => batch(request, exchange, someClient(exchange)),
  list,
  replicas,
  remove: (request, exchange) => remove(request, exchange, clientOf(exchange)),
  rename: (request, exchange) => rename(request, exchange, clientOf(exchange)),
  restore: (request, exchange) => restore(request, exchange, clientOf(exchange)),
  listRemoved: (request, exchange) => listRemoved(request, exchange, clientOf(exchange)),
  status,
  fileStatus,
  verify,
  lend: (request, exchange) => lend(request, asClient(exchange)),
  serve: (request, exchange) => serve(request, asClient(exchange)),
};

async function connect(
  { id, version, machine }: Extract<Request, { kind: "connect" }>,
  { connection, depot, become }: Exchange,
): Promise<void> {
  if (version !== PROTOCOL_VERSION) {
    throw new Refusal(
      "versao_desconhecida",
      `Refused version ${version}: this depot speaks ${PROTOCOL_VERSION}`,
    );
  }
  const owner = id === null ? null : await depot.identify(id);
  const client = owner === null ? await newClient(depot) : { id: id!, owner };
  become(machine === null ? client : { ...client, machine });
  await connection.writeLine(encode(REPLIES.connected, {
    id: client.id,
    available: await depot.available(),
    version: PROTOCOL_VERSION,
    depot: depot.id,
    batch: machine === null ? null : BATCH_ITEMS,
  }));
}

async function newClient(depot: Depot): Promise<Client> {
  const id = await depot.register();
  return { id, owner: await depot.identify(id) };
}

async function list(
  { after, limit, prefix }: Extract<Request, { kind: "list" }>,
  exchange: Exchange,
): Promise<void> {
  const { owner } = clientOf(exchange);
  requireLimit(limit);
  const query = { owner, prefix: prefix ?? "", after: after ?? "", limit };
  const { files, more } = await exchange.depot.list(query);
  await exchange.connection.writeLine(
    encode(REPLIES.items, { count: files.length, more }),
    ...files.map(({ file, copies }) => fileLine(file, copies)),
  );
}

async function replicas(
  { name, replicas: wanted, wait }: Extract<Request, { kind: "replicas" }>,
  exchange: Exchange,
): Promise<void> {
  const { owner } = clientOf(exchange);
  const change = { owner, name, wanted, wait };
  const receipt = await withProgress(
    exchange.connection,
    (tell) => exchange.depot.setReplicas(change, telling(tell)),
  );
  await exchange.connection.writeLine(receiptLine(receipt));
}

async function status(
  _request: Extract<Request, { kind: "status" }>,
  exchange: Exchange,
): Promise<void> {
  const answer = await exchange.depot.status(clientOf(exchange).owner);
  await exchange.connection.writeLine(...statusLines(answer));
}

async function fileStatus(
  { name }: Extract<Request, { kind: "fileStatus" }>,
  exchange: Exchange,
): Promise<void> {
  const answer = await exchange.depot.fileStatus(clientOf(exchange).owner, name);
  await exchange.connection.writeLine(...fileStatusLines(answer));
}

async function verify(
  { name }: Extract<Request, { kind: "verify" }>,
  exchange: Exchange,
): Promise<void> {
  const { owner } = clientOf(exchange);
  const { connection, depot } = exchange;
  const { file, copies, checks } = await withProgress(connection, (tell, here) => {
    const signal = AbortSignal.any([exchange.signal, here]);
    const onBytes = (done: number, total: number) => tell({ done, total });
    return depot.verify(owner, name, { signal, onBytes });
  });
  await connection.writeLine(
    encode(REPLIES.fileStatus, { replicas: checks.length, repair: null, repairInMs: null }),
    fileLine(file, copies),
    ...checks.map(checkLine),
  );
}

/** The exchange, of somebody who said who they are. */
function asClient(exchange: Exchange): Exchange {
  clientOf(exchange);
  return exchange;
}

function clientOf(exchange: Exchange): Client {
  const client = someClient(exchange);
  if (client instanceof Refusal) throw client;
  return client;
}

/** For requests whose bytes must be read before they are refused. */
function someClient({ client }: Exchange): Client | Refusal {
  return client ??
    new Refusal("nao_conectado", "Refused the request: say comando:conectar first");
}

/** In the seed's lines the identifier is said again; it must be the connection's. */
function sameClient({ id }: { id: string }, exchange: Exchange): Client | Refusal {
  const client = someClient(exchange);
  if (client instanceof Refusal || client.id === id) return client;
  return new Refusal("id_diferente", "Refused the identifier: it is not this connection's");
}
