/** What stays behind when something went wrong, and how long it is kept. */
import type { UploadRecord } from "./catalog/catalog.ts";
import { type Core, livePlaces, Refused } from "./core.ts";

/** Set-aside copies are kept for so long, for whoever wants to look. Milliseconds. */
export const ASIDE_KEPT_MS: number = 30 * 24 * 3_600_000;
/** A broken upload can be resumed for so long. Milliseconds. */
export const UPLOAD_KEPT_MS: number = 24 * 3_600_000;
/** Unfinished uploads that one owner may have. */
export const UPLOADS_PER_OWNER = 64;
/** The part of all room that one owner's broken uploads may take. */
export const UPLOADS_SHARE_OF_ROOM = 0.1;

/** Drops set-aside copies that are old, unless no good copy of their content is there. */
export async function dropOldAsides(core: Core): Promise<void> {
  const oldest = core.clock.wall() - ASIDE_KEPT_MS;
  for (const { digest, place: id, since } of await core.catalog.asides()) {
    const place = core.places.get(id);
    if (!place || since > oldest) continue;
    const content = await core.catalog.content(digest);
    if (content && content.wanted > 0 && livePlaces(content, core.places).length === 0) continue;
    await place.dropAside(digest);
    await core.catalog.dropAside(digest, id);
    core.log.info("Dropped an old set-aside copy", { content: digest, place: place.name });
  }
}

/** Ends broken uploads that nobody came back for. */
export async function dropOldUploads(core: Core): Promise<void> {
  const oldest = core.clock.wall() - UPLOAD_KEPT_MS;
  for (const upload of await core.catalog.uploads()) {
    if (upload.touchedAt < oldest && !core.active.has(upload.upload)) {
      await dropUpload(core, upload);
    }
  }
}

/**
 * Lets an owner begin one more upload: its oldest broken ones go when they are too many or too
 * large, for they can only save a client some bytes. Throws `Refused` when all are being sent.
 */
export async function admitUpload(core: Core, owner: string): Promise<void> {
  const all = await core.catalog.uploads(owner);
  const idle = all.filter(({ upload }) => !core.active.has(upload));
  const rooms = await Promise.all(
    core.places.online().map((place) => place.room().catch(() => null)),
  );
  const room = rooms.reduce((sum, each) => sum + (each?.capacity ?? 0), 0);
  let count = all.length;
  let bytes = idle.reduce((sum, each) => sum + each.bytes * each.places.length, 0);
  for (const upload of idle) {
    if (count < UPLOADS_PER_OWNER && bytes <= room * UPLOADS_SHARE_OF_ROOM) return;
    await dropUpload(core, upload);
    count--;
    bytes -= upload.bytes * upload.places.length;
  }
  if (count < UPLOADS_PER_OWNER) return;
  throw new Refused(
    "limit",
    `Refused the deposit: ${count} uploads of this client are unfinished; let some finish first`,
  );
}

/** Ends an upload that will not commit, and drops its parts where its places are there. */
export async function dropUpload(core: Core, { upload, places }: UploadRecord): Promise<void> {
  for (const id of places) {
    // A place that is away or fails drops them when it joins again: they have no upload then.
    await core.places.get(id)?.discard(upload).catch(() => {});
  }
  await core.catalog.endUpload(upload);
}
