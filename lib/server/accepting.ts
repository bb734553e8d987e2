/** What a full table of open files needs to have some closed. Milliseconds. */
const REST_MS = 100;

/**
 * Hands each connection to `serve` until the listener is closed. One that cannot be accepted, as
 * when too many files are open, is told to `onError`, and the next one tried after a rest.
 */
export async function acceptAll<C>(
  listener: { accept(): Promise<C> },
  { serve, onError }: { serve(connection: C): void; onError(error: unknown): void },
): Promise<void> {
  while (true) {
    try {
      serve(await listener.accept());
    } catch (error) {
      if (error instanceof Deno.errors.BadResource) return;
      if (error instanceof Deno.errors.Interrupted) return;
      onError(error);
      await new Promise((resolve) => setTimeout(resolve, REST_MS));
    }
  }
}
