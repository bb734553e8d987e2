/** From an upload to its part on the disk: made anew, or what an earlier writer kept. */
import type { DiskUpload } from "./disk_writer.ts";
import { createAnew, removeIfThere } from "./durable.ts";
import { diskError, Full, isAbsence } from "./errors.ts";
import { type PartOwner, PartWriter } from "./part_writer.ts";
import { openFile } from "./reading.ts";
import { SMALL_BYTES } from "./small/border.ts";

/** A disk, as far as a part is opened on it. */
export interface RoomyOwner extends PartOwner {
  /** Bytes in all and bytes free. */
  room(): Promise<{ capacity: number; free: number }>;
}

/** Opens the part of an upload that nobody is writing. Throws `Full` when it cannot fit. */
export async function openPart(owner: RoomyOwner, upload: DiskUpload): Promise<PartWriter> {
  const path = owner.layout.part(upload.id);
  try {
    return await openAt(path, owner, upload);
  } catch (error) {
    if (isAbsence(error)) await owner.confirm();
    throw error instanceof Full ? error : diskError(`begin ${path}`, error);
  }
}

async function openAt(path: string, owner: RoomyOwner, upload: DiskUpload): Promise<PartWriter> {
  const kept = upload.resume ? await openFile(path, { read: true, write: true }) : null;
  const file = kept ?? await createAnew(path);
  try {
    const position = kept ? await kept.seek(0, Deno.SeekMode.End) : 0;
    await refuseWithoutRoom(owner, (upload.size ?? 0) - position);
    const { id: uploadId, signal } = upload;
    return new PartWriter(owner, { uploadId, file, position, isNew: !kept, signal });
  } catch (error) {
    file.close();
    if (!kept) await removeIfThere(path);
    throw error;
  }
}

async function refuseWithoutRoom(owner: RoomyOwner, bytes: number): Promise<void> {
  // So much is sooner written than its room is asked for: without room the write says so.
  if (bytes <= SMALL_BYTES) return;
  const { free } = await owner.room();
  if (bytes <= free) return;
  const { directory } = owner.layout;
  throw new Full(`Could not begin: ${directory} has ${free} bytes, not ${bytes}`);
}
