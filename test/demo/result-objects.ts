import { readFileSync } from 'node:fs';
import dicomParser, { type DataSet } from 'dicom-parser';

export const sopClass = {
  segmentation: '1.2.840.10008.5.1.4.1.1.66.4',
  comprehensiveSr: '1.2.840.10008.5.1.4.1.1.88.33',
  comprehensive3dSr: '1.2.840.10008.5.1.4.1.1.88.34',
} as const;

export type ResultObject = {
  readonly path: string;
  readonly sop_class_uid: string;
  readonly sop_instance_uid: string;
  readonly dataSet: DataSet;
};

/** Reads a Part 10 file that an appliance made. */
export function readResult(path: string): ResultObject {
  const dataSet = dicomParser.parseDicom(readFileSync(path));
  return {
    path,
    sop_class_uid: dataSet.string('x00080016') ?? '',
    sop_instance_uid: dataSet.string('x00080018') ?? '',
    dataSet,
  };
}

export const isSegmentation = (object: ResultObject): boolean => object.sop_class_uid === sopClass.segmentation;
export const isReport = (object: ResultObject): boolean =>
  object.sop_class_uid === sopClass.comprehensiveSr || object.sop_class_uid === sopClass.comprehensive3dSr;

/** The first volume in an SR, in mL: a NUM item whose unit is UCUM `mL` (PS3.16 TID 1419), or undefined. */
export function reportedVolumeMl(dataSet: DataSet): number | undefined {
  for (const { dataSet: item } of dataSet.elements['x0040a730']?.items ?? []) {
    if (item === undefined) continue;
    const measured = item.elements['x0040a300']?.items?.[0]?.dataSet;
    const unit = measured?.elements['x004008ea']?.items?.[0]?.dataSet?.string('x00080100');
    if (measured !== undefined && unit === 'mL') return measured.floatString('x0040a30a');
    const deeper = reportedVolumeMl(item);
    if (deeper !== undefined) return deeper;
  }
  return undefined;
}

/** Voxels set in a binary SEG × the volume of a voxel, in mL (PS3.3 §A.51, pixel measures §C.7.6.16.2.1). */
export function segmentedVolumeMl(dataSet: DataSet): number {
  const measures = dataSet.elements['x52009229']?.items?.[0]?.dataSet?.elements['x00289110']?.items?.[0]?.dataSet;
  const row = measures?.floatString('x00280030', 0) ?? 0;
  const column = measures?.floatString('x00280030', 1) ?? 0;
  const slice = measures?.floatString('x00180088') ?? measures?.floatString('x00180050') ?? 0;
  return (countBits(dataSet) * row * column * slice) / 1000;
}

/** Set bits of the pixel data, without what pads the last byte. */
function countBits(dataSet: DataSet): number {
  const element = dataSet.elements['x7fe00010'];
  if (element === undefined) return 0;
  const pixels = (dataSet.uint16('x00280010') ?? 0) * (dataSet.uint16('x00280011') ?? 0);
  const bits = pixels * Number(dataSet.string('x00280008') ?? 0);
  let count = 0;
  for (let i = 0; i < bits; i += 1) {
    const byte = dataSet.byteArray[element.dataOffset + (i >> 3)] ?? 0;
    count += (byte >> (i & 7)) & 1;
  }
  return count;
}
