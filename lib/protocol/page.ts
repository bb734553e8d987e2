/** The protocol as a page, made from the same tables as the codec. */
import { ERROR_CODES } from "./errors.ts";
import { CONTROL, HOLDER_REPLIES, HOLDER_REQUESTS, STEPS } from "./holder_messages.ts";
import * as limits from "./limits.ts";
import { ACTIONS, BODY, type Message, REPLIES, REQUESTS } from "./messages.ts";

const INTRODUCTION = `# The protocol

Made from the tables in \`messages.ts\`, \`errors.ts\` and \`limits.ts\` by \`deno task protocol\`; a test
fails when this page is not what they say.

TCP, one request at a time on a connection; who wants more at once opens more. A line is UTF-8, at
most ${
  limits.LINE_BYTES.toLocaleString("en")
} bytes with its LF: \`key:value|key:value…\`. A key ends at the first \`:\`, a value at the
next \`|\`; \`nome_arquivo\` and \`mensagem\` stand last and take the rest of the line. Numbers are
decimal, without sign or leading zero, at most 2^53−1. In messages with \`comando\`, and in their
answers, the bytes of a name below 0x20, 0x7F and \`%\` are written \`%XX\`; in the two messages of the
seed a name is literal. A name has 1 to ${
  limits.NAME_BYTES.toLocaleString("en")
} bytes, is relative, separated by \`/\`, without \`.\`, \`..\`,
empty parts or NUL.

*or empty*: the value may be missing, the key not. *may be missing*: the key too. An unknown key is
an error in a request and passed over in an answer. Any answer may be an error instead; the
connection stays usable wherever that is possible.

A body is a sequence of blocks: \`bloco:{n}\`, then n raw bytes, n at most ${
  limits.BLOCK_BYTES.toLocaleString("en")
}; at its end
\`bloco:0\` with the SHA-256 of the whole. In place of a block the sender may say \`desistir:1\`, and the
receiver of a deposit may send an error, after which the sender stops.

A batch is for many small files. A depot that takes batches says with \`lote\` in its answer to a
\`conectar\` that has \`maquina\` how many requests one may have, at most ${limits.BATCH_ITEMS}. Right behind the LF of
\`comando:lote\` come \`tamanho\` raw bytes: the requests one after the other, each a line with its LF,
a deposit's followed by its \`tamanho_arquivo\` raw bytes. Deposits say size and SHA-256, and have at
most ${
  limits.AHEAD_BYTES.toLocaleString("en")
} bytes; retrievals are of whole files of at most so many; all contents in a batch, or in
its answer, have at most ${
  limits.BATCH_BYTES.toLocaleString("en")
} bytes. The requests are worked on side by side, in no order. Behind
the answer's line come \`tamanho\` raw bytes again: the answers in the order of the requests, each a
line with its LF, a content's followed by its bytes. What cannot be read refuses the whole batch;
what is refused with \`limite\` may be asked for by itself.

A holder is a client that lends room. It connects like any client and says \`emprestar\`: that is its
control connection, on which it says \`vivo\` every ${limits.ALIVE_EVERY_MS / 1000} s; ${
  limits.SILENCE_MS / 1000
} s of silence, or its end without
\`adeus\`, and the place is lost. It keeps two connections more than are at work, each begun with
\`atender\` and turned round: the depot asks, the holder only answers. At most ${limits.HOLDER_LINES}.
`;

/** The sections of the page, in its order. */
const SECTIONS: readonly [title: string, table: Record<string, Message>][] = [
  ["Requests", REQUESTS],
  ["After an offer, in place of a request", ACTIONS],
  ["Bodies", BODY],
  ["Answers", REPLIES],
  ["Holders: what a holder says on its control connection", CONTROL],
  ["Holders: what the depot asks on a data connection", HOLDER_REQUESTS],
  ["Holders: of an open upload, between its blocks", STEPS],
  ["Holders: answers", HOLDER_REPLIES],
];

type Answers<T> = Readonly<Record<keyof T, string>>;

/** Which answers a request has, in order. */
const ANSWERS: Answers<typeof REQUESTS> = {
  connect: "connected",
  seedDeposit: "seedReceipt",
  seedRetrieve: "seedContent, then the raw bytes",
  deposit:
    "any number of progress, then offer; after the action and its blocks any number of progress, then receipt",
  retrieve: "content, then blocks and end",
  batch: "any number of progress, then batch and that many raw bytes",
  list: "items, then that many file",
  replicas: "any number of progress, then receipt",
  remove: "removed",
  rename: "renamed",
  restore: "file",
  listRemoved: "items, then that many removedFile",
  status: "status, then that many place",
  fileStatus: "fileStatus, one file, then that many replica",
  verify: "any number of progress, then fileStatus, one file, then that many check",
  lend: "lent; then the control connection's messages",
  serve: "serving; then the depot asks",
};

/** The same of what holders and depots say to each other. */
const HOLDER_ANSWERS: Answers<typeof CONTROL & typeof HOLDER_REQUESTS & typeof STEPS> = {
  alive: "alive",
  goodbye: "goodbye",
  store: "position",
  fetch: "content, then blocks",
  hash: "any number of progress, then hash",
  delete: "done",
  setAside: "done",
  dropAside: "done",
  discard: "done",
  inventory: "items, then that many held",
  asides: "items, then that many aside",
  uploads: "items, then that many kept",
  mark: "mark",
  setMark: "done",
  prefix: "blocks",
  rewind: "position",
  commit: "any number of progress, then done",
  keep: "any number of progress, then done",
  giveUp: "done",
};

const ANSWERS_OF: ReadonlyMap<Message, string> = new Map([
  ...answered(REQUESTS, ANSWERS),
  ...answered({ ...CONTROL, ...HOLDER_REQUESTS, ...STEPS }, HOLDER_ANSWERS),
]);

/** The page as Markdown. */
export function protocolPage(): string {
  const sections = SECTIONS.map(([title, table]) =>
    `## ${title}\n\n` +
    Object.entries(table).map(([name, message]) => entry(name, message)).join("")
  );
  return [INTRODUCTION, ...sections, errorSection()].join("\n");
}

function answered<T extends Record<string, Message>>(
  table: T,
  answers: Answers<T>,
): [Message, string][] {
  return Object.entries(table).map(([name, message]) => [message, answers[name]!]);
}

function entry(name: string, message: Message): string {
  const word = message.word ? [message.word.join(":")] : [];
  const keys = Object.values(message.fields).map(({ key, type, empty, extra }) =>
    `${key}:{${type.shape}${extra ? ", may be missing" : empty ? ", or empty" : ""}}`
  );
  const answers = ANSWERS_OF.get(message);
  const answer = answers === undefined ? "" : `\nAnswer: ${answers}\n`;
  return `**${name}**\n\n\`\`\`\n${[...word, ...keys].join("|")}\n\`\`\`\n${answer}\n`;
}

function errorSection(): string {
  const rows = Object.entries(ERROR_CODES).map(([code, { means, retry }]) =>
    `| \`${code}\` | ${means} | ${retry ? "yes" : "no"} |`
  );
  return [
    "## Errors",
    "",
    "| code | means | may succeed later as it is |",
    "| --- | --- | --- |",
    ...rows,
    "",
  ].join("\n");
}

if (import.meta.main) {
  Deno.writeTextFileSync(new URL("./README.md", import.meta.url), protocolPage());
}
