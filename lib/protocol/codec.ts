import { ERROR_CODES, type ErrorCode, Refusal } from "./errors.ts";
import { CONTROL, HOLDER_REQUESTS, STEPS } from "./holder_messages.ts";
import {
  ACTIONS,
  BODY,
  type Field,
  type Message,
  REPLIES,
  REQUESTS,
  type Values,
} from "./messages.ts";

/** A decoded message of one of several kinds, told apart by `kind`. */
export type Decoded<T extends Record<string, Message>> = {
  [K in keyof T]: { kind: K } & Values<T[K]>;
}[keyof T];

export type Request = Decoded<typeof REQUESTS>;
export type Action = Decoded<typeof ACTIONS>;
export type BodyLine = Decoded<typeof BODY>;
export type Control = Decoded<typeof CONTROL>;
export type HolderRequest = Decoded<typeof HOLDER_REQUESTS>;
export type Step = Decoded<typeof STEPS_AND_BLOCK>;

const KEY = /^[a-z_]{1,40}$/;

const STEPS_AND_BLOCK = { ...STEPS, block: BODY.block };

/** Keys whose value is the rest of the line, whatever is in it. */
const TAKES_THE_REST: ReadonlySet<string> = new Set(["nome_arquivo", "mensagem"]);

/** A message's fields as they are gone through, thousands of times. */
interface Shape {
  fields: readonly [name: string, field: Field<unknown>][];
  keys: ReadonlySet<string>;
}

const shapeOf = keptFor((message: Message): Shape => {
  const fields = Object.entries<Field<unknown>>(message.fields);
  return { fields, keys: new Set(fields.map(([, { key }]) => key)) };
});

const kindsOf = keptFor((table: Record<string, Message>) => Object.entries(table));

/** A message as its line, without the LF. */
export function encode<M extends Message>(message: M, values: Values<M>): string {
  const parts: string[] = message.word ? [message.word.join(":")] : [];
  for (const [name, field] of shapeOf(message).fields) {
    const value = (values as Record<string, unknown>)[name] ?? null;
    if (value === null && field.extra) continue;
    parts.push(`${field.key}:${value === null ? "" : field.type.format(value)}`);
  }
  return parts.join("|");
}

/** The line of a refusal. */
export function encodeError(refusal: Refusal): string {
  const { code, available, message } = refusal;
  return encode(REPLIES.error, { code, available, message });
}

/** Reads a client's line. Throws a `Refusal` that says what is wrong with it. */
export function decodeRequest(line: string): Request {
  return decodeOneOf(REQUESTS, line);
}

/** Reads what a client says after an offer. Throws a `Refusal`. */
export function decodeAction(line: string): Action {
  return decodeOneOf(ACTIONS, line);
}

/** Reads what a holder says on its control connection. Throws a `Refusal`. */
export function decodeControl(line: string): Control {
  return decodeOneOf(CONTROL, line);
}

/** Reads what a depot asks of a holder. Throws a `Refusal`. */
export function decodeHolderRequest(line: string): HolderRequest {
  return decodeOneOf(HOLDER_REQUESTS, line);
}

/** Reads what a depot says of an open upload: a block or a step. Throws a `Refusal`. */
export function decodeStep(line: string): Step {
  return decodeOneOf(STEPS_AND_BLOCK, line);
}

/** Reads the line before a block, or at a body's end. Throws a `Refusal`. */
export function decodeBody(line: string): BodyLine {
  const body = decodeOneOf(BODY, line);
  if (body.kind === "block" && body.bytes === 0) {
    throw new Refusal("mensagem_invalida", "Refused the body's end: it has no hash_arquivo");
  }
  if (body.kind === "end" && body.bytes !== 0) {
    throw new Refusal("mensagem_invalida", "Refused the block: only the last has a hash_arquivo");
  }
  return body;
}

/**
 * Reads an answer of the kind that the request calls for. Unknown keys are passed over. Throws the
 * `Refusal` that the other side sent, or one with `mensagem_invalida` when it is no such answer.
 */
export function decodeReply<M extends Message>(message: M, line: string): Values<M> {
  const entries = splitLine(line);
  if (entries.has("erro")) throw receivedRefusal(entries);
  return readValues(message, entries);
}

/** Whether the line answers with `message` (or an error), by its first key. */
export function startsAs(message: Message, line: string): boolean {
  const first = Object.values(message.fields)[0];
  return first !== undefined && line.startsWith(first.key + ":");
}

/** Whether the line belongs to a body or follows an offer, and so never begins a request. */
export function belongsToBody(line: string): boolean {
  return /^(bloco|desistir|acao):/.test(line);
}

/** What the lines look like behind which raw bytes come at once, and where each says how many. */
const BYTES_BEHIND: readonly [line: RegExp, says: RegExp, silent: null | 0][] = [
  // The seed's retrieval begins as its deposit does, and has no bytes behind it.
  [/^id_cliente:/, /\|tamanho_arquivo:([1-9][0-9]{0,14})(\||$)/, 0],
  [/(^|\|)comando:lote(\||$)/, /(?:^|\|)tamanho:(0|[1-9][0-9]{0,14})(\||$)/, null],
];

/**
 * How many raw bytes come behind a line that is a seed's deposit or a batch, or is meant as one and
 * has something else wrong with it. `null`: some do, and it does not say how many.
 */
export function bytesBehind(line: string): number | null {
  const [, says, silent] = BYTES_BEHIND.find(([meant]) => meant.test(line)) ?? [];
  if (!says) return 0;
  const size = says.exec(line)?.[1];
  return size === undefined ? silent! : Number(size);
}

function receivedRefusal(entries: Map<string, string>): Refusal {
  const error = readValues(REPLIES.error, entries);
  const code: ErrorCode = Object.hasOwn(ERROR_CODES, error.code)
    ? error.code as ErrorCode
    : "interno";
  return new Refusal(code, error.message || error.code, { available: error.available });
}

function decodeOneOf<T extends Record<string, Message>>(table: T, line: string): Decoded<T> {
  const entries = splitLine(line);
  for (const [kind, message] of kindsOf(table)) {
    if (!isKnownBy(message, entries)) continue;
    refuseUnknownKeys(message, entries);
    return { kind, ...readValues(message, entries) } as Decoded<T>;
  }
  throw new Refusal("mensagem_invalida", `Refused the line: no message has these keys`);
}

/** By its word; without one, by having all of its keys and no other. */
function isKnownBy(message: Message, entries: Map<string, string>): boolean {
  if (message.word) return entries.get(message.word[0]) === message.word[1];
  const { fields, keys } = shapeOf(message);
  return fields.every(([, field]) => field.extra || entries.has(field.key)) &&
    [...entries.keys()].every((key) => keys.has(key));
}

function refuseUnknownKeys(message: Message, entries: Map<string, string>): void {
  const { keys } = shapeOf(message);
  for (const key of entries.keys()) {
    if (keys.has(key) || key === message.word?.[0]) continue;
    throw new Refusal("mensagem_invalida", `Refused the line: unknown key ${quote(key)}`);
  }
}

function readValues<M extends Message>(message: M, entries: Map<string, string>): Values<M> {
  const values: Record<string, unknown> = {};
  for (const [name, field] of shapeOf(message).fields) values[name] = readValue(field, entries);
  return values as Values<M>;
}

function readValue(field: Field<unknown>, entries: Map<string, string>): unknown {
  const text = entries.get(field.key);
  if (text === undefined) {
    if (field.extra) return null;
    throw new Refusal("mensagem_invalida", `Refused the line: it has no ${field.key}`);
  }
  if (text === "" && field.empty) return null;
  try {
    return field.type.parse(text);
  } catch (error) {
    if (!(error instanceof Refusal) || error.code !== "valor_invalido") throw error;
    throw new Refusal(error.code, `${error.message} in ${field.key}`, { cause: error });
  }
}

/** `key:value|key:value…`, each key once. */
function splitLine(line: string): Map<string, string> {
  const entries = new Map<string, string>();
  for (let at = 0; at <= line.length;) {
    const colon = line.indexOf(":", at);
    if (colon <= at) throw new Refusal("mensagem_invalida", "Refused the line: expected key:value");
    const key = line.slice(at, colon);
    if (!KEY.test(key)) {
      throw new Refusal("mensagem_invalida", `Refused the line: ${quote(key)} is no key`);
    }
    if (entries.has(key)) {
      throw new Refusal("mensagem_invalida", `Refused the line: ${key} stands there twice`);
    }
    const bar = TAKES_THE_REST.has(key) ? -1 : line.indexOf("|", colon);
    const end = bar === -1 ? line.length : bar;
    entries.set(key, line.slice(colon + 1, end));
    at = end + 1;
  }
  return entries;
}

/** Keeps what `make` makes of each. */
function keptFor<K extends object, V>(make: (of: K) => V): (of: K) => V {
  const kept = new WeakMap<K, V>();
  return (of) => {
    let value = kept.get(of);
    if (value === undefined) kept.set(of, value = make(of));
    return value;
  };
}

/** A foreign text, short enough for a message. */
function quote(text: string): string {
  return JSON.stringify(text.length > 40 ? text.slice(0, 40) + "…" : text);
}
