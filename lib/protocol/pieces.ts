/** Lines and raw bytes that are written together. */

const ENCODER = new TextEncoder();

/** A line with its LF, or raw bytes as they are. */
export function pieceOf(part: string | Uint8Array): Uint8Array {
  return typeof part === "string" ? ENCODER.encode(part + "\n") : part;
}

/** How many bytes they have together. */
export function sizeOf(pieces: Uint8Array[]): number {
  return pieces.reduce((sum, { length }) => sum + length, 0);
}

/** Lines, each with its LF, and raw bytes, copied into one piece. */
export function inOnePiece(parts: (string | Uint8Array)[]): Uint8Array {
  const pieces = parts.map(pieceOf);
  const whole = new Uint8Array(sizeOf(pieces));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
