import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createSliceReader } from '@collimator/edge-agent/study/decode/slice-reader';
import type { RawElement } from '@collimator/edge-agent/study/decode/raw-element';
import { bytes, sequence, text, us } from '@collimator/edge-agent/study/result/elements/element';
import { part10File } from '@collimator/edge-agent/study/result/elements/part10-file';
import { buildReport } from '@collimator/edge-agent/study/result/report/report';
import { buildSegmentation } from '@collimator/edge-agent/study/result/image/segmentation';
import { exampleContext, exampleUids, volumeFinding } from '@collimator/edge-agent/study/result/testing/example-input';
import { sopClasses } from '@collimator/shared/dicom/uids';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mrElements } from '../../fixtures/mr-series/mr-image.ts';
import { readAxialSeries } from '../../fixtures/mr-series/volume.ts';
import { writeResults } from './example-results.ts';
import { brightMask, makeTestSeries, must, t1Volume, type TestSeries } from './series.ts';
import { dciodvfy, pydicom, runTool } from './tools.ts';

const CHARSET_FILES = '/usr/lib/python3/dist-packages/pydicom/data/charset_files';

/** Names as bytes and as pydicom reads them, of each file. */
const names = `
import sys, json, pydicom
def one(f):
    raw = pydicom.dcmread(f, force=True)
    item = raw.get_item(0x00100010)
    name = b'' if item is None or item.value is None else item.value
    return [name.rstrip(b' ').hex(), str(raw.get('SpecificCharacterSet')), str(pydicom.dcmread(f, force=True).get('PatientName', ''))]
print(json.dumps([one(f) for f in sys.argv[1:]]))
`;

const whole = readAxialSeries(t1Volume);

const EMPTY_SEQUENCE = 0x00081110;
const EMPTY_ITEM = 0x00101100;

describe('patient and study in a result', () => {
  let series: TestSeries;
  beforeAll(async () => {
    series = await makeTestSeries();
  });
  afterAll(() => series.remove());

  function results(subject: readonly RawElement[], name: string): readonly string[] {
    const { slices, geometry } = series.volume;
    const input = { ...exampleContext(subject), uids: exampleUids, sources: slices, geometry };
    const files = ['seg', 'sr'].map((kind) => join(series.folder, `${name}-${kind}.dcm`));
    const [seg, sr] = files as [string, string];
    writeFileSync(seg, buildSegmentation({ ...input, masks: [{ segment: 1, voxels: brightMask(series) }] }));
    writeFileSync(sr, buildReport({ ...input, segmentationMade: true, findings: [volumeFinding(1)] }));
    return files;
  }

  const charsets = readdirSync(CHARSET_FILES).filter((file) => file.endsWith('.dcm'));

  it('there are Japanese and Latin-1 names to try', () => {
    expect(charsets).toEqual(expect.arrayContaining(['chrH31.dcm', 'chrH32.dcm', 'chrGerm.dcm']));
  });

  it.each(charsets)('are the bytes of the source, character set included (%s)', async (name) => {
    const source = join(CHARSET_FILES, name);
    const reader = await createSliceReader();
    const subject = must(await reader.readSubject(source));
    const [seg, sr] = results(subject, name) as [string, string];
    const [wanted, inSeg, inSr] = (await pydicom(names, source, seg, sr)) as unknown[];
    expect(inSeg).toEqual(wanted);
    expect(inSr).toEqual(wanted);
  });

  it.each(['chrH31.dcm', 'chrH32.dcm', 'chrGerm.dcm', 'chrX1.dcm', 'chrX2.dcm'])(
    'are those bytes in every kind of result (%s)',
    async (name) => {
      const source = join(CHARSET_FILES, name);
      const reader = await createSliceReader();
      const { paths } = await writeResults(series, must(await reader.readSubject(source)), name);
      const [wanted, ...found] = (await pydicom(names, source, ...Object.values(paths))) as unknown[];
      expect(found).toHaveLength(Object.keys(paths).length);
      for (const one of found) expect(one).toEqual(wanted);
    },
  );

  const japanese = Buffer.from('Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B', 'latin1');
  const odd: readonly RawElement[] = [
    text(0x00080005, 'CS', '', 'ISO 2022 IR 87'),
    bytes(0x00100010, 'PN', japanese),
    text(0x00100040, 'CS', 'F'),
    us(0x001021c0, 4),
    sequence(0x00101002, [
      text(0x00100020, 'LO', 'OTHER-1'),
      text(0x00100022, 'CS', 'TEXT'),
      text(0x00110010, 'LO', 'MAKER'),
      bytes(0x00111001, 'UN', Buffer.from([1, 2, 0xff, 4])),
    ]),
    // Neither is allowed, both are met.
    sequence(EMPTY_SEQUENCE),
    sequence(EMPTY_ITEM, []),
    sequence(0x00081032, [text(0x00080100, 'SH', 'P1'), text(0x00080102, 'SH', '99X'), text(0x00080104, 'LO', 'Head')]),
  ];

  it.each([
    ['+te', '+e'],
    ['+te', '-e'],
    ['+ti', '+e'],
    ['+ti', '-e'],
    ['+tb', '+e'],
    ['+tb', '-e'],
  ])('are the same elements whether the source is %s %s', async (syntax, lengths) => {
    const source = join(series.folder, 'odd.dcm');
    const elements = [...mrElements(whole, 3, 'odd'), ...odd, bytes(0x7fe00010, 'OW', Buffer.alloc(217 * 181 * 2))];
    writeFileSync(source, part10File({ sopClassUid: sopClasses.mrImage, sopInstanceUid: '2.25.7' }, elements));
    const out = join(series.folder, `odd${syntax}${lengths}.dcm`);
    expect(await runTool('dcmconv', [syntax, lengths, source, out])).toMatchObject({ exit: 0 });
    const reader = await createSliceReader();
    const [plain, converted] = [must(await reader.readSubject(source)), must(await reader.readSubject(out))];
    expect(converted).toEqual(plain);
    const wanted = new Set([EMPTY_SEQUENCE, EMPTY_ITEM, 0x00100010, 0x00101002, 0x001021c0, 0x00081032]);
    expect(converted.filter(({ tag }) => wanted.has(tag))).toHaveLength(wanted.size);
    const allowed = converted.filter(({ tag }) => tag !== EMPTY_SEQUENCE && tag !== EMPTY_ITEM);
    const [seg, sr] = results(allowed, `odd${syntax}${lengths}`) as [string, string];
    for (const file of [seg, sr]) expect(await dciodvfy(file)).toMatchObject({ exit: 0, errors: [] });
    const [[name]] = (await pydicom(names, seg)) as [[string]];
    expect(name).toBe(japanese.toString('hex'));
  });
});
