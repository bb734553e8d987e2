import type { FolderDeposit } from "../../client/folder_deposit.ts";
import type { SmallFiles } from "../../client/small_files.ts";
import { type Link, LocalError } from "../../client/mod.ts";
import type { Context } from "./command.ts";
import type { Together } from "./deposit_plan.ts";

export interface FoldersOptions {
  /** Nothing is taken for unchanged without a look at its bytes. */
  verify: boolean;
  /** At once, at most. */
  connections: number;
}

/** What one command deposits together, each begun when its first file comes. */
export class DepositFolders {
  #context: Context;
  #options: FoldersOptions;
  #small: SmallFiles | null = null;
  #begun = new Map<string, Promise<FolderDeposit>>();

  constructor(context: Context, options: FoldersOptions) {
    this.#context = context;
    this.#options = options;
  }

  /** Throws what asking the depot for the folder's names throws. */
  of(link: Link, together: Together): Promise<FolderDeposit> {
    const key = JSON.stringify(together);
    let begun = this.#begun.get(key);
    if (!begun) this.#begun.set(key, begun = this.#begin(link, together));
    return begun;
  }

  /** Remembers what was deposited. `isAll`: nothing failed or was left out. */
  async end({ isAll }: { isAll: boolean }): Promise<void> {
    for (const [key, begun] of this.#begun) {
      const { prefix }: Together = JSON.parse(key);
      // What could not begin has failed its files already.
      await begun.then((folder) => folder.end({ isAll: isAll && prefix !== null }), () => {});
    }
  }

  #begin(link: Link, together: Together): Promise<FolderDeposit> {
    const { screen, signal } = this.#context;
    const { connections, verify } = this.#options;
    const small = this.#small ??= link.smallFiles({ connections, signal });
    const onTrouble = (words: string) => screen.remark(words);
    const settings = this.#settings();
    return link.folder({ ...together, settings, verify, small, signal, onTrouble });
  }

  /** `null`: there is nowhere to remember, and every file is looked at. */
  #settings(): string | null {
    try {
      return this.#context.identities().folder;
    } catch (error) {
      if (error instanceof LocalError) return null;
      throw error;
    }
  }
}
