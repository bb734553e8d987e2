/** What stays behind when something went wrong, and how long it is kept. */
import type { UploadRecord } from "./catalog/catalog.ts";
import { type Core, livePlaces } from "./core.ts";

/** Set-aside copies are kept for so long, for whoever wants to look. Milliseconds. */
export const ASIDE_KEPT_MS: number = 30 * 24 * 3_600_000;
/** A broken upload can be resumed for so long. Milliseconds. */
export const UPLOAD_KEPT_MS: number = 24 * 3_600_000;
/** Begins the key of an upload that cannot be resumed: what an earlier run left of it is dropped. */
export const ONCE = "once-";
/** Uploads under way that one owner may have; as many broken ones are kept, less those under way. */
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

/** Ends broken uploads that nobody came back for, or can. */
export async function dropOldUploads(core: Core): Promise<void> {
  const oldest = core.clock.wall() - UPLOAD_KEPT_MS;
  for (const upload of await core.catalog.uploads()) {
    const isOver = upload.touchedAt < oldest || upload.upload.startsWith(ONCE);
    if (isOver) await dropIdleUpload(core, upload);
  }
}

/**
 * Ends every broken upload where that gives `least` places room for `size` bytes: they can only save
 * their clients some bytes. False, and all stay, when it would not.
 */
export async function makeWay(
  core: Core,
  { size, least }: { size: number; least: number },
): Promise<boolean> {
  const broken = (await core.catalog.uploads()).filter(({ upload }) => !core.active.has(upload));
  const kept = new Map<string, number>();
  for (const { bytes, places } of broken) {
    for (const place of places) kept.set(place, (kept.get(place) ?? 0) + bytes);
  }
  const look = await core.rooms.look(core.places.takers());
  const able = look.candidates().filter(({ id, free }) => free + (kept.get(id) ?? 0) >= size);
  if (broken.length === 0 || able.length < least) return false;
  for (const upload of broken) await dropIdleUpload(core, upload);
  return true;
}

/**
 * Makes way for one more upload of an owner that has `others` under way: its oldest broken ones go
 * when they are too many or take too much room.
 */
export async function admitUpload(core: Core, owner: string, others: number): Promise<void> {
  const uploads = await core.catalog.uploads(owner);
  const idle = uploads.filter(({ upload }) => !core.active.has(upload));
  await dropOldest(core, idle, UPLOADS_PER_OWNER - others - 1);
}

/** After an upload of an owner broke: what its broken uploads take stays within its share. */
export async function boundBroken(core: Core, owner: string, broken: string): Promise<void> {
  const uploads = await core.catalog.uploads(owner);
  const idle = uploads.filter(({ upload }) => upload === broken || !core.active.has(upload));
  await dropOldest(core, idle, UPLOADS_PER_OWNER, broken);
}

/** Drops the first ones until at most `count` are left, within the share of all room. */
async function dropOldest(
  core: Core,
  idle: UploadRecord[],
  count: number,
  mine?: string,
): Promise<void> {
  const look = await core.rooms.look(core.places.online());
  const share = look.capacity * UPLOADS_SHARE_OF_ROOM;
  const sizeOf = ({ bytes, places }: UploadRecord) => bytes * places.length;
  let bytes = idle.reduce((sum, upload) => sum + sizeOf(upload), 0);
  let left = idle.length;
  for (const upload of idle) {
    if (left <= count && bytes <= share) return;
    if (upload.upload === mine) await dropUpload(core, upload);
    else await dropIdleUpload(core, upload);
    left--;
    bytes -= sizeOf(upload);
  }
}

/** Not while somebody sends it; nobody takes it up meanwhile. */
async function dropIdleUpload(core: Core, upload: UploadRecord): Promise<void> {
  if (core.active.has(upload.upload)) return;
  core.active.add(upload.upload);
  try {
    await dropUpload(core, upload);
  } finally {
    core.active.delete(upload.upload);
  }
}

/** Ends an upload that will not commit, and drops its parts where its places are there. */
export async function dropUpload(core: Core, { upload, places }: UploadRecord): Promise<void> {
  for (const id of places) {
    // A place that is away or fails drops them when it joins again: they have no upload then.
    await core.places.get(id)?.discard(upload).catch(() => {});
  }
  await core.catalog.endUpload(upload);
}
