import { isUuid } from "./uuid.ts";
import { Refusal } from "./errors.ts";
import { HEX_BYTES, IDS_IN_A_LINE, LABEL_BYTES, NAME_BYTES } from "./limits.ts";
import { escape, requireName, unescape } from "./names.ts";

/** How one kind of value is written in a line and read from it. `parse` throws a `Refusal`. */
export interface FieldType<T> {
  /** For the protocol page. */
  readonly shape: string;
  parse(text: string): T;
  format(value: T): string;
}

function refuse(what: string): never {
  throw new Refusal("valor_invalido", `Refused a value: expected ${what}`);
}

/** Decimal, no sign, no leading zero, at most 2^53−1. */
export const number: FieldType<number> = {
  shape: "number",
  parse(text) {
    // 16 digits hold 2^53-1; longer texts are refused before they cost anything.
    if (!/^(0|[1-9][0-9]{0,15})$/.test(text)) refuse("a whole number without sign or leading zero");
    const value = Number(text);
    return Number.isSafeInteger(value) ? value : refuse("a number of at most 2^53-1");
  },
  format: String,
};

export const flag: FieldType<boolean> = {
  shape: "0 or 1",
  parse: (text) => text === "1" ? true : text === "0" ? false : refuse("0 or 1"),
  format: (value) => value ? "1" : "0",
};

export const digest: FieldType<string> = {
  shape: "SHA-256",
  parse: (text) => /^[0-9a-f]{64}$/.test(text) ? text : refuse("64 lower-case hexadecimal digits"),
  format: String,
};

/** An identifier that the depot made: a UUID version 4, lower case. */
export const identifier: FieldType<string> = {
  shape: "UUID",
  parse(text) {
    if (isUuid(text)) return text.toLowerCase();
    throw new Refusal(
      "id_invalido",
      "Refused the identifier: it is not a UUID version 4; check it, or connect with an empty one",
    );
  },
  format: String,
};

/** Any UUID, such as that of an upload. */
export const uuid: FieldType<string> = {
  shape: "UUID",
  parse: (text) =>
    /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text) ? text : refuse("a UUID"),
  format: String,
};

export const placeId: FieldType<string> = {
  shape: "id",
  parse: (text) => /^[0-9A-Za-z-]{1,64}$/.test(text) ? text : refuse("a place's identifier"),
  format: String,
};

/** An upload as a place knows it. */
export const uploadId: FieldType<string> = {
  shape: "id",
  parse: (text) => /^[0-9A-Za-z-]{1,64}$/.test(text) ? text : refuse("an upload's identifier"),
  format: String,
};

/** Bytes as lower-case hexadecimal. */
export const hex: FieldType<Uint8Array> = {
  shape: "hexadecimal",
  parse: (text) =>
    /^([0-9a-f]{2})*$/.test(text) && text.length <= HEX_BYTES * 2
      ? Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16))
      : refuse(`at most ${HEX_BYTES} bytes in hexadecimal`),
  format: (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(""),
};

/** Place identifiers, comma-separated. */
export const ids: FieldType<string[]> = {
  shape: "id,id",
  parse(text) {
    const list = text === "" ? [] : text.split(",");
    if (list.length > IDS_IN_A_LINE) refuse(`at most ${IDS_IN_A_LINE} identifiers of places`);
    return list.map(placeId.parse);
  },
  format: (list) => list.slice(0, IDS_IN_A_LINE).join(","),
};

/** Texts for people, comma-separated and escaped. */
export const labels: FieldType<string[]> = {
  shape: "text,text",
  parse: (text) => text === "" ? [] : text.split(",").map(label.parse),
  format: (list) => list.slice(0, IDS_IN_A_LINE).map(label.format).join(","),
};

/** A short text for people, such as a place's name. Cut as it is written, so that a line holds it. */
export const label: FieldType<string> = {
  shape: "text",
  parse: (text) => text.length <= LABEL_BYTES * 3 ? unescape(text) : refuse("a short text"),
  format: (text) => truncate(escape(text, "|,"), LABEL_BYTES).replace(/%[0-9A-F]?$/, ""),
};

/** A file's name as the seed writes it: to the letter. */
export const literalName: FieldType<string> = {
  shape: "name",
  parse: requireName,
  format: String,
};

/** A file's name with its control bytes and `%` as `%XX`. */
export const name: FieldType<string> = {
  shape: "name",
  parse: (text) => requireName(unescape(text)),
  format: (value) => escape(value),
};

/** A file's name, or a folder's with `/` at its end, where a `|` would end the value. */
export const nameOrFolder: FieldType<string> = {
  shape: "name or folder/",
  parse(text) {
    const value = unescape(text);
    requireName(value.endsWith("/") ? value.slice(0, -1) : value);
    return value;
  },
  format: (value) => escape(value, "|"),
};

/** A name, or the beginning of one, where a `|` would end the value. */
export const cursor: FieldType<string> = {
  shape: "text",
  parse(text) {
    const value = unescape(text);
    return new TextEncoder().encode(value).length <= NAME_BYTES && !value.includes("\0")
      ? value
      : refuse("the beginning of a name");
  },
  format: (value) => escape(value, "|"),
};

/** What stands last and is for people. Control characters never leave this program. */
export const message: FieldType<string> = {
  shape: "text",
  parse: (text) => text,
  // deno-lint-ignore no-control-regex
  format: (text) => truncate(text.replace(/[\x00-\x1f\x7f]/g, " "), 2_000),
};

export const word: FieldType<string> = {
  shape: "word",
  parse: (text) => /^[a-z_]{1,40}$/.test(text) ? text : refuse("a word"),
  format: String,
};

/** Cuts at a character's border so that at most `bytes` bytes of UTF-8 remain. */
function truncate(text: string, bytes: number): string {
  // No character of UTF-16 takes more.
  if (text.length * 3 <= bytes) return text;
  const encoder = new TextEncoder();
  const { read } = encoder.encodeInto(text, new Uint8Array(bytes));
  return text.slice(0, read);
}
