/**
 * Judges copies by what their places answer, without moving their bytes.
 *
 * Each place is asked for the SHA-256 of a fresh random prefix followed by its copy, which it can
 * only answer by reading it. Where the depot has a copy of its own it knows the right answer.
 * Otherwise copies that answer alike vouch for each other. Whatever is not settled so is read
 * whole and judged by its own SHA-256.
 */

/** What places answered; `null`: there is no such copy. A place that did not answer is left out. */
export interface Answers {
  /** Of copies on media that the depot reads itself. */
  own: Map<string, string | null>;
  others: Map<string, string | null>;
}

export interface Finding {
  /** Of the others, those that are right. */
  right: string[];
  /** To be read whole. */
  doubtful: string[];
}

/** Settles what can be settled by comparing. */
export function compareAnswers({ own, others }: Answers): Finding {
  const all = [...own, ...others];
  const alike = new Set(all.map(([, answer]) => answer)).size === 1 && all[0]?.[1] !== null;
  if (alike && all.length > 1) return { right: [...others.keys()], doubtful: [] };
  return { right: [], doubtful: all.map(([place]) => place) };
}
