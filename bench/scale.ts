/** How much of everything there is. */
export interface Scale {
  largeBytes: number;
  smallFiles: number;
  smallBytes: number;
  /** Files in the fullest catalog. */
  catalogFiles: number;
  /** Files of the client that asks such a catalog: as many as a page of a list has, at most. */
  ownFiles: number;
  /** Connections that do nothing. */
  idle: number;
  /** Deposits one after the other where a single one is too short to be timed. */
  repeats: number;
  rounds: number;
  /** Rounds before those that count. */
  warmUps: number;
}

const MIB = 1024 * 1024;

/** What is measured, and the form that only shows that the bench works. */
export const SCALES = {
  full: {
    largeBytes: 1024 * MIB,
    smallFiles: 1_000,
    smallBytes: 4_096,
    catalogFiles: 1_000_000,
    ownFiles: 1_000,
    idle: 5_000,
    repeats: 200,
    rounds: 5,
    warmUps: 1,
  },
  quick: {
    largeBytes: 4 * MIB,
    smallFiles: 8,
    smallBytes: 4_096,
    catalogFiles: 1_000,
    ownFiles: 10,
    idle: 20,
    repeats: 4,
    rounds: 1,
    warmUps: 0,
  },
} as const satisfies Record<string, Scale>;
