import type { RemoteProtocol } from '@collimator/shared/contracts/agent-config';
import { isSegmentation, type Release, type SegmentationStage } from '@collimator/shared/contracts/release';
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

/** A model of a server elsewhere that took part in a result. */
export type RemoteOrigin = {
  readonly protocol: RemoteProtocol;
  /** Host and port. */
  readonly server: string;
  readonly model: string;
  /** As the server gives it. */
  readonly version?: string;
  /** Whether it is known to be that of the release. */
  readonly attested: boolean;
};

/** What identifies every result (DESIGN §6): model release, device, input instances, time. */
export type ResultContext = {
  readonly now: Date;
  /** Offset of local time from UTC, where the source does not name its own (0008,0201); 0 when not given. */
  readonly utcOffset_min?: number;
  readonly device: { readonly id: string; readonly softwareVersion: string };
  readonly release: Release;
  /** Digest of the release's release.json, lower-case hex. */
  readonly releaseSha256: string;
  /** Models of other servers that computed it, or a part of it; none where it was computed here. */
  readonly remote?: readonly RemoteOrigin[];
  /** Patient, study and frame-of-reference elements of a source (SliceReader.readSubject). */
  readonly subject: readonly RawElement[];
  /** Why the model ran without a prior study that it asks for; undefined where it asks for none, or had one. */
  readonly withoutPriors?: string;
  /** Images of earlier studies that the findings were made with; only those that were used. */
  readonly priorsUsed?: readonly SourceInstance[];
};

/** The UIDs of the objects of one result: made once, stored by the caller, the same at every repeat. */
export type ResultUids = {
  readonly seg: string;
  readonly segSeries: string;
  readonly sr: string;
  readonly srSeries: string;
};

/** The stage whose output is the result: the last one. */
export function lastStage(release: Release): Release['stages'][number] {
  const stage = release.stages.at(-1);
  if (stage === undefined) throw new RangeError('a release has at least one stage');
  return stage;
}

/**
 * The last stage of a release whose result is a segmentation.
 *
 * @throws RangeError for a release of another task
 */
export function resultStage(release: Release): SegmentationStage {
  const stage = lastStage(release);
  if (!isSegmentation(stage)) throw new RangeError('the result of the release is no segmentation');
  return stage;
}
