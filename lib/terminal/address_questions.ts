/** Which depot, and as whom: what the seed asks of a client. */
import { checkValue } from "./arguments.ts";
import type { Questions } from "./prompts.ts";
import { environment } from "./user_path.ts";
import { formatAddress, parseAddress, parseIdentifier, parsePort, UsageError } from "./values.ts";

/** Offers what was answered before, when it is asked again. */
export class AddressQuestions {
  #host = "127.0.0.1";
  #port = "";
  #id = "";

  constructor() {
    const text = environment("DEPOSITO_SERVER") ?? this.#host;
    const { hostname, port } = checkValue(text, "DEPOSITO_SERVER", parseAddress);
    this.#host = hostname;
    this.#port = String(port);
  }

  /** Resolves to the flags that say it; `null`: the user went back. */
  async ask(questions: Questions): Promise<string[] | null> {
    const host = await questions.text("Which host?", { initial: this.#host, check: requireHost });
    if (host === null) return null;
    this.#host = host;
    const port = await questions.text("Which port?", { initial: this.#port, check: isPort });
    if (port === null) return null;
    this.#port = port;
    const id = await questions.text("Your identifier?", {
      initial: this.#id,
      hint: "empty: remembered, or a new one",
      check: (text) => text === "" || parseIdentifier(text),
    });
    if (id === null) return null;
    this.#id = id;
    const server = formatAddress({ hostname: host, port: parsePort(port) });
    return ["--server", server, ...id === "" ? [] : ["--id", id]];
  }
}

function isPort(text: string): void {
  parsePort(text);
}

/** A host alone: the port is asked for next. */
function requireHost(text: string): void {
  if (text === "") throw new UsageError("Write the name or the address of the server");
  if (text.includes(":") && !/:.*:/.test(text)) {
    throw new UsageError("Write the host alone: the port is the next question");
  }
  parseAddress(formatAddress({ hostname: text, port: 1 }));
}
