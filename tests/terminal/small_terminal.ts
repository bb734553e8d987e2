import type { Outlet } from "../../lib/terminal/output.ts";
import { columnsOf } from "../../lib/terminal/text.ts";

const DECODER = new TextDecoder();

/** A line of a terminal, and where in it the cursor would be. */
interface Line {
  text: string;
}

/**
 * A terminal that knows what the live lines use, and that breaks its lines anew when it becomes
 * narrower, as most do. Lines are kept whole; `rows` are what the window shows of them.
 */
export class SmallTerminal implements Outlet {
  written = 0;
  #rows: { text: string; goesOn: boolean }[] = [{ text: "", goesOn: false }];
  #row = 0;
  #column = 0;

  constructor(private columns: number) {}

  get rows(): string[] {
    return this.#rows.map(({ text }) => text);
  }

  /** Lines, whatever they are broken into. */
  get text(): string[] {
    return this.#lines().map(({ text }) => text);
  }

  print(text: string): void {
    this.writeSync(new TextEncoder().encode(text));
  }

  writeSync(data: Uint8Array): number {
    this.written++;
    // deno-lint-ignore no-control-regex
    for (const [, order, letter] of DECODER.decode(data).matchAll(/(\x1b\[\d*[A-Z])|(.)/gsu)) {
      if (order) this.#obey(order);
      else if (letter === "\r") this.#column = 0;
      else if (letter === "\n") this.#down();
      else if (letter !== undefined) this.#put(letter);
    }
    return data.length;
  }

  resize(columns: number): void {
    const lines = this.#lines();
    this.columns = columns;
    this.#rows = lines.flatMap(({ text }) => broken(text, columns));
    // The cursor is at the end of what was written last.
    this.#row = this.#rows.length - 1;
    this.#column = columnsOf(this.#rows.at(-1)!.text);
  }

  #lines(): Line[] {
    const lines: Line[] = [];
    let goesOn = false;
    for (const row of this.#rows) {
      if (goesOn) lines.at(-1)!.text += row.text;
      else lines.push({ text: row.text });
      goesOn = row.goesOn;
    }
    return lines;
  }

  #obey(order: string): void {
    const row = this.#rows[this.#row]!;
    if (order.endsWith("A")) this.#row -= Number(order.slice(2, -1));
    if (/[KJ]$/.test(order)) {
      row.text = Array.from(row.text).reduce(
        (kept, letter) => columnsOf(kept + letter) <= this.#column ? kept + letter : kept,
        "",
      );
      row.goesOn = false;
    }
    if (order.endsWith("J")) this.#rows.length = this.#row + 1;
    if (this.#row < 0) throw new Error("The cursor left the window");
  }

  #down(): void {
    this.#rows[++this.#row] ??= { text: "", goesOn: false };
  }

  #put(letter: string): void {
    const row = this.#rows[this.#row]!;
    let before = "";
    for (const each of row.text) if (columnsOf(before + each) <= this.#column) before += each;
    const after = row.text.slice(before.length);
    const width = columnsOf(letter);
    let rest = after;
    for (let over = width; over > 0 && rest !== ""; rest = rest.slice(1)) {
      over -= columnsOf(rest[0]!);
    }
    row.text = before + letter + rest;
    this.#column += width;
    if (this.#column > this.columns) throw new Error("A line is wider than the window");
  }
}

function broken(text: string, columns: number): { text: string; goesOn: boolean }[] {
  const rows = [{ text: "", goesOn: false }];
  for (const letter of text) {
    const row = rows.at(-1)!;
    if (columnsOf(row.text + letter) <= columns) row.text += letter;
    else {
      row.goesOn = true;
      rows.push({ text: letter, goesOn: false });
    }
  }
  return rows;
}
