/** `--store clients`: whoever is connected and lends room is a place. */
import type { Place, PlaceEvent, Store } from "./store.ts";

/** Who lends room now. How they are connected is not this store's business. */
export interface Lenders {
  /** The places of those who are connected. */
  present(): Place[];
  /** Tells of those who come and go from now on, until the result is disposed. */
  follow(follower: (event: PlaceEvent) => void): Disposable;
}

/** Makes the store. Its places are the lenders' to release. */
export function clientsStore(lenders: Lenders): Store {
  const closing = new AbortController();
  return {
    kind: "clients",
    places: (signal) => follow(lenders, AbortSignal.any([signal, closing.signal])),
    [Symbol.asyncDispose]: () => Promise.resolve(closing.abort()),
  };
}

async function* follow(lenders: Lenders, signal: AbortSignal): AsyncGenerator<PlaceEvent> {
  const waiting: PlaceEvent[] = [];
  let wake = () => {};
  // Before looking at who is there, with nothing awaited between: nobody is missed or told twice.
  using _following = lenders.follow((event) => {
    waiting.push(event);
    wake();
  });
  const stop = () => wake();
  signal.addEventListener("abort", stop);
  try {
    for (const place of lenders.present()) waiting.push({ type: "joined", place });
    waiting.push({ type: "ready" });
    while (!signal.aborted) {
      const next = waiting.shift();
      if (next) yield next;
      else await new Promise<void>((resolve) => wake = resolve);
    }
  } finally {
    signal.removeEventListener("abort", stop);
  }
}
