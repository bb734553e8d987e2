/** What travels: messages, their codec, a framed connection, and what can go wrong. */
export * from "./answers.ts";
export { batchFrame, BatchReader, MOST_FRAME_BYTES } from "./batch.ts";
export * from "./codec.ts";
export * from "./connection.ts";
export * from "./errors.ts";
export * from "./limits.ts";
export { CONTROL, HOLDER_REPLIES, HOLDER_REQUESTS, STEPS } from "./holder_messages.ts";
export { ACTIONS, BODY, type Message, REPLIES, REQUESTS, type Values } from "./messages.ts";
export { complaintAboutName, requireName } from "./names.ts";
export { isUuid } from "./uuid.ts";
export { withProgress, type WorkState } from "./working.ts";
