import { createHash } from 'node:crypto';
import { EXPLICIT_LITTLE_ENDIAN } from '@collimator/shared/dicom/transfer-syntaxes';
import { sopClasses } from '@collimator/shared/dicom/uids';
import { openAssociation, type StoreObject } from '@collimator/edge-agent/dimse/index';
import { bytes, ds, is, text, uid, us } from '@collimator/edge-agent/study/result/elements/element';
import { encodeDataSet } from '@collimator/edge-agent/study/result/elements/encode-dataset';

export const rows = 24;
export const columns = 32;
/** Bright block in each slice: rows and columns from and to (exclusive). */
export const block = { rows: [6, 18], columns: [8, 24] } as const;
export const spacing_mm = { slices: 2, rows: 1, columns: 1.5 } as const;

/** A UID that is always the same for the same words. */
export const testUid = (...words: readonly (string | number)[]): string =>
  `2.25.${BigInt(`0x${createHash('sha256').update(words.join('/')).digest('hex').slice(0, 30)}`)}`;

export type SeriesOptions = {
  readonly study: string;
  readonly series?: string;
  readonly from?: number;
  readonly slices: number;
  readonly description?: string;
  /** Patient ID; one of its own for each study when absent. */
  readonly patient?: string;
  /** Study whose UID it claims, when that is another one. */
  readonly inStudy?: string;
  /** Issuer of the patient ID. */
  readonly issuer?: string;
  /** Study Instance UID from which all others are made by appending to it; hashes of `study` when absent. */
  readonly root?: string;
  /** Has one bright pixel instead of a block, too little to be marked. */
  readonly dim?: boolean;
  /** Study Date, time, and what else the data set says of the patient. */
  readonly date?: string;
  readonly time?: string;
  readonly name?: string;
  readonly birthDate?: string;
  readonly sex?: string;
  readonly bodyPart?: string;
  /** Claims so many rows and columns, whatever pixels there are. */
  readonly claimed?: number;
  /** Leaves out so many bytes of the pixels, so that the slice cannot be decoded. */
  readonly truncated?: boolean;
};

/** The UIDs of the slice at `z`. */
export function uidsOf({ study, series = 'one', inStudy, root }: SeriesOptions, z: number) {
  if (root !== undefined)
    return { study: root, series: `${root}.1`, instance: `${root}.1.${z + 1}`, frameOfReference: `${root}.9` };
  return {
    study: testUid(inStudy ?? study),
    series: testUid(study, series),
    instance: testUid(study, series, z),
    frameOfReference: testUid(study, 'frame'),
  };
}

/** Slices of an axial MR series with a bright block in each. */
export function mrSeries(options: SeriesOptions): StoreObject[] {
  const { study, from = 0, slices } = options;
  return Array.from({ length: slices }, (_, i) => {
    const z = from + i;
    const uids = uidsOf(options, z);
    const sopInstanceUid = uids.instance;
    const dataSet = encodeDataSet([
      text(0x00080005, 'CS', 'ISO_IR 100'),
      uid(0x00080016, sopClasses.mrImage),
      uid(0x00080018, sopInstanceUid),
      text(0x00080020, 'DA', options.date ?? '20260102'),
      text(0x00080030, 'TM', options.time ?? '101112'),
      text(0x00080050, 'SH', 'A1'),
      text(0x00080060, 'CS', 'MR'),
      text(0x00080070, 'LO', 'Test'),
      text(0x00080090, 'PN', ''),
      text(0x0008103e, 'LO', options.description ?? 't1 axial'),
      text(0x00100010, 'PN', options.name ?? 'Test^Subject'),
      text(0x00100020, 'LO', options.patient ?? `P-${study}`),
      ...(options.issuer === undefined ? [] : [text(0x00100021, 'LO', options.issuer)]),
      text(0x00100030, 'DA', options.birthDate ?? '19700101'),
      text(0x00100040, 'CS', options.sex ?? 'O'),
      text(0x00180015, 'CS', options.bodyPart ?? 'HEAD'),
      ds(0x00180050, spacing_mm.slices),
      uid(0x0020000d, uids.study),
      uid(0x0020000e, uids.series),
      text(0x00200010, 'SH', '1'),
      is(0x00200011, 1),
      is(0x00200013, z + 1),
      ds(0x00200032, 0, 0, spacing_mm.slices * z),
      ds(0x00200037, 1, 0, 0, 0, 1, 0),
      uid(0x00200052, uids.frameOfReference),
      us(0x00280002, 1),
      text(0x00280004, 'CS', 'MONOCHROME2'),
      us(0x00280010, options.claimed ?? rows),
      us(0x00280011, options.claimed ?? columns),
      ds(0x00280030, spacing_mm.rows, spacing_mm.columns),
      us(0x00280100, 16),
      us(0x00280101, 12),
      us(0x00280102, 11),
      us(0x00280103, 0),
      bytes(0x7fe00010, 'OW', options.truncated === true ? pixels(options).subarray(0, 100) : pixels(options)),
    ]);
    return { sopClassUid: sopClasses.mrImage, sopInstanceUid, transferSyntaxUid: EXPLICIT_LITTLE_ENDIAN, dataSet };
  });
}

function pixels({ dim = false }: SeriesOptions): Uint8Array {
  const values = Buffer.alloc(2 * rows * columns);
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++) {
      const inside =
        row >= block.rows[0] && row < block.rows[1] && column >= block.columns[0] && column < block.columns[1];
      values.writeUInt16LE((dim ? row + column === 0 : inside) ? 1000 : 20, 2 * (row * columns + column));
    }
  return values;
}

/** Sends objects over one association; every one must be answered with success. */
export async function send(port: number, objects: readonly StoreObject[], callingAeTitle = 'MODALITY'): Promise<void> {
  const pairs = new Map(objects.map((one) => [`${one.sopClassUid} ${one.transferSyntaxUid}`, one]));
  const association = await openAssociation({
    host: '127.0.0.1',
    port,
    callingAeTitle,
    calledAeTitle: 'COLLIMATOR',
    contexts: [...pairs.values()].map((one) => ({
      abstractSyntax: one.sopClassUid,
      transferSyntaxes: [one.transferSyntaxUid],
    })),
  });
  for (const object of objects) {
    const { status } = await association.store(object);
    if (status !== 0) throw new Error(`status ${status.toString(16)}`);
  }
  await association.release();
}
