import type { ContentChecks } from "./catalog/catalog.ts";
import type { Core } from "./core.ts";
import type { Plan } from "./deposit_plan.ts";
import { openLeg, Upload } from "./upload.ts";

/**
 * Writes the intent, then opens the upload on each of its plan's places. `content`: what the bytes
 * will be, when that is known; `onFailed` is told of places that fail, now or later.
 */
export async function beginUpload(
  plan: Plan,
  core: Core,
  { content, onFailed }: { content?: ContentChecks | undefined; onFailed(place: string): void },
): Promise<Upload> {
  const { key, places, request: { owner, size }, signal } = plan;
  await core.catalog.beginUpload({
    upload: key,
    owner,
    places: places.map(({ place }) => place.id),
    now: core.clock.wall(),
    ...(content ? { content } : {}),
  });
  const sized = size === null ? {} : { size };
  const opened = await Promise.allSettled(
    places.map(({ place, room }) =>
      openLeg(place, room, { id: key, resume: false, signal, ...sized })
    ),
  );
  let failure: unknown;
  opened.forEach((leg, index) => {
    if (leg.status === "fulfilled") return;
    failure = leg.reason;
    onFailed(places[index]!.place.id);
  });
  const legs = opened.filter((leg) => leg.status === "fulfilled").map((leg) => leg.value);
  return new Upload(legs, {
    failure,
    onFailed,
    now: () => core.clock.monotonic(),
    size,
    hashers: content ? undefined : core.hashers,
  });
}
