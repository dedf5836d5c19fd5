import type { Release } from '@collimator/shared/contracts/release';
import type { InstanceHeader } from '../../receive/header/instance-header.ts';
import type { ActiveRelease } from '../route/active-releases.ts';
import type { SeriesFacts } from '../route/select-series.ts';

/** Facts of a plain series, changed as a test needs it. */
export const exampleSeries = (change: Partial<SeriesFacts> = {}): SeriesFacts => ({
  seriesId: 1,
  modality: 'MR',
  bodyPart: 'HEAD',
  description: '',
  sopClassUids: [],
  orientations: [],
  slices: 10,
  thinnest_mm: null,
  thickest_mm: null,
  thicknessMissing: true,
  sources: ['PACS1'],
  patientKeys: [],
  studies: 1,
  images: 10,
  rejected: 0,
  replaced: 0,
  through: 10,
  ...change,
});

/** An active release of which only name, selector and priority are looked at. */
export const exampleRelease = (
  name: string,
  selector: Release['selector'],
  priority: Release['priority'] = 'routine',
): ActiveRelease => ({
  ref: { name, version: '1.0.0', sha256: name.padEnd(64, '0') },
  folder: '/',
  release: { selector, priority } as unknown as Release,
});

/** The header of a plain MR image, changed as a test needs it. */
export const exampleHeader = (change: Partial<InstanceHeader> = {}): InstanceHeader => ({
  sopClassUid: '1.2.840.10008.5.1.4.1.1.4',
  sopInstanceUid: '1.1.1',
  studyInstanceUid: '1',
  seriesInstanceUid: '1.1',
  frameOfReferenceUid: null,
  instanceCreatorUid: null,
  patient: { id: 'P1', issuer: '', name: 'A^B', birthDate: '' },
  modality: 'MR',
  bodyPart: null,
  seriesDescription: 'T1',
  instanceNumber: 1,
  rows: 1,
  columns: 1,
  numberOfFrames: null,
  imagePosition_mm: null,
  imageOrientation: [1, 0, 0, 0, 1, 0],
  pixelSpacing_mm: null,
  sliceThickness_mm: null,
  transferSyntaxUid: '1.2.840.10008.1.2.1',
  dataSetSha256: `sha of ${change.sopInstanceUid}`,
  dataSetBytes: 1,
  callingAeTitle: 'A',
  calledAeTitle: 'B',
  remoteAddress: '127.0.0.1',
  associationId: 'x',
  ...change,
});
