import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Values that lead to a person, each unlike anything else, so that a search for them cannot hit by chance. */
export const marks = {
  name: 'Zyxwvutsrq^Recognisable',
  id: 'PID-77311994',
  birthDate: '19430721',
  accession: 'ACC-55120087',
  studyDescription: 'Qwertzuiop consultation',
  study: '1.2.826.0.1.3680043.10.1999.7731.1',
  series: '1.2.826.0.1.3680043.10.1999.7731.2',
  instance: '1.2.826.0.1.3680043.10.1999.7731.3',
} as const;

const mrImageStorage = '1.2.840.10008.5.1.4.1.1.4';

/** A small MR series as DICOM files, written by dcmtk's dump2dcm. */
export function writeMarkedStudy(folder: string, slices: number): string[] {
  return Array.from({ length: slices }, (_, i) => {
    const text = join(folder, `slice-${i}.dump`);
    const file = join(folder, `slice-${i}.dcm`);
    const pixels = Array.from({ length: 16 }, () => '0100').join('\\');
    const elements: readonly (readonly [string, string, string])[] = [
      ['0008,0016', 'UI', mrImageStorage],
      ['0008,0018', 'UI', `${marks.instance}.${i + 1}`],
      ['0008,0020', 'DA', '20261123'],
      ['0008,0050', 'SH', marks.accession],
      ['0008,0060', 'CS', 'MR'],
      ['0008,1030', 'LO', marks.studyDescription],
      ['0010,0010', 'PN', marks.name],
      ['0010,0020', 'LO', marks.id],
      ['0010,0030', 'DA', marks.birthDate],
      ['0018,0050', 'DS', '1'],
      ['0020,000d', 'UI', marks.study],
      ['0020,000e', 'UI', marks.series],
      ['0020,0013', 'IS', String(i + 1)],
      ['0020,0032', 'DS', `0\\0\\${i}`],
      ['0020,0037', 'DS', '1\\0\\0\\0\\1\\0'],
      ['0028,0002', 'US', '1'],
      ['0028,0004', 'CS', 'MONOCHROME2'],
      ['0028,0010', 'US', '4'],
      ['0028,0011', 'US', '4'],
      ['0028,0030', 'DS', '1\\1'],
      ['0028,0100', 'US', '16'],
      ['0028,0101', 'US', '16'],
      ['0028,0102', 'US', '15'],
      ['0028,0103', 'US', '0'],
    ];
    const dump = elements.map(([tag, vr, value]) => `(${tag}) ${vr} ${vr === 'US' ? value : `[${value}]`}`);
    writeFileSync(text, `${[...dump, `(7fe0,0010) OW ${pixels}`].join('\n')}\n`);
    execFileSync('dump2dcm', ['+te', text, file], { stdio: 'pipe' });
    return file;
  });
}
