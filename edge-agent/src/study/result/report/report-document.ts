import type { ReportKind } from '@collimator/shared/contracts/agent-config';
import { sopClasses } from '@collimator/shared/dicom/uids';
import type { RawElement, RawItem } from '../../decode/raw-element.ts';
import { dcm } from '../elements/code.ts';
import {
  equipment,
  equipmentModule,
  seriesItems,
  seriesModule,
  sopCommonModule,
  subjectModules,
} from '../common-modules.ts';
import { type ContentItem, contentElements } from '../elements/content-item.ts';
import { derivedUid } from '../elements/derived-uid.ts';
import { empty, is, sequence, text as ascii, uid } from '../elements/element.ts';
import { localTime } from '../elements/local-time.ts';
import { part10File } from '../elements/part10-file.ts';
import { reportContext } from './report-context.ts';
import type { Evidence, ResultContext, ResultUids, SourceInstance } from '../result-context.ts';
import { studyInstanceUidOf } from '../subject-study.ts';
import { createTextWriter, type TextWriter } from '../elements/text-writer.ts';

export const SR_SERIES_NUMBER = 9102;

export type ReportInput = ResultContext & {
  readonly uids: Pick<ResultUids, 'sr' | 'srSeries'>;
  readonly sources: readonly SourceInstance[];
  /** Comprehensive SR when not given. */
  readonly kind?: ReportKind;
  /** Reports of the same study that this one takes the place of. */
  readonly predecessors?: readonly Evidence[];
};

export const reportClasses: Readonly<Record<ReportKind, string>> = {
  comprehensive: sopClasses.comprehensiveSr,
  'comprehensive-3d': sopClasses.comprehensive3dSr,
};

/**
 * A Comprehensive SR (PS3.3 §A.35.3) or Comprehensive 3D SR (§A.35.13) after TID 1500, as a Part 10 file.
 *
 * @param findings the rows of TID 1500 that follow the image library
 * @param evidence what is referenced beside the sources, of the same study
 */
export function reportFile(
  input: ReportInput,
  findings: readonly ContentItem[],
  evidence: readonly Evidence[],
): Uint8Array {
  const text = createTextWriter(input.subject);
  const time = localTime(input.now, input.subject, input.utcOffset_min);
  const identity = { sopClassUid: reportClasses[input.kind ?? 'comprehensive'], sopInstanceUid: input.uids.sr };
  return part10File(identity, [
    ...subjectModules(input.subject),
    ...sopCommonModule(identity, time, input, text),
    ...seriesModule({ modality: 'SR', uid: input.uids.srSeries, number: SR_SERIES_NUMBER }, time, input, text),
    sequence(0x00081111),
    codingSchemes,
    ...equipmentModule(input, text),
    // SR Document General (§C.17.2)
    is(0x00200013, 1),
    ascii(0x00080023, 'DA', time.date),
    ascii(0x00080033, 'TM', time.time),
    ascii(0x0040a491, 'CS', 'COMPLETE'),
    ascii(0x0040a493, 'CS', 'UNVERIFIED'),
    ascii(0x0040a496, 'CS', 'FINAL'),
    sequence(0x0040a372),
    sequence(0x0040a078, deviceAuthor(input, text)),
    ...predecessorsOf(input),
    ...evidenceOf(input, evidence),
    ...priorEvidenceOf(input),
    ...contentElements(
      {
        concept: dcm('126000', 'Imaging Measurement Report'),
        value: { type: 'CONTAINER', template: '1500' },
        children: [...reportContext(input, input.sources), ...findings],
      },
      text,
    ),
  ]);
}

/** Whose codes 99COLLIMATOR are (§C.12.1.1.7). */
const codingSchemes = sequence(0x00080110, [
  ascii(0x00080102, 'SH', '99COLLIMATOR'),
  ascii(0x00080115, 'ST', 'Collimator processing outcomes'),
  ascii(0x00080116, 'ST', 'Collimator'),
]);

/** The appliance as the author: Author Observer Sequence (§C.17.2, Table 10-1 for a device). */
const deviceAuthor = ({ device }: ReportInput, text: TextWriter): RawItem => [
  ascii(0x0040a084, 'CS', 'DEV'),
  text(0x00081010, 'SH', device.id),
  uid(0x00181002, derivedUid('device', device.id)),
  text(0x00080070, 'LO', equipment.manufacturer),
  text(0x00081090, 'LO', equipment.model),
  empty(0x00080080, 'LO'),
  sequence(0x00080082),
];

/** Predecessor Documents Sequence (§C.17.2): the reports that are superseded. */
function predecessorsOf({ subject, predecessors = [] }: ReportInput): readonly RawElement[] {
  if (predecessors.length === 0) return [];
  const series = sequence(0x00081115, ...seriesItems(predecessors, 0x00081199));
  return [sequence(0x0040a360, [uid(0x0020000d, studyInstanceUidOf(subject)), series])];
}

/** Pertinent Other Evidence Sequence (§C.17.2): images of earlier studies that the findings were made with, by study. */
function priorEvidenceOf({ priorsUsed = [] }: ReportInput): readonly RawElement[] {
  const studies = [...new Set(priorsUsed.map(({ studyInstanceUid }) => studyInstanceUid))];
  const items = studies.map((study): RawItem => {
    const images = priorsUsed.filter(({ studyInstanceUid }) => studyInstanceUid === study);
    return [uid(0x0020000d, study), sequence(0x00081115, ...seriesItems(images, 0x00081199))];
  });
  return items.length === 0 ? [] : [sequence(0x0040a385, ...items)];
}

/** Current Requested Procedure Evidence Sequence (§C.17.2): every instance that the content refers to. */
function evidenceOf({ sources }: ReportInput, evidence: readonly Evidence[]): readonly RawElement[] {
  const [first] = sources;
  if (first === undefined) return [];
  return [
    sequence(0x0040a375, [
      uid(0x0020000d, first.studyInstanceUid),
      sequence(0x00081115, ...seriesItems([...sources, ...evidence], 0x00081199)),
    ]),
  ];
}
