/** Past the system's cache a disk takes whole pages only, which begin where one does. Bytes. */
export const PAGE_BYTES = 4096;

/** As many of `bytes` bytes as make whole pages. */
export function wholePages(bytes: number): number {
  return bytes - bytes % PAGE_BYTES;
}
