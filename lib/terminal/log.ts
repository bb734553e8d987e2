/** The server's log, on standard error: a line an event, as text or as JSON. */
import {
  configureSync,
  getLogger,
  getTextFormatter,
  jsonLinesFormatter,
  type LogRecord,
} from "@logtape/logtape";

import { jsonText, seenJson } from "./json.ts";
import { type Outlet, writeAll } from "./output.ts";
import { shown } from "./text.ts";

export type LogFormat = "text" | "json";

type Fields = Record<string, string | number | boolean | null>;

/** The three levels that the depot uses. */
export interface ServerLog {
  info(event: string, fields?: Fields): void;
  warn(event: string, fields?: Fields): void;
  error(event: string, fields?: Fields): void;
}

/** Makes the process's log, in place of one that was made before. */
export function openLog(format: LogFormat, outlet: Outlet = Deno.stderr): ServerLog {
  const toLine = format === "json" ? jsonLine : textLine();
  const lines = new Lines(outlet);
  for (const end of ["unload", "error"]) globalThis.addEventListener(end, () => lines.flush());
  configureSync({
    reset: true,
    sinks: {
      stderr(record) {
        lines.add(toLine(record));
        if (record.level !== "info") lines.flush();
      },
    },
    loggers: [
      { category: "deposito", sinks: ["stderr"], lowestLevel: "info" },
      { category: ["logtape", "meta"], sinks: ["stderr"], lowestLevel: "warning" },
    ],
  });
  const logger = getLogger("deposito");
  return {
    info: (event, fields = {}) => logger.info(literal(event), fields),
    warn: (event, fields = {}) => logger.warn(literal(event), fields),
    error: (event, fields = {}) => logger.error(literal(event), fields),
  };
}

/** Lines of one turn, such as those of a batch, go out in one write. */
class Lines {
  #text = "";

  constructor(private readonly outlet: Outlet) {}

  add(line: string): void {
    if (!this.#text) queueMicrotask(() => this.flush());
    this.#text += line;
  }

  /** Where nobody reads the log any more, or its disk is full, the depot goes on without it. */
  flush(): void {
    const text = this.#text;
    this.#text = "";
    try {
      writeAll(this.outlet, text);
    } catch {
      // There is no other place to say it.
    }
  }
}

/** The logger would put a field in place of what stands in braces. */
function literal(event: string): string {
  return event.replace(/[{}]/g, "$&$&");
}

function jsonLine(record: LogRecord): string {
  return seenJson(jsonLinesFormatter(record));
}

/** The event, then its fields as `key=value`. What others called themselves steers no terminal. */
function textLine(): (record: LogRecord) => string {
  return getTextFormatter({
    timestamp: "rfc3339",
    format({ timestamp, level, message, record }) {
      const fields = Object.entries(record.properties)
        .map(([key, value]) => ` ${key}=${jsonText(value)}`).join("");
      return `${timestamp} ${level} ${shown(message)}${fields}`;
    },
  });
}
