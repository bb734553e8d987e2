/** Foreign text on a terminal: what it may contain, and how wide it is. */

/** Takes a column a character, and is seen as itself. Most text: it needs no table of Unicode's. */
const PLAIN = /^[\x20-\x7e]*$/;

/**
 * What moves the cursor, changes the direction of writing, breaks the line or is not seen at all.
 * A joiner between two pictures is left, because it makes one picture of them.
 */
const UNSEEN = new RegExp(
  [
    String.raw`(?<![\p{Extended_Pictographic}\u{FE0F}\u{1F3FB}-\u{1F3FF}])\u200D`,
    String.raw`\u200D(?!\p{Extended_Pictographic})`,
    String.raw`[\p{Cc}\p{Cs}\p{Co}\p{Zl}\p{Zp}]`,
    String.raw`(?!\u200D)\p{Cf}`,
    String.raw`(?! )\p{Zs}`,
    String.raw`[\u034F\u115F\u1160\u17B4\u17B5\u2800\u3164\uFFA0]`,
    String.raw`[\u{E0000}-\u{E0FFF}]`,
  ].join("|"),
  "gu",
);

const SHORT: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/** A text as it can be shown in one line: what would not be seen as itself is escaped. */
export function shown(text: string): string {
  if (PLAIN.test(text)) return text;
  return text.replace(
    UNSEEN,
    (char) => SHORT[char] ?? `\\u{${char.codePointAt(0)!.toString(16)}}`,
  );
}

let segmenter: Intl.Segmenter | null = null;

/** What stands for one letter or picture each. Made when first asked for, which takes 10 ms. */
function graphemes(text: string): Intl.Segments {
  segmenter ??= new Intl.Segmenter("en", { granularity: "grapheme" });
  return segmenter.segment(text);
}

/** Letters and pictures that take two columns of a terminal. */
const WIDE =
  /^(\p{Emoji_Presentation}|\p{Extended_Pictographic}\uFE0F|[\u1100-\u115F\u2E80-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF01-\uFF60\uFFE0-\uFFE6]|[\u{20000}-\u{3FFFD}])/u;

/** How many columns a shown text takes. */
export function columnsOf(text: string): number {
  if (PLAIN.test(text)) return text.length;
  let columns = 0;
  for (const { segment } of graphemes(text)) columns += WIDE.test(segment) ? 2 : 1;
  return columns;
}

/** The text in at most `columns` columns; a `…` stands for what is left out of its middle. */
export function fit(text: string, columns: number): string {
  if (columnsOf(text) <= columns) return text;
  const letters = Array.from(graphemes(text), ({ segment }) => segment);
  const end = take(letters.toReversed(), Math.floor((columns - 1) / 2)).toReversed();
  const start = take(letters, columns - 1 - columnsOf(end.join("")));
  return columns < 1 ? "" : `${start.join("")}…${end.join("")}`;
}

/**
 * The text as lines of at most `columns` columns where its words allow, each indented as the text is;
 * `null`: one line.
 */
export function wrap(text: string, columns: number | null): string[] {
  if (columns === null || columnsOf(text) <= columns) return [text];
  const indent = /^ */.exec(text)![0];
  const [first = "", ...words] = text.slice(indent.length).split(" ");
  const lines = [indent + first];
  for (const word of words) {
    const longer = `${lines.at(-1)} ${word}`;
    if (columnsOf(longer) > columns) lines.push(indent + word);
    else lines[lines.length - 1] = longer;
  }
  return lines;
}

/** The text with spaces after it, or before it, to `columns` columns. */
export function pad(text: string, columns: number, side: "left" | "right" = "left"): string {
  const spaces = " ".repeat(Math.max(0, columns - columnsOf(text)));
  return side === "left" ? text + spaces : spaces + text;
}

function take(letters: string[], columns: number): string[] {
  const taken: string[] = [];
  let left = columns;
  for (const letter of letters) {
    left -= columnsOf(letter);
    if (left < 0) break;
    taken.push(letter);
  }
  return taken;
}
