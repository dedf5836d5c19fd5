import { closeSync, existsSync, openSync, readdirSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { dataSetOffset } from '@collimator/edge-agent/study/receive/disk/file-meta';
import { parseHeader } from '@collimator/edge-agent/study/receive/header/header-parser';
import { transferSyntaxes } from '@collimator/shared/dicom/transfer-syntaxes';
import { summaryOf } from '../report.ts';

const HEAD_BYTES = 65_536;
const rounds = 20;

type Head = { readonly bytes: Buffer; readonly transferSyntaxUid: string };

/**
 * Time of the header index of one instance with the code that receives, ms: the mean over all heads, for each round.
 *
 * @param files DICOM files that `encodeFileMeta`'s layout fits; others are left out
 */
export async function indexTimes_ms(files: readonly string[]): Promise<number[]> {
  const heads = files.map(headOf).filter((head) => head !== undefined);
  const times: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const start = performance.now();
    for (const { bytes, transferSyntaxUid } of heads) {
      const syntax = transferSyntaxes.get(transferSyntaxUid);
      if (syntax !== undefined) await parseHeader(bytes, true, syntax, HEAD_BYTES);
    }
    times.push((performance.now() - start) / heads.length);
  }
  // The first rounds are the compiler's.
  return times.slice(rounds / 4);
}

function headOf(file: string): Head | undefined {
  const bytes = Buffer.alloc(HEAD_BYTES);
  const handle = openSync(file, 'r');
  try {
    const read = readSync(handle, bytes, 0, bytes.length, 0);
    const start = dataSetOffset(bytes);
    if (start === undefined) return undefined;
    const uid = /1\.2\.840\.10008\.1\.2[.0-9]*/.exec(
      bytes.toString('latin1', bytes.indexOf(Buffer.from([2, 0, 0x10, 0])), start),
    )?.[0];
    return uid === undefined ? undefined : { bytes: bytes.subarray(start, read), transferSyntaxUid: uid };
  } finally {
    closeSync(handle);
  }
}

const pydicomFiles = '/usr/lib/python3/dist-packages/pydicom/data/test_files';

/** Files of real scanners, from Debian's python3-pydicom; none when it is not installed. */
export const scannerFiles = (): string[] =>
  existsSync(pydicomFiles)
    ? readdirSync(pydicomFiles)
        .filter((name) =>
          /^(CT_small|MR_small|emri_small|JPEG2000|JPEG-LL|examples_\w+|693_\w+|MR-SIEMENS-DICOM-WithOverlays|RG\w+|US1\w+|SC_rgb|SC_rgb_rle|rtdose|vlut_04)\.dcm$/.test(
            name,
          ),
        )
        .map((name) => join(pydicomFiles, name))
    : [];

export const medianOf = (values: readonly number[]): number => summaryOf(values).median;
