/** Bytes of contents that went to and from this holder since it started. */
export interface Traffic {
  received: number;
  sent: number;
}
