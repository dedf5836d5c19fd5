import { INSTANCE_CREATOR_UID, sopClasses } from '@collimator/shared/dicom/uids';
import type { Code } from '@collimator/shared/contracts/release';
import type { RawElement } from '../decode/raw-element.ts';
import { dcm } from './elements/code.ts';
import { deviceModule, seriesItems, subjectModules } from './common-modules.ts';
import { type ContentItem, contentElements } from './elements/content-item.ts';
import { is, sequence, text as ascii, uid } from './elements/element.ts';
import { isImageClass } from './image/image-classes.ts';
import { localTime } from './elements/local-time.ts';
import { part10File } from './elements/part10-file.ts';
import { deviceObserver, language } from './report/report-context.ts';
import type { Evidence, ResultContext } from './result-context.ts';
import { studyInstanceUidOf } from './subject-study.ts';
import { createTextWriter } from './elements/text-writer.ts';

export const KOS_SERIES_NUMBER = 9106;

/**
 * Why instances are rejected, as IHE RAD's Imaging Object Change Management names it (CID 7010).
 * `quality`: they say what is not so. `patient-safety`: they must not be used or kept in view. `worklist`: they stand
 * under the wrong patient or procedure. `retention`: their time is over.
 */
export type RejectionReason = 'quality' | 'patient-safety' | 'worklist' | 'retention';

export const rejectionTitles: Readonly<Record<RejectionReason, Code>> = {
  quality: dcm('113001', 'Rejected for Quality Reasons'),
  'patient-safety': dcm('113037', 'Rejected for Patient Safety Reasons'),
  worklist: dcm('113038', 'Incorrect Modality Worklist Entry'),
  retention: dcm('113039', 'Data Retention Policy Expired'),
};

export type RejectionNoteInput = Pick<ResultContext, 'now' | 'utcOffset_min' | 'device' | 'subject'> & {
  readonly uids: { readonly kos: string; readonly kosSeries: string };
  readonly reason: RejectionReason;
  /** What is rejected; all of it lies in the study of `subject`. */
  readonly rejected: readonly Evidence[];
  /** For a person to read; names no patient. */
  readonly description: string;
};

/**
 * A rejection note (IHE RAD TF-3 §4.66: a Key Object Selection after PS3.16 TID 2010) as a Part 10 file. The same input
 * gives the same bytes.
 *
 * @throws RangeError for nothing to reject, or a subject that names no study
 */
export function buildRejectionNote(input: RejectionNoteInput): Uint8Array {
  const { subject, uids, rejected, device, description } = input;
  if (rejected.length === 0) throw new RangeError('a rejection note needs something to reject');
  const text = createTextWriter(subject);
  const time = localTime(input.now, subject, input.utcOffset_min);
  const identity = { sopClassUid: sopClasses.keyObjectSelection, sopInstanceUid: uids.kos };
  const title = rejectionTitles[input.reason];
  return part10File(identity, [
    ...subjectModules(subject),
    uid(0x00080016, identity.sopClassUid),
    uid(0x00080018, identity.sopInstanceUid),
    ascii(0x00080012, 'DA', time.date),
    ascii(0x00080013, 'TM', time.time),
    uid(0x00080014, INSTANCE_CREATOR_UID),
    // Key Object Document Series (§C.17.6.1)
    ascii(0x00080060, 'CS', 'KO'),
    uid(0x0020000e, uids.kosSeries),
    is(0x00200011, KOS_SERIES_NUMBER),
    text(0x0008103e, 'LO', title.meaning),
    sequence(0x00081111),
    ...deviceModule(device, [`agent ${device.softwareVersion}`], text),
    // Key Object Document (§C.17.6.2)
    is(0x00200013, 1),
    ascii(0x00080023, 'DA', time.date),
    ascii(0x00080033, 'TM', time.time),
    evidenceSequence(subject, rejected),
    ...contentElements(
      {
        concept: title,
        value: { type: 'CONTAINER', template: '2010' },
        children: [
          language,
          ...deviceObserver(device),
          {
            relationship: 'CONTAINS',
            concept: dcm('113012', 'Key Object Description'),
            value: { type: 'TEXT', text: description },
          },
          ...rejected.map(reference),
        ],
      },
      text,
    ),
  ]);
}

const evidenceSequence = (subject: readonly RawElement[], rejected: readonly Evidence[]): RawElement =>
  sequence(0x0040a375, [
    uid(0x0020000d, studyInstanceUidOf(subject)),
    sequence(0x00081115, ...seriesItems(rejected, 0x00081199)),
  ]);

const reference = (instance: Evidence): ContentItem => ({
  relationship: 'CONTAINS',
  value: isImageClass(instance.sopClassUid) ? { type: 'IMAGE', image: instance } : { type: 'COMPOSITE', instance },
});
