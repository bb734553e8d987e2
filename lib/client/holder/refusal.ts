import { Full } from "../../disk/mod.ts";
import { Refusal } from "../../protocol/mod.ts";
import { messageOf } from "../errors.ts";

/** A failure as the depot is told of it. */
export function refusalOf(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  if (error instanceof Full) return new Refusal("sem_espaco", error.message, { cause: error });
  const message = messageOf(error);
  // The one failure of a disk that is no failure of a disk.
  const code = message.endsWith("it is being written") ? "envio_em_uso" : "interno";
  return new Refusal(code, message, { cause: error });
}
