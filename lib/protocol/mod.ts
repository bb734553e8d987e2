/** What travels: messages, their codec, a framed connection, and what can go wrong. */
export * from "./codec.ts";
export * from "./connection.ts";
export * from "./errors.ts";
export * from "./limits.ts";
export { ACTIONS, BODY, REPLIES, REQUESTS, type Values } from "./messages.ts";
export { complaintAboutName, requireName } from "./names.ts";
