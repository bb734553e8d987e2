import { resolve } from "node:path";
import { Refusal } from "../protocol/mod.ts";
import { type Data, dataSource } from "./data_source.ts";
import type { Downloaded, RetrieveFileOptions } from "./download.ts";
import { FolderDeposit, type FolderOptions } from "./folder_deposit.ts";
import {
  listRemoved,
  rename,
  type Renamed,
  type RenameOptions,
  restore,
  type RestoreOptions,
} from "./names.ts";
import type {
  DepositedFile,
  DepotStatus,
  FileCheck,
  FileStatus,
  Receipt,
  RemovedFile,
  StoredFile,
} from "./records.ts";
import type { DepositOptions, ListOptions, RequestOptions, VerifyOptions } from "./options.ts";
import type { WorkProgress } from "./peer.ts";
import { type Retrieved, type RetrieveOptions, retrieveStream } from "./retrieve_stream.ts";
import { send } from "./send.ts";
import type { Address, RemoveOptions, ReplicasOptions } from "./session.ts";
import type { Sessions } from "./sessions.ts";
import { SmallFiles, type SmallFilesOptions } from "./small_files.ts";
import { fileSource, type Source } from "./source.ts";
import { askVerify } from "./verify.ts";

let loading: Promise<typeof import("./download.ts")> | null = null;

/** What only retrieving to files needs: all else starts without it. */
function downloads(): Promise<typeof import("./download.ts")> {
  return loading ??= import("./download.ts");
}

/**
 * A client's link to a depot, made by {@linkcode connect}. Requests at the same time have a
 * connection each; a connection that breaks is opened again, and what was under way goes on, for up
 * to five minutes without progress.
 *
 * Every request throws {@linkcode Refusal} when the depot says no, {@linkcode ConnectionLost} when
 * it cannot be reached any more, {@linkcode BadPeer} when what it says makes no sense, and the
 * signal's reason when it was aborted.
 */
export class Link implements Disposable {
  #sessions: Sessions;

  /** @internal Use `connect`. */
  constructor(sessions: Sessions) {
    this.#sessions = sessions;
  }

  /** The client's identifier at this depot: all that it takes to reach its files. */
  get id(): string {
    return this.#sessions.peer.id;
  }

  /** The depot's own identifier. */
  get depot(): string {
    return this.#sessions.peer.depot;
  }

  /** Where the depot listens. */
  get address(): Address {
    return this.#sessions.peer.address;
  }

  /**
   * Deposits bytes under a name, and resolves to the receipt: the copies that are on disk now. What
   * the name had before is replaced as a whole, or not at all.
   *
   * ```ts
   * import { connect } from "@deposito/deposito/client";
   *
   * using link = await connect({ hostname: "127.0.0.1", port: 7420 });
   * const { body } = await fetch("data:,hello");
   * const receipt = await link.deposit("greeting.txt", body!, {
   *   replicas: 2,
   *   signal: AbortSignal.timeout(60_000),
   *   onProgress: ({ stage, done }) => console.log(`${stage}: ${done} bytes`),
   * });
   * console.log(`${receipt.replicas.live} copies: ${receipt.places.map(({ name }) => name)}`);
   * ```
   *
   * A stream is read to its end, or cancelled. It can be read only once: when the connection breaks
   * in its middle, that throws {@linkcode LocalError} with `envio_unico`. Bytes and blobs are sent
   * again.
   */
  async deposit(name: string, data: Data, options: DepositOptions = {}): Promise<Receipt> {
    const source = dataSource(data);
    try {
      return await this.#send(name, source, options);
    } finally {
      if (data instanceof ReadableStream && !source.spent) await data.cancel().catch(() => {});
    }
  }

  /**
   * Deposits a file of this machine under a name, with its time and whether it is executable. A
   * deposit that broke goes on where it was, also when the program was started again meanwhile.
   *
   * ```ts
   * import { connect } from "@deposito/deposito/client";
   *
   * using link = await connect({ hostname: "127.0.0.1", port: 7420 });
   * await link.depositFile("2026/report.pdf", "report.pdf", { replicas: 3 });
   * ```
   *
   * Throws {@linkcode LocalError} when it is no file or changes meanwhile, and what the system says.
   */
  async depositFile(
    name: string,
    path: string,
    options: DepositOptions = {},
  ): Promise<Receipt> {
    return await this.#send(name, fileSource(resolve(path)), options);
  }

  /** @internal For many small files at once. */
  smallFiles(options: SmallFilesOptions): SmallFiles {
    return new SmallFiles(this.#sessions, options);
  }

  /** @internal Begins a deposit of many files of one folder, which may be the next of many. */
  folder(options: FolderOptions): Promise<FolderDeposit> {
    const list = (prefix: string) => this.list({ prefix, signal: options.signal });
    return FolderDeposit.begin(this.#sessions.peer, list, options);
  }

  /**
   * Retrieves a file as a stream. Resolves when the depot has found it; the bytes come as the
   * stream is read.
   *
   * ```ts
   * import { connect, Refusal } from "@deposito/deposito/client";
   *
   * using link = await connect({ hostname: "127.0.0.1", port: 7420 });
   * await link.deposit("greeting.txt", new TextEncoder().encode("hello"));
   * const { file, body } = await link.retrieve("greeting.txt");
   * console.log(`${file.size} bytes: ${await new Response(body).text()}`);
   *
   * try {
   *   await link.retrieve("nothing");
   * } catch (error) {
   *   if (!(error instanceof Refusal && error.code === "nao_encontrado")) throw error;
   *   console.log("there is no such file");
   * }
   * ```
   *
   * The stream ends only when the SHA-256 of all bytes was right; otherwise it errs with
   * {@linkcode LocalError} `conteudo_errado`, and what came must not be used. Cancel it to stop.
   */
  retrieve(name: string, options: RetrieveOptions = {}): Promise<Retrieved> {
    return retrieveStream(this.#sessions, name, options);
  }

  /**
   * Retrieves a file to a path, whose folder must be there. It appears there when all of it has
   * come and its SHA-256 was right; until then its bytes are in a hidden file beside it, with which
   * a later call goes on. An equal file at the path is left, a different one only replaced with
   * `force`.
   *
   * ```ts
   * import { connect } from "@deposito/deposito/client";
   *
   * using link = await connect({ hostname: "127.0.0.1", port: 7420 });
   * await link.depositFile("2026/report.pdf", "report.pdf");
   * const { outcome } = await link.retrieveFile("2026/report.pdf", "copy.pdf");
   * console.log(outcome === "same" ? "it was there already" : "written");
   * ```
   *
   * `file`: a name, or what a listing told of it, which saves a question. Throws
   * {@linkcode LocalError} when something else is at the path.
   */
  async retrieveFile(
    file: string | StoredFile,
    path: string,
    options: RetrieveFileOptions = {},
  ): Promise<Downloaded> {
    const found = typeof file === "string" ? (await this.fileStatus(file, options)).file : file;
    const { download } = await downloads();
    return await download(this.#sessions, found, { ...options, path: resolve(path) });
  }

  /**
   * The client's files, ascending by name.
   *
   * ```ts
   * import { connect } from "@deposito/deposito/client";
   *
   * using link = await connect({ hostname: "127.0.0.1", port: 7420 });
   * await link.depositFile("2026/report.pdf", "report.pdf");
   * for await (const file of link.list({ prefix: "2026/" })) {
   *   console.log(file.name, file.size, `${file.replicas.live} of ${file.replicas.wanted} copies`);
   * }
   * ```
   */
  async *list({ prefix = "", signal }: ListOptions = {}): AsyncGenerator<StoredFile> {
    let after = "";
    for (let more = true; more;) {
      const request = { prefix, after, signal };
      const page = await this.#sessions.run((session) => session.page(request), { signal });
      yield* page.files;
      after = page.files.at(-1)?.name ?? after;
      more = page.more;
    }
  }

  /**
   * Changes how many copies a file has, and resolves when they are on disk.
   *
   * ```ts
   * import { connect } from "@deposito/deposito/client";
   *
   * using link = await connect({ hostname: "127.0.0.1", port: 7420 });
   * await link.deposit("greeting.txt", new Blob(["hello"]), { replicas: 1 });
   * const { replicas } = await link.replicas("greeting.txt", 2);
   * console.log(`${replicas.live} of ${replicas.wanted}`);
   * ```
   */
  replicas(name: string, count: number, options: ReplicasOptions = {}): Promise<DepositedFile> {
    const { onProgress } = options;
    return this.#sessions.run((session, advanced) =>
      session.replicas(name, count, {
        ...options,
        onProgress(progress) {
          advanced("copying", progress.done);
          onProgress?.(progress);
        },
      }), options);
  }

  /**
   * Gives a file another name, or every file of a folder when both names end in `/`: all of them,
   * or none when it throws. A name that is taken is refused with `nome_em_uso`, unless `force`.
   *
   * ```ts
   * import { connect } from "@deposito/deposito/client";
   *
   * using link = await connect({ hostname: "127.0.0.1", port: 7420 });
   * await link.deposit("drafts/greeting.txt", new Blob(["hello"]));
   * const { files } = await link.rename("drafts/", "letters/");
   * console.log(`${files} renamed`);
   * ```
   */
  rename(from: string, to: string, options: RenameOptions = {}): Promise<Renamed> {
    return rename(this.#sessions, from, to, options);
  }

  /** What was removed or replaced and can be restored, ascending by name and then by version. */
  listRemoved(options: ListOptions = {}): AsyncGenerator<RemovedFile> {
    return listRemoved(this.#sessions, options);
  }

  /**
   * Makes a removed file the file of its name again: the last that was removed, or a `version`. A
   * name that is taken is refused with `nome_em_uso`, unless `force`.
   */
  restore(name: string, options: RestoreOptions = {}): Promise<StoredFile> {
    return restore(this.#sessions, name, options);
  }

  /**
   * Removes a file. Resolves to until when it can be restored, in milliseconds since 1970; `null`:
   * it cannot, or the answer was lost and the file was not there at the next attempt.
   */
  remove(name: string, options: RemoveOptions = {}): Promise<number | null> {
    let attempts = 0;
    return this.#sessions.run(async (session) => {
      attempts++;
      try {
        return await session.remove(name, options);
      } catch (error) {
        const gone = error instanceof Refusal && error.code === "nao_encontrado";
        if (!gone || attempts === 1) throw error;
        return null;
      }
    }, options);
  }

  /**
   * How much the client has, how the depot's places are, and what is being repaired.
   *
   * ```ts
   * import { connect } from "@deposito/deposito/client";
   *
   * using link = await connect({ hostname: "127.0.0.1", port: 7420 });
   * const { places } = await link.status();
   * console.log(`${places.filter(({ state }) => state === "online").length} places`);
   * ```
   */
  status(options: RequestOptions = {}): Promise<DepotStatus> {
    return this.#sessions.run((session) => session.status(options.signal), options);
  }

  /** How many copies a new file could have now: as many as there are places with room. */
  available(options: RequestOptions = {}): Promise<number> {
    return this.#sessions.runAnew((session) => Promise.resolve(session.available), options);
  }

  /** One file, with each of its copies: where it is, how it is, when it was verified. */
  fileStatus(name: string, options: RequestOptions = {}): Promise<FileStatus> {
    return this.#sessions.run((session) => session.fileStatus(name, options.signal), options);
  }

  /**
   * Has the depot look at each copy of a file now. What is bad is set aside, and made anew later.
   *
   * ```ts
   * import { connect } from "@deposito/deposito/client";
   *
   * using link = await connect({ hostname: "127.0.0.1", port: 7420 });
   * await link.deposit("greeting.txt", new Blob(["hello"]), { replicas: 2 });
   * const { copies } = await link.verify("greeting.txt");
   * for (const { name, state, tookMs } of copies) console.log(`${name}: ${state} (${tookMs} ms)`);
   * ```
   */
  verify(name: string, options: VerifyOptions = {}): Promise<FileCheck> {
    const { signal, onProgress } = options;
    return this.#sessions.run((session, advanced) => {
      const tell = (progress: WorkProgress) => {
        advanced("verifying", progress.done);
        onProgress?.(progress);
      };
      return session.run(signal, () => askVerify(session, name, tell));
    }, { signal });
  }

  /** Closes the connections; those of streams that are still read, at their end. */
  [Symbol.dispose](): void {
    this.#sessions[Symbol.dispose]();
  }

  #send(name: string, source: Source, options: DepositOptions): Promise<Receipt> {
    const { replicas = null, minimum = null, wait = null, signal, onProgress } = options;
    const request = { name, replicas, minimum, wait };
    return send(this.#sessions, request, { source, signal, onProgress });
  }
}
