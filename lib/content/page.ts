/** Memory and disks are dealt out in pages: what begins and ends with one is moved without a copy. Bytes. */
export const PAGE_BYTES = 4096;
