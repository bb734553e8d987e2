/** The protocol that this program speaks; a peer that says another number is refused. */
export const PROTOCOL_VERSION = 1;

/** A line with its LF, in bytes. */
export const LINE_BYTES = 8_192;

/** A file's name in UTF-8, in bytes. */
export const NAME_BYTES = 1_024;

/** A place's name in UTF-8, in bytes. */
export const LABEL_BYTES = 64;

/** A block of a body, in bytes. */
export const BLOCK_BYTES: number = 1024 * 1024;

/** A transfer in which nothing moves for this long is over, in milliseconds. */
export const PATIENCE_MS = 30_000;

/** While the other side works, it says so at least this often, in milliseconds. */
export const PROGRESS_EVERY_MS = 5_000;

/** Items of a listing in one answer, at most. */
export const PAGE_ITEMS = 1_000;

/** A content up to this many bytes may be sent with its request, before the answer. */
export const AHEAD_BYTES: number = 128 * 1024;

/** Requests in one batch, at most. */
export const BATCH_ITEMS = 64;

/** Contents in one batch, or in its answer, together, in bytes, at most. */
export const BATCH_BYTES: number = 1024 * 1024;

/** Place identifiers in one message, at most: what fits in a line beside a name. */
export const IDS_IN_A_LINE = 32;

/** Bytes that stand in a line as hexadecimal, at most. */
export const HEX_BYTES = 1_024;

/** A holder says that it lives at least this often, in milliseconds. */
export const ALIVE_EVERY_MS = 15_000;

/** A control connection that is silent for this long is lost, in milliseconds. */
export const SILENCE_MS = 45_000;

/** A transfer between depot and holder in which nothing moves for this long fails, in milliseconds. */
export const HOLDER_PATIENCE_MS = 15_000;

/** Data connections of one holder, at most. */
export const HOLDER_LINES = 64;
