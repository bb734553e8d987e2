/**
 * A client of a Deposito depot, to be used from other programs.
 *
 * ```ts
 * import { connect, fileSource, Identities, send } from "@deposito/deposito/client";
 *
 * const identities = new Identities("/home/me/.config/deposito");
 * using link = await connect({ hostname: "127.0.0.1", port: 7420 }, { identities });
 * const source = await fileSource("/home/me/report.pdf");
 * const request = { name: "report.pdf", replicas: 3, minimum: null, wait: null };
 * const receipt = await send(link, request, { source });
 * ```
 */
export { BadPeer, ConnectionLost, Refusal } from "../protocol/errors.ts";
export { connect, type ConnectOptions } from "./connect.ts";
export type { DepositProgress } from "./deposit.ts";
export { download, type Downloaded, type DownloadOptions } from "./download.ts";
export { codeOf, type LocalCode, LocalError, messageOf } from "./errors.ts";
export { DiskRefused } from "../disk/errors.ts";
export { Holder, type HoldEvent, type HoldOptions } from "./holder/holder.ts";
export { Identities, identityFolder } from "./identity.ts";
export { Link, type LinkOptions, type Peer } from "./link.ts";
export { collisionKey, makeFoldersBelow, pathBelow } from "./output_path.ts";
export { machineName } from "./machine.ts";
export { delayBefore, type Pace, REAL_PACE } from "./pace.ts";
export { inParallel, type Many, type Outcome } from "./parallel.ts";
export type * from "./records.ts";
export { Retrieval, type Sink, WrongBytes } from "./retrieve.ts";
export { send, type SendOptions, type SendRequest } from "./send.ts";
export { type Address, Session } from "./session.ts";
export { fileSource, type Source } from "./source.ts";
export { streamSource } from "./stream_source.ts";
export { type Found, ownName, walk } from "./walk.ts";
