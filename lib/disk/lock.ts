/** A lock that an older runtime can only wait for is somebody else's after so long. Milliseconds. */
const WAIT_MS = 1_000;

/** Locks a file for this process alone. False when another process has it. */
export async function lockFile(file: Deno.FsFile): Promise<boolean> {
  // Deno before 2.7, which an executable may have been compiled with, has no `tryLock`.
  if ("tryLock" in file) return await file.tryLock(true);
  return await waitForLock(file);
}

/** The wait itself cannot be ended; whoever is refused here ends the process. */
async function waitForLock(file: Deno.FsFile): Promise<boolean> {
  const tooLate = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => tooLate.resolve(false), WAIT_MS);
  try {
    return await Promise.race([file.lock(true).then(() => true), tooLate.promise]);
  } finally {
    clearTimeout(timer);
  }
}
