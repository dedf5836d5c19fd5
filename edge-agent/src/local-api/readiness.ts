import type { Readiness } from '@collimator/shared/contracts/local-api';
import type { DiskSpace } from '../observe/disk-space.ts';

export type ReadinessFacts = {
  readonly listening: boolean;
  readonly stopping: boolean;
  readonly disk: DiskSpace;
  readonly stopWatermark: number;
};

/**
 * Whether this appliance may take images. A missing hub is no reason against it: images are stored and served by the
 * releases that are here; a missing release neither: its job waits.
 */
export function readinessOf({ listening, stopping, disk, stopWatermark }: ReadinessFacts): Readiness {
  const reasons: string[] = [];
  if (stopping) reasons.push('the agent is stopping');
  if (!listening) reasons.push('the DICOM node does not listen yet');
  if (disk.used >= stopWatermark) {
    reasons.push(
      `the disk is ${Math.floor(disk.used * 100)} % full; no image is taken from ${stopWatermark * 100} % on`,
    );
  }
  return { ready: reasons.length === 0, reasons };
}
