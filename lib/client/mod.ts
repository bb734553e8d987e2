/**
 * A client of a Deposito depot, to be used from other programs: deposit from and retrieve to
 * streams or files, list, change the number of copies.
 *
 * ```ts
 * import { connect } from "@deposito/deposito/client";
 *
 * using link = await connect({ hostname: "127.0.0.1", port: 7420 });
 * await link.depositFile("report.pdf", "report.pdf", { replicas: 2 });
 * const { body } = await link.retrieve("report.pdf");
 * await body.pipeTo((await Deno.create("copy.pdf")).writable);
 * ```
 *
 * What it needs: `--allow-net` to the depot; `--allow-read` and `--allow-write` for files and for
 * `identityFolder`. With `--allow-sys=hostname` copies go to other machines first; with
 * `--allow-sys=statfs`, and this module's files readable, large files are retrieved faster to a disk.
 *
 * @module
 */
export {
  BadPeer,
  ConnectionLost,
  ERROR_CODES,
  type ErrorCode,
  Refusal,
} from "../protocol/errors.ts";
export { connect, type ConnectOptions } from "./connect.ts";
export type { Data } from "./data_source.ts";
export type { DepositProgress } from "./deposit.ts";
export type { Downloaded, RetrieveFileOptions } from "./download.ts";
export { LOCAL_CODES, type LocalCode, LocalError } from "./errors.ts";
export { Link } from "./link.ts";
export type { DepositOptions, ListOptions, RequestOptions, VerifyOptions } from "./options.ts";
export type { Renamed, RenameOptions, RestoreOptions } from "./names.ts";
export type { WorkProgress } from "./peer.ts";
export type {
  CopyCheck,
  DepositedFile,
  DepotStatus,
  FileCheck,
  FileStatus,
  OwnerRepair,
  PlaceName,
  PlaceStatus,
  Receipt,
  RemovedFile,
  RepairStatus,
  ReplicaStatus,
  ScrubStatus,
  StoredFile,
} from "./records.ts";
export type { Retrieved, RetrieveOptions } from "./retrieve_stream.ts";
export type { Address, RemoveOptions, ReplicasOptions } from "./session.ts";
