import type { Release } from '@collimator/shared/contracts/release';
import type { ActiveRelease } from '../active-releases.ts';
import type { SeriesFacts } from '../select-series.ts';

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
