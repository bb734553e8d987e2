import type { WorkerPort } from "../../lib/worker/asked_worker.ts";

/** A worker whose replies, and whose death, are the test's. */
export abstract class FakePort<Request, Reply> implements WorkerPort<Request, Reply> {
  onmessage: WorkerPort<Request, Reply>["onmessage"] = null;
  onmessageerror: WorkerPort<Request, Reply>["onmessageerror"] = null;
  onerror: WorkerPort<Request, Reply>["onerror"] = null;
  ended = false;

  abstract postMessage(message: Request): void;

  terminate(): void {
    this.ended = true;
  }

  reply(data: Reply): void {
    this.onmessage?.(new MessageEvent("message", { data }));
  }

  die(message: string): void {
    this.onerror?.(new ErrorEvent("error", { message, cancelable: true }));
  }
}
