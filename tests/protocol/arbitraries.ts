/** Arbitrary messages, made from the tables. */
import fc from "fast-check";
import * as type from "../../lib/protocol/fields.ts";
import { complaintAboutName, IDS_IN_A_LINE, LABEL_BYTES } from "../../lib/protocol/mod.ts";
import type { Message } from "../../lib/protocol/messages.ts";

const bytes = (text: string) => new TextEncoder().encode(text).length;
const hex = (length: number) =>
  fc.string({ unit: fc.constantFrom(..."0123456789abcdef"), minLength: length, maxLength: length });

const unicode = fc.string({ unit: "binary", maxLength: 40 });

/** Names with everything that a line has a meaning for. */
export const names: fc.Arbitrary<string> = fc.string({
  unit: fc.oneof(
    fc.constantFrom(
      "a",
      "/",
      ".",
      "%",
      "|",
      ":",
      ",",
      " ",
      "\n",
      "\r",
      "\x7f",
      "é",
      "😀",
      "\ufeff",
    ),
    fc.string({ unit: "binary", minLength: 1, maxLength: 1 }),
  ),
  minLength: 1,
  maxLength: 60,
}).filter((name) => complaintAboutName(name) === null);

const labels = unicode.filter((text) =>
  text !== "" && text.isWellFormed() && bytes(type.label.format(text)) < LABEL_BYTES
);
const placeIds = fc.string({
  unit: fc.constantFrom(..."abcXYZ0189-"),
  minLength: 1,
  maxLength: 64,
});
const naturals = fc.oneof(fc.nat(), fc.constantFrom(0, Number.MAX_SAFE_INTEGER));

const VALUES = new Map<type.FieldType<unknown>, fc.Arbitrary<unknown>>([
  [type.number, naturals],
  [type.flag, fc.boolean()],
  [type.digest, hex(64)],
  [type.identifier, fc.uuid({ version: 4 })],
  [type.uuid, fc.uuid()],
  [type.placeId, placeIds],
  [type.ids, fc.array(placeIds, { minLength: 1, maxLength: IDS_IN_A_LINE })],
  [type.labels, fc.array(labels, { maxLength: IDS_IN_A_LINE })],
  [type.label, labels],
  [type.literalName, names.filter((name) => !/[\r\n]/.test(name))],
  [type.name, names],
  [type.nameOrFolder, fc.oneof(names, names.map((name) => name + "/"))],
  [
    type.cursor,
    unicode.filter((text) => text !== "" && text.isWellFormed() && !text.includes("\0")),
  ],
  // deno-lint-ignore no-control-regex
  [type.message, unicode.filter((text) => text.isWellFormed() && !/[\x00-\x1f\x7f]/.test(text))],
  [type.word, fc.string({ unit: fc.constantFrom(..."abz_"), minLength: 1, maxLength: 40 })],
]);

/** Values that a message may carry. */
export function valuesOf(message: Message): fc.Arbitrary<Record<string, unknown>> {
  const fields = Object.entries(message.fields).map(([name, field]) => {
    const values = VALUES.get(field.type);
    if (!values) throw new TypeError(`No arbitrary for ${field.type.shape}`);
    return [name, field.empty || field.extra ? fc.option(values) : values] as const;
  });
  return fc.record(Object.fromEntries(fields));
}
