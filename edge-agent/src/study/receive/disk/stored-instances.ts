import type { InstanceHeader } from '../header/instance-header.ts';

/** What is done with an object that comes again under a known UID with other bytes; see operating.md. */
export type ConflictPolicy = 'quarantine' | 'replace' | 'keep-first';

/** The index of instances as the handling of conflicts asks it. */
export type StoredInstances = {
  /** Where an instance lies, relative to the data folder; undefined when it is not known. */
  pathOf(sopInstanceUid: string): string | undefined;
  /** Of its data set; undefined when it is not known. */
  sha256Of(sopInstanceUid: string): string | undefined;
  /**
   * Makes the file at `path` the instance, in one durable write: what was made of the old one is superseded, what was not
   * sent of it is withdrawn, its studies are completed anew, and its file is noted for removal.
   *
   * @param quarantined the entry of the quarantine whose release this is; it is decided in the same write
   * @returns paths that nothing refers to any more, relative to the data folder
   */
  replace(header: InstanceHeader, path: string, quarantined?: number): Promise<readonly string[]>;
};
