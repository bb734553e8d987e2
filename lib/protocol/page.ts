/** The protocol as a page, made from the same tables as the codec. */
import { ERROR_CODES } from "./errors.ts";
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
`;

/** The sections of the page, in its order. */
const SECTIONS: readonly [title: string, table: Record<string, Message>][] = [
  ["Requests", REQUESTS],
  ["After an offer, in place of a request", ACTIONS],
  ["Bodies", BODY],
  ["Answers", REPLIES],
];

/** Which answers a request has, in order. */
const ANSWERS: Readonly<Record<keyof typeof REQUESTS, string>> = {
  connect: "connected",
  seedDeposit: "seedReceipt",
  seedRetrieve: "seedContent, then the raw bytes",
  deposit:
    "any number of progress, then offer; after the action and its blocks any number of progress, then receipt",
  retrieve: "content, then blocks and end",
  list: "items, then that many file",
  replicas: "any number of progress, then receipt",
  remove: "removed",
  status: "status, then that many place",
  fileStatus: "fileStatus, one file, then that many replica",
};

/** The page as Markdown. */
export function protocolPage(): string {
  const sections = SECTIONS.map(([title, table]) =>
    `## ${title}\n\n` +
    Object.entries(table).map(([name, message]) => entry(name, message)).join("")
  );
  return [INTRODUCTION, ...sections, errorSection()].join("\n");
}

function entry(name: string, message: Message): string {
  const word = message.word ? [message.word.join(":")] : [];
  const keys = Object.values(message.fields).map(({ key, type, empty, extra }) =>
    `${key}:{${type.shape}${extra ? ", may be missing" : empty ? ", or empty" : ""}}`
  );
  const answer = name in ANSWERS ? `\nAnswer: ${ANSWERS[name as keyof typeof ANSWERS]}\n` : "";
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
