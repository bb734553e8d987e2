const WASM_PAGE_BYTES = 64 * 1024;

/**
 * Memory that threads share and that begins at a page of the system's, which the other kinds of it do
 * not; a disk takes bytes past its cache from nothing else. `bytes`: a multiple of 64 KiB. Throws
 * where there is not so much.
 */
export function sharedPages(bytes: number): SharedArrayBuffer {
  const pages = bytes / WASM_PAGE_BYTES;
  return new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true })
    .buffer as unknown as SharedArrayBuffer;
}
