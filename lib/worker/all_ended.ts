/** Throws what the first of the promises threw, once all have ended. */
export async function allEnded(steps: readonly unknown[]): Promise<void> {
  for (const step of await Promise.allSettled(steps)) {
    if (step.status === "rejected") throw step.reason;
  }
}
