import { Screen, type ScreenOptions } from "../../lib/terminal/screen.ts";

/** A screen whose both streams are kept. */
export class KeptScreen {
  out = "";
  err = "";
  readonly screen: Screen;

  constructor(options: Partial<ScreenOptions> = {}) {
    const outlet = (keep: (text: string) => void) => ({
      // A stream that takes little at once.
      writeSync: (data: Uint8Array) => {
        const part = data.subarray(0, 1000);
        keep(new TextDecoder().decode(part));
        return part.length;
      },
    });
    this.screen = new Screen({
      stdout: outlet((text) => this.out += text),
      stderr: outlet((text) => this.err += text),
      columns: null,
      progressColumns: null,
      rows: 24,
      quiet: false,
      ...options,
    });
  }
}
