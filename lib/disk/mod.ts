/** A directory that keeps contents durably: how it is opened, and what can be wrong with it. */
export { Disk } from "./disk.ts";
export { diskName } from "./disk_name.ts";
export type { DiskUpload, DiskWriter } from "./disk_writer.ts";
export { makePath } from "./durable.ts";
export { lockFile } from "./lock.ts";
export { DiskInUse, DiskRefused, Full, Unreachable } from "./errors.ts";
export { type DiskMark, readMark } from "./mark.ts";
export { openDisk, type OpenDiskOptions, otherDepots } from "./opening.ts";
export type { FileRange, FileReader } from "./reading.ts";
export { unmakeDisk } from "./unmaking.ts";
