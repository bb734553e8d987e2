import { NAME_BYTES } from "./limits.ts";
import { Refusal } from "./errors.ts";

const ENCODER = new TextEncoder();
const STRICT_DECODER = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Why a name cannot be a file's name, or `null` when it can: 1 to 1,024 bytes of UTF-8, relative,
 * `/`-separated, without `.`, `..`, empty parts or NUL.
 */
export function complaintAboutName(name: string): string | null {
  if (name === "") return "a name needs at least 1 byte";
  if (!name.isWellFormed()) return "it is not valid Unicode";
  const bytes = ENCODER.encode(name).length;
  if (bytes > NAME_BYTES) return `it has ${bytes} bytes, more than ${NAME_BYTES}`;
  if (name.includes("\0")) return "it has a NUL byte";
  if (name.startsWith("/")) return "it starts with /";
  const parts = name.split("/");
  if (parts.includes("")) return "it has an empty part";
  if (parts.includes("..") || parts.includes(".")) return "it has a part . or ..";
  return null;
}

/** Throws `nome_invalido` when `name` cannot be a file's name. */
export function requireName(name: string): string {
  const complaint = complaintAboutName(name);
  if (complaint) throw new Refusal("nome_invalido", `Refused the name: ${complaint}`);
  return name;
}

/** Bytes below 0x20, 0x7F, `%` and those of `more` as `%XX`, so that a text fits in a value. */
export function escape(text: string, more = ""): string {
  return text.replace(
    // deno-lint-ignore no-control-regex
    /[\x00-\x1f\x7f%|,]/g,
    (char) =>
      (char === "|" || char === ",") && !more.includes(char)
        ? char
        : "%" + char.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0"),
  );
}

/** Undoes `escape`; a `%` without two hexadecimal digits, or bytes that are not UTF-8, throw. */
export function unescape(text: string): string {
  if (!text.includes("%")) return text;
  if (/%(?![0-9A-Fa-f]{2})/.test(text)) {
    throw new Refusal("valor_invalido", "Refused a value: a % must be followed by two hex digits");
  }
  const bytes: number[] = [];
  for (let at = 0; at < text.length;) {
    if (text[at] === "%") {
      bytes.push(parseInt(text.slice(at + 1, at + 3), 16));
      at += 3;
      continue;
    }
    const end = text.indexOf("%", at);
    const plain = end === -1 ? text.slice(at) : text.slice(at, end);
    bytes.push(...ENCODER.encode(plain));
    at += plain.length;
  }
  try {
    return STRICT_DECODER.decode(Uint8Array.from(bytes));
  } catch (cause) {
    throw new Refusal("valor_invalido", "Refused a value: it is not UTF-8", { cause });
  }
}
