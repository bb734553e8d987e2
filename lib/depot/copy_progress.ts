/** How far the copies of a content are. Bytes; `live`: copies that are durable by now. */
export interface CopyProgress {
  done: number;
  total: number;
  live: number;
}

/** Told while copies are made. */
export type OnCopies = (progress: CopyProgress) => void;

/** The same for a file: never more copies than its owner asked for. */
export type OnFileCopies = (progress: CopyProgress & { wanted: number }) => void;

/** Tells the owner of a file that wants `wanted` copies, whoever else has its content. */
export function forOwner(wanted: number, tell: OnFileCopies | undefined): OnCopies | undefined {
  return tell &&
    ((progress) => tell({ ...progress, live: Math.min(progress.live, wanted), wanted }));
}
