import { statfsSync } from 'node:fs';

export type DiskSpace = {
  readonly bytes_total: number;
  /** What this process may still use: the reserve of root is not counted. */
  readonly bytes_free: number;
  /** 0 … 1 */
  readonly used: number;
};

/** The file system that holds a folder. */
export function diskSpace(folder: string): DiskSpace {
  const { bsize, blocks, bavail } = statfsSync(folder);
  return { bytes_total: blocks * bsize, bytes_free: bavail * bsize, used: blocks === 0 ? 1 : 1 - bavail / blocks };
}
