import { sopClasses } from '@collimator/shared/dicom/uids';

const STORAGE = '1.2.840.10008.5.1.4.1.1.';

/** Families of storage classes, below `STORAGE`, whose instances have no pixels (PS3.4 Table B.5-1). */
const withoutPixels: readonly RegExp[] = [
  /^4\.2$/, // spectroscopy
  /^9\./, // waveforms
  /^11\./, // presentation states
  /^66(\.[12356])?$/, // raw data, registrations, fiducials, surfaces, tracts
  /^67$/, // real world value mapping
  /^68\./, // surface scans
  /^77\.1\.5\.3$/, // stereometric relationships
  /^7[89]\./, // ophthalmic measurements
  /^80\.1$/, // visual fields
  /^88\./, // structured reports, key objects
  /^90\.1$/, // content assessment
  /^104\./, // encapsulated documents
  /^131$/, // structured displays
  /^20[01]\./, // protocols, inventories
  /^481\.([3-9]|1\d|2[0125])$/, // radiotherapy, other than images and dose
];

/**
 * Whether instances of a storage SOP class are images, so that a report refers to them by IMAGE; all others by
 * COMPOSITE (PS3.3 §C.18.3, §C.18.4). A class that is not of the standard counts as no image.
 */
export function isImageClass(sopClassUid: string): boolean {
  if (sopClassUid === sopClasses.segmentation) return true;
  if (!sopClassUid.startsWith(STORAGE)) return false;
  const family = sopClassUid.slice(STORAGE.length);
  return !withoutPixels.some((pattern) => pattern.test(family));
}
