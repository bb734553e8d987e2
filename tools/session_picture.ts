/**
 * `deno task picture`: tools/session.svg, a picture of a session as it really went. Runs a depot and
 * a client's commands in a temporary folder.
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { permissionsOf } from "./compile.ts";

const ROOT: string = fileURLToPath(new URL("..", import.meta.url));
const TEXT = new TextDecoder();

/** What is typed, in a shell; `deposito client` is the program of this project. */
const TYPED = [
  "deposito client deposit album --replicas 3",
  "deposito client list",
  "rm disk2/deposito/*/contents/*/*        # somebody loses a disk's files",
  "deposito client retrieve album/sea.jpg --output back.jpg",
  "cmp album/sea.jpg back.jpg && echo the same",
  "deposito client status album/sea.jpg   # a moment later",
];

/** Before the last one the depot has mended what was lost. */
const MENDED = /3 of 3 replicas/;

/** A line of the picture; `typed` ones begin with a prompt. */
export interface Line {
  text: string;
  typed: boolean;
}

const COLUMN_PX = 8.4;
const LINE_PX = 19;
const MARGIN_PX = 18;

/** The lines as an SVG that is readable on light and on dark pages. */
export function picture(lines: readonly Line[]): string {
  const columns = Math.max(...lines.map(({ text, typed }) => text.length + (typed ? 2 : 0)));
  const width = Math.ceil(columns * COLUMN_PX + 2 * MARGIN_PX);
  const height = lines.length * LINE_PX + 2 * MARGIN_PX;
  const rows = lines.map(({ text, typed }, index) => {
    const y = MARGIN_PX + 14 + index * LINE_PX;
    const prompt = typed ? '<tspan class="prompt">$ </tspan>' : "";
    const kind = typed ? "typed" : "said";
    return `<text x="${MARGIN_PX}" y="${y}" class="${kind}">${prompt}${escaped(text)}</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="A session on a terminal">
<style>
rect { fill: #f6f8fa; stroke: #d0d7de }
text { font: 14px ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; white-space: pre; fill: #1f2328 }
.typed { font-weight: bold }
.prompt { fill: #1a7f37 }
@media (prefers-color-scheme: dark) {
  rect { fill: #161b22; stroke: #30363d }
  text { fill: #e6edf3 }
  .prompt { fill: #3fb950 }
}
</style>
<rect x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="8"/>
${rows.join("\n")}
</svg>
`;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/** Types everything in a folder of its own, with a depot of three directories. */
async function record(folder: string): Promise<Line[]> {
  await Deno.mkdir(join(folder, "album"));
  for (const [name, size] of [["sea.jpg", 2_400_000], ["hill.jpg", 1_800_000]] as const) {
    const bytes = new Uint8Array(size).map((_, index) => (index * 31) % 251);
    await Deno.writeFile(join(folder, "album", name), bytes);
  }
  const stores = ["--store", "fs:./disk1,./disk2,./disk3", "--reserve", "0"];
  const server = new Deno.Command(Deno.execPath(), {
    args: programWords("server", ["--port", "0", ...stores, "--settle", "0s"]),
    cwd: folder,
    env: environmentOf(folder),
    stdout: "piped",
    stderr: "null",
  }).spawn();
  try {
    const address = await listening(server.stdout);
    const run = (typed: string) => output(typed, { folder, address });
    const lines: Line[] = [];
    for (const typed of TYPED) {
      let said = await run(typed);
      while (typed === TYPED.at(-1) && !MENDED.test(said)) said = await run(typed);
      lines.push({ text: typed, typed: true });
      for (const text of said.trimEnd().split("\n")) {
        if (text !== "") lines.push({ text: text.trimEnd(), typed: false });
      }
    }
    return lines;
  } finally {
    server.kill("SIGTERM");
    await server.status;
  }
}

/** What a typed line prints, on either stream, in its order. */
async function output(
  typed: string,
  { folder, address }: { folder: string; address: string },
): Promise<string> {
  const script = `{ ${typed.replace(/^deposito client/, '"$@"')}\n} 2>&1`;
  const words = programWords("client", ["--server", address]);
  const command = new Deno.Command("sh", {
    args: ["-c", script, "sh", Deno.execPath(), ...words],
    cwd: folder,
    env: environmentOf(folder),
  });
  return TEXT.decode((await command.output()).stdout).replaceAll(folder, "~");
}

function programWords(part: "server" | "client", words: string[]): string[] {
  return ["run", "--quiet", ...permissionsOf(part), join(ROOT, `${part}.ts`), ...words];
}

function environmentOf(folder: string): Record<string, string> {
  return { HOME: folder, XDG_CONFIG_HOME: join(folder, "config"), NO_COLOR: "1" };
}

async function listening(stdout: ReadableStream<Uint8Array>): Promise<string> {
  for await (const text of stdout.pipeThrough(new TextDecoderStream())) {
    const address = /listening on (\S+),/.exec(text)?.[1];
    if (address) return address;
  }
  throw new Error("The server ended before it listened");
}

if (import.meta.main) {
  const folder = await Deno.realPath(await Deno.makeTempDir());
  try {
    await Deno.writeTextFile(join(ROOT, "tools", "session.svg"), picture(await record(folder)));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
