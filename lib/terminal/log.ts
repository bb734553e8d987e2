/** The server's log, on standard error: a line an event, as text or as JSON. */
import {
  configureSync,
  getLogger,
  getTextFormatter,
  jsonLinesFormatter,
  type LogRecord,
} from "@logtape/logtape";

export type LogFormat = "text" | "json";

type Fields = Record<string, string | number | boolean | null>;

/** The three levels that the depot uses. */
export interface ServerLog {
  info(event: string, fields?: Fields): void;
  warn(event: string, fields?: Fields): void;
  error(event: string, fields?: Fields): void;
}

/** Makes the process's log, in place of one that was made before. */
export function openLog(format: LogFormat): ServerLog {
  const toLine = format === "json" ? jsonLinesFormatter : textLine();
  const encoder = new TextEncoder();
  configureSync({
    reset: true,
    sinks: { stderr: (record) => void Deno.stderr.writeSync(encoder.encode(toLine(record))) },
    loggers: [
      { category: "deposito", sinks: ["stderr"], lowestLevel: "info" },
      { category: ["logtape", "meta"], sinks: ["stderr"], lowestLevel: "warning" },
    ],
  });
  const logger = getLogger("deposito");
  return {
    info: (event, fields = {}) => logger.info(event, fields),
    warn: (event, fields = {}) => logger.warn(event, fields),
    error: (event, fields = {}) => logger.error(event, fields),
  };
}

/** The event, then its fields as `key=value`. */
function textLine(): (record: LogRecord) => string {
  return getTextFormatter({
    timestamp: "rfc3339",
    format({ timestamp, level, message, record }) {
      const fields = Object.entries(record.properties)
        .map(([key, value]) => ` ${key}=${JSON.stringify(value)}`).join("");
      return `${timestamp} ${level} ${message}${fields}`;
    },
  });
}
