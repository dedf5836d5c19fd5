import { EQUIPMENT, INSTANCE_CREATOR_UID } from '@collimator/shared/dicom/uids';
import type { RawElement, RawItem } from '../decode/raw-element.ts';
import { codeSequence, dcm } from './elements/code.ts';
import { empty, is, sequence, sequenceOf, text as ascii, uid } from './elements/element.ts';
import type { LocalTime } from './elements/local-time.ts';
import { algorithmOf, modelLines, resultTitle } from './notice.ts';
import type { ObjectIdentity } from './elements/part10-file.ts';
import type { ResultContext, SourceInstance } from './result-context.ts';
import type { TextWriter } from './elements/text-writer.ts';

export const equipment = EQUIPMENT;

/** Patient and study elements that must be there, with or without a value (type 2 in PS3.3 §C.7.1.1, §C.7.2.1). */
const required: readonly RawElement[] = [
  empty(0x00080020, 'DA'),
  empty(0x00080030, 'TM'),
  empty(0x00080050, 'SH'),
  empty(0x00080090, 'PN'),
  empty(0x00100010, 'PN'),
  empty(0x00100020, 'LO'),
  empty(0x00100030, 'DA'),
  empty(0x00100040, 'CS'),
  empty(0x00200010, 'SH'),
];

const FRAME_OF_REFERENCE: ReadonlySet<number> = new Set([0x00200052, 0x00201040]);

/** Patient and study as the source has them. */
export const subjectModules = (subject: readonly RawElement[]): readonly RawElement[] => [
  ...required,
  ...subject.filter((element) => !FRAME_OF_REFERENCE.has(element.tag)),
];

/** Frame of Reference module (§C.7.4.1) as the source has it. */
export const frameOfReferenceModule = (subject: readonly RawElement[]): readonly RawElement[] => [
  empty(0x00201040, 'LO'),
  ...subject.filter((element) => FRAME_OF_REFERENCE.has(element.tag)),
];

/** SOP Common (§C.12.1) with the mark by which our own objects are known, and who contributed what. */
export function sopCommonModule(
  { sopClassUid, sopInstanceUid }: ObjectIdentity,
  time: LocalTime,
  context: ResultContext,
  text: TextWriter,
): readonly RawElement[] {
  return [
    uid(0x00080016, sopClassUid),
    uid(0x00080018, sopInstanceUid),
    ascii(0x00080012, 'DA', time.date),
    ascii(0x00080013, 'TM', time.time),
    uid(0x00080014, INSTANCE_CREATOR_UID),
    sequence(0x0018a001, contributingEquipment(time, context, text)),
  ];
}

function contributingEquipment(time: LocalTime, context: ResultContext, text: TextWriter): RawItem {
  return [
    ...equipmentModule(context, text),
    ascii(0x0018a002, 'DT', time.dateTime),
    text(0x0018a003, 'ST', modelLines(context).join('\n')),
    codeSequence(0x0040a170, dcm('109102', 'Processing Equipment'), text),
  ];
}

/** General and Enhanced General Equipment (§C.7.5.1, §C.7.5.2). */
export function equipmentModule(context: ResultContext, text: TextWriter): readonly RawElement[] {
  const { device } = context;
  const { name, version } = algorithmOf(context);
  return deviceModule(device, [`agent ${device.softwareVersion}`, `${name} ${version}`], text);
}

/** The same for what no release has part in. */
export function deviceModule(
  device: ResultContext['device'],
  versions: readonly string[],
  text: TextWriter,
): readonly RawElement[] {
  return [
    text(0x00080070, 'LO', equipment.manufacturer),
    text(0x00081090, 'LO', equipment.model),
    text(0x00181000, 'LO', device.id),
    ascii(0x00181020, 'LO', ...versions.map((version) => version.slice(0, 64))),
  ];
}

export type Series = { readonly modality: 'SEG' | 'SR' | 'OT' | 'PR'; readonly uid: string; readonly number: number };

/** General Series (§C.7.3.1). */
export function seriesModule(
  series: Series,
  time: LocalTime,
  { release }: ResultContext,
  text: TextWriter,
): readonly RawElement[] {
  return [
    ascii(0x00080060, 'CS', series.modality),
    uid(0x0020000e, series.uid),
    is(0x00200011, series.number),
    ascii(0x00080021, 'DA', time.date),
    ascii(0x00080031, 'TM', time.time),
    text(0x0008103e, 'LO', resultTitle(release)),
    // Type 2C, and nothing tells whether the body part is one of a pair.
    ...(series.modality === 'SEG' || series.modality === 'SR' ? [] : [empty(0x00200060, 'CS')]),
  ];
}

/** Instances by series, each once however many of its frames are given, as items of a Referenced Series Sequence. */
export function seriesItems(
  instances: readonly (ObjectIdentity & Pick<SourceInstance, 'seriesInstanceUid'>)[],
  instanceSequenceTag: number,
): readonly RawItem[] {
  const bySeries = new Map<string, Map<string, ObjectIdentity>>();
  for (const instance of instances) {
    const listed = bySeries.get(instance.seriesInstanceUid) ?? new Map<string, ObjectIdentity>();
    listed.set(instance.sopInstanceUid, instance);
    bySeries.set(instance.seriesInstanceUid, listed);
  }
  return [...bySeries].map(([series, listed]) => [
    uid(0x0020000e, series),
    sequenceOf(instanceSequenceTag, [...listed.values()].map(instanceReference)),
  ]);
}

export const instanceReference = ({ sopClassUid, sopInstanceUid }: ObjectIdentity): RawItem => [
  uid(0x00081150, sopClassUid),
  uid(0x00081155, sopInstanceUid),
];
