/** The real `server.ts` as a process of its own, with the permissions that its task gives it. */
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { patience, PATIENCE_MS } from "./waiting.ts";
import { WireClient, type WireClientOptions } from "./wire_client.ts";

const PROGRAM = fileURLToPath(new URL("../../server.ts", import.meta.url));

/** `run`, and the permissions of the task that people start a server with. */
const COMMAND = serverTask();

/** So that nothing a test waits for is far away, and it runs on any disk. */
const QUICK = { port: "0", settle: "0s", linger: "0s", reserve: "0", "keep-removed": "0" };

export interface ServerOptions {
  /** Directories below `root`, or absolute ones, each a place. */
  places?: string[];
  /** In place of `data` below `root`. */
  data?: string;
  /** By their words, a switch with an empty value; they win over those of a quick server. */
  flags?: Record<string, string>;
  /** Beside what this process has. */
  env?: Record<string, string>;
}

/** What a process that ended by itself left. */
export interface Ended {
  code: number;
  log: string;
}

/** A temporary directory; removed with all that is in it. */
export function temporaryRoot(): AsyncDisposable & { path: string } {
  const path = Deno.realPathSync(Deno.makeTempDirSync({ prefix: "deposito-server-" }));
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}

/**
 * A port that nobody has, for a server that others must know before it is there, or after a restart.
 * Below those that a system gives to who names none, or another test's server could get it meanwhile.
 */
export function freePort(): string {
  for (let tries = 0; tries < 100; tries++) {
    const port = 20_000 + Math.floor(Math.random() * 10_000);
    try {
      using _listener = Deno.listen({ hostname: "127.0.0.1", port });
      return String(port);
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    }
  }
  throw new Error("No port is free");
}

/** Starts a server that is expected to end by itself; resolves to what it said. */
export async function endedServer(root: string, options: ServerOptions = {}): Promise<Ended> {
  const command = new Deno.Command(Deno.execPath(), {
    args: argumentsOf(root, options),
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    signal: patience(),
  });
  const { code, stdout, stderr } = await command.output();
  const text = new TextDecoder();
  return { code, log: text.decode(stdout) + text.decode(stderr) };
}

/** `deposito server` with the words of an operator's command; `uid`: as another user. */
export function operatorCommand(
  data: string,
  words: string[],
  options: { uid?: number } = {},
): Deno.Command {
  const [word, ...rest] = words;
  return new Deno.Command(Deno.execPath(), {
    args: [...COMMAND, PROGRAM, word!, "--data", data, ...rest],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    signal: patience(),
    ...options,
  });
}

/** A server that is there until it is killed, stopped or disposed; then `restart` brings it back. */
export class RunningServer implements AsyncDisposable {
  #process!: Process;
  #log: string[] = [];

  private constructor(readonly root: string, private options: ServerOptions) {}

  /** Resolves when the server listens. Nothing is in `root` but what it makes. */
  static async start(root: string, options: ServerOptions = {}): Promise<RunningServer> {
    const server = new RunningServer(root, options);
    await server.restart();
    return server;
  }

  get port(): number {
    return this.#process.port;
  }

  get depot(): string {
    return this.#process.depot;
  }

  get pid(): number {
    return this.#process.pid;
  }

  /** What all runs wrote on standard error. */
  get log(): string {
    return this.#log.join("");
  }

  /** Where a place keeps this depot's replicas: the part of it that `path` names. */
  inside(place: string, ...path: string[]): string {
    return join(this.root, place, "deposito", this.depot, ...path);
  }

  /** The path of a replica at a place. */
  replica(place: string, digest: string): string {
    return this.inside(place, "contents", digest.slice(0, 2), digest);
  }

  /** A new connection that has said who it is. */
  client(options: WireClientOptions = {}): Promise<WireClient> {
    return WireClient.connect(this.port, options);
  }

  /** A bare connection. */
  async raw(): Promise<Deno.TcpConn> {
    const socket = await Deno.connect({ hostname: "127.0.0.1", port: this.port });
    socket.setNoDelay(true);
    return socket;
  }

  /** Resolves when a line of this run's log matches. */
  logged(pattern: RegExp): Promise<string> {
    return this.#process.logged(pattern);
  }

  /** Ends it as a power cut would. */
  async kill(): Promise<void> {
    await this.#process.end("SIGKILL");
  }

  /** Asks it to end; resolves to its exit status. */
  async stop(): Promise<number> {
    const late = setTimeout(() => this.kill(), PATIENCE_MS);
    const code = await this.#process.end("SIGTERM");
    clearTimeout(late);
    return code;
  }

  /** Starts it again, with other options where given. It must have ended. */
  async restart(options: ServerOptions = {}): Promise<void> {
    this.options = { ...this.options, ...options };
    this.#process = await Process.start(
      argumentsOf(this.root, this.options),
      this.#log,
      this.options.env,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }
}

/** One run. */
class Process {
  port = 0;
  depot = "";
  #child: Deno.ChildProcess;
  #lines: string[] = [];
  #waiting = new Set<() => void>();
  #reading: Promise<unknown>;
  #over = false;

  private constructor(
    args: string[],
    private readonly log: string[],
    env: Record<string, string> = {},
  ) {
    this.#child = new Deno.Command(Deno.execPath(), {
      args,
      env,
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const stdout = this.#read(this.#child.stdout, (line) => this.#listening(line));
    const stderr = this.#read(this.#child.stderr, (line) => this.log.push(line + "\n"));
    this.#reading = Promise.all([stdout, stderr]).then(() => {
      this.#over = true;
      this.#tell();
    });
  }

  static async start(
    args: string[],
    log: string[],
    env?: Record<string, string>,
  ): Promise<Process> {
    const process = new Process(args, log, env);
    try {
      await process.#until(() => process.port > 0, "listen");
      return process;
    } catch (error) {
      await process.end("SIGKILL");
      throw error;
    }
  }

  get pid(): number {
    return this.#child.pid;
  }

  async logged(pattern: RegExp): Promise<string> {
    const found = () => this.#lines.find((line) => pattern.test(line));
    await this.#until(() => found() !== undefined, `log ${pattern}`);
    return found()!;
  }

  async end(signal: Deno.Signal): Promise<number> {
    try {
      this.#child.kill(signal);
    } catch {
      // It has ended already.
    }
    const { code } = await this.#child.status;
    await this.#reading;
    return code;
  }

  #listening(line: string): void {
    const match = /^listening on 127\.0\.0\.1:([0-9]+), depot ([0-9a-f-]{36})$/.exec(line);
    if (!match) throw new Error(`The server said: ${line}`);
    this.depot = match[2]!;
    this.port = Number(match[1]);
  }

  async #read(stream: ReadableStream<Uint8Array>, take: (line: string) => void): Promise<void> {
    let rest = "";
    for await (const text of stream.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + text).split("\n");
      rest = lines.pop()!;
      for (const line of lines) {
        take(line);
        this.#lines.push(line);
      }
      this.#tell();
    }
  }

  #tell(): void {
    for (const look of [...this.#waiting]) look();
  }

  #until(condition: () => boolean, what: string): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const fail = (why: string) =>
      reject(new Error(`The server did not ${what}: ${why}\n${this.log.join("")}`));
    const timer = setTimeout(() => fail(`${PATIENCE_MS} ms went by`), PATIENCE_MS);
    const look = () => {
      if (condition()) resolve();
      else if (this.#over) fail("it ended");
    };
    this.#waiting.add(look);
    look();
    return promise.finally(() => {
      clearTimeout(timer);
      this.#waiting.delete(look);
    });
  }
}

function argumentsOf(root: string, options: ServerOptions): string[] {
  const { places = ["one", "two"], data = join(root, "data"), flags = {} } = options;
  const words = Object.entries({ data, ...QUICK, ...flags }).map(([flag, value]) =>
    value === "" ? `--${flag}` : `--${flag}=${value}`
  );
  // Each has its spec: a comma in a path would cut it.
  const stores = places.map((place) => `--store=fs:${resolve(root, place)}`);
  return [...COMMAND, PROGRAM, ...words, ...stores];
}

function serverTask(): string[] {
  const config = JSON.parse(Deno.readTextFileSync(new URL("../../deno.json", import.meta.url)));
  const [deno, ...words] = (config.tasks.server.command as string).split(" ");
  if (deno !== "deno" || words.at(-1) !== "server.ts") throw new Error(`The task is now: ${words}`);
  return words.slice(0, -1);
}
