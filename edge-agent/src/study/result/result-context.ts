import type { Release } from '@collimator/shared/contracts/release';
import type { RawElement } from '../decode/raw-element.ts';
import type { ObjectIdentity } from './elements/part10-file.ts';
import type { SliceHeader } from '../decode/slice-header.ts';

/** An instance that a result was made from, or one frame of it. Every SliceHeader is one. */
export type SourceInstance = Pick<
  SliceHeader,
  'sopClassUid' | 'sopInstanceUid' | 'studyInstanceUid' | 'seriesInstanceUid' | 'modality' | 'frame'
>;

/** An instance that a report or a rejection note refers to, of the study of its subject. */
export type Evidence = ObjectIdentity & { readonly seriesInstanceUid: string };

/** What identifies every result (DESIGN §6): model release, device, input instances, time. */
export type ResultContext = {
  readonly now: Date;
  /** Offset of local time from UTC, where the source does not name its own (0008,0201); 0 when not given. */
  readonly utcOffset_min?: number;
  readonly device: { readonly id: string; readonly softwareVersion: string };
  readonly release: Release;
  /** Digest of the release's release.json, lower-case hex. */
  readonly releaseSha256: string;
  /** Patient, study and frame-of-reference elements of a source (SliceReader.readSubject). */
  readonly subject: readonly RawElement[];
};

/** The UIDs of the objects of one result: made once, stored by the caller, the same at every repeat. */
export type ResultUids = {
  readonly seg: string;
  readonly segSeries: string;
  readonly sr: string;
  readonly srSeries: string;
};

/** The stage whose output is the result: the last one. */
export function resultStage(release: Release): Release['stages'][number] {
  const stage = release.stages.at(-1);
  if (stage === undefined) throw new RangeError('a release has at least one stage');
  return stage;
}
