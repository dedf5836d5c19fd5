import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RawElement } from '@collimator/edge-agent/study/decode/raw-element';
import { createSliceReader, type SliceReader } from '@collimator/edge-agent/study/decode/slice-reader';
import { bytes, sequence, text, us } from '@collimator/edge-agent/study/result/elements/element';
import { part10File } from '@collimator/edge-agent/study/result/elements/part10-file';
import { sopClasses } from '@collimator/shared/dicom/uids';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mrElements } from '../../fixtures/mr-series/mr-image.ts';
import { readAxialSeries } from '../../fixtures/mr-series/volume.ts';
import { makeTestSeries, must, t1Volume, type TestSeries } from './series.ts';
import { runTool } from './tools.ts';

const values = Int16Array.from({ length: 217 * 181 }, (_, i) => ((i * 37) % 4001) - 2000);

const plain = bytes(0x7fe00010, 'OW', new Uint8Array(values.buffer));

const whole = readAxialSeries(t1Volume);

describe('decoding', () => {
  let series: TestSeries;
  let reader: SliceReader;
  /** The second slice, and one made of 12-bit signed values with a rescale. */
  const sources: Record<string, string> = {};

  beforeAll(async () => {
    series = await makeTestSeries();
    reader = await createSliceReader();
    sources['unsigned'] = series.files.explicit[1] as string;
    sources['signed'] = write('signed.dcm', [
      us(0x00280103, 1),
      text(0x00281052, 'DS', '-1024'),
      text(0x00281053, 'DS', '2.5'),
      bytes(0x7fe00010, 'OW', new Uint8Array(values.map((value) => value & 0xfff).buffer)),
    ]);
    sources['eight bits'] = write('eight.dcm', [
      us(0x00280100, 8),
      us(0x00280101, 8),
      us(0x00280102, 7),
      bytes(
        0x7fe00010,
        'OW',
        Uint8Array.from(values, (value) => value & 0xff),
      ),
    ]);
  });
  afterAll(() => series.remove());

  /** An MR image with some elements changed. */
  function write(name: string, changes: readonly RawElement[]): string {
    const elements = [...mrElements(whole, 3, 'decode'), ...changes];
    const file = join(series.folder, name);
    writeFileSync(file, part10File({ sopClassUid: sopClasses.mrImage, sopInstanceUid: '2.25.7' }, elements));
    return file;
  }

  async function converted(kind: string, program: string, ...options: readonly string[]): Promise<string> {
    const out = join(series.folder, `${kind}-${program}${options.join('')}.dcm`);
    expect(await runTool(program, [...options, sources[kind] as string, out])).toMatchObject({ exit: 0 });
    return out;
  }

  const ways: readonly (readonly [string, ...string[]])[] = [
    ['dcmconv', '+ti'],
    ['dcmconv', '+te'],
    ['dcmconv', '+tb'],
    ['dcmconv', '+td'],
    ['dcmcrle'],
    ['dcmcjpls'],
    ['dcmcjpeg', '+e1'],
  ];
  it.each(
    ways.flatMap(([program, ...options]) =>
      ['unsigned', 'signed', 'eight bits'].map((kind) => ({ program, options, kind })),
    ),
  )('gives the same pixels after $program $options ($kind)', async ({ program, options, kind }) => {
    const before = must(await reader.readSlice(sources[kind] as string));
    const after = must(await reader.readSlice(await converted(kind, program, ...options)));
    expect(after.pixels.constructor).toBe(before.pixels.constructor);
    expect(Buffer.from(after.pixels.buffer).equals(Buffer.from(before.pixels.buffer))).toBe(true);
    expect(after.geometry).toEqual(before.geometry);
  });

  it('extends the sign of values of fewer bits than are allocated, and takes the rescale', async () => {
    const slice = must(await reader.readSlice(sources['signed'] as string));
    expect(slice.pixels).toEqual(values);
    expect([slice.slope, slice.intercept]).toEqual([2.5, -1024]);
  });

  it('turns MONOCHROME1 over', async () => {
    const inverted = write('inverted.dcm', [
      us(0x00280103, 1),
      text(0x00280004, 'CS', 'MONOCHROME1'),
      bytes(0x7fe00010, 'OW', new Uint8Array(values.buffer)),
    ]);
    expect(must(await reader.readSlice(inverted)).pixels).toEqual(values.map((value) => -1 - value));
  });

  it.each<[string, readonly RawElement[], string]>([
    ['colour', [us(0x00280002, 3)], 'image-unsupported'],
    ['a palette without its tables', [text(0x00280004, 'CS', 'PALETTE COLOR')], 'image-damaged'],
    ['no number of frames', [text(0x00280008, 'IS', '-2')], 'image-unsupported'],
    ['a rescale that gives one value', [text(0x00281053, 'DS', '0'), plain], 'image-unsupported'],
    [
      'a modality LUT that is a table',
      [sequence(0x00283000, [us(0x00283002, 1, 0, 16), us(0x00283006, 7)]), plain],
      'image-unsupported',
    ],
    ['more pixels than fit the bound', [us(0x00280010, 65_535), us(0x00280011, 65_535)], 'image-unsupported'],
    ['64 bits', [us(0x00280100, 64)], 'image-unsupported'],
    ['no pixels', [], 'image-damaged'],
    ['too few pixels', [bytes(0x7fe00010, 'OW', new Uint8Array(100))], 'image-damaged'],
  ])('refuses %s', async (_, changes, code) => {
    expect(await reader.readSlice(write('refused.dcm', changes))).toMatchObject({ ok: false, error: { code } });
  });

  it('reads the frames of a multi-frame image one by one, and gives them no place that is not theirs', async () => {
    const frames = write('frames.dcm', [
      text(0x00280008, 'IS', '2'),
      bytes(0x7fe00010, 'OW', new Uint8Array(Int16Array.from([...values, ...values.toReversed()]).buffer)),
      us(0x00280103, 1),
    ]);
    for (const [index, wanted] of [values, values.toReversed()].entries()) {
      const slice = must(await reader.readSlice(frames, index));
      expect(slice.pixels).toEqual(wanted.map((value) => (value << 20) >> 20));
      expect(slice.header.frame).toEqual({ number: index + 1, of: 2 });
      expect(slice.geometry).toBeUndefined();
    }
  });

  it.each([
    ['MONOCHROME2', { low: -2000, high: -2000 }],
    ['MONOCHROME1', { low: 1999, high: 1999 }],
  ])('takes the padding value with the sign of the pixels, turned over with them (%s)', async (photometric, range) => {
    const padded = write('padded.dcm', [
      us(0x00280103, 1),
      us(0x00280120, 0xf830),
      text(0x00280004, 'CS', photometric),
      plain,
    ]);
    const { pixels, padding } = must(await reader.readSlice(padded));
    expect(padding).toEqual(range);
    const masked = (value: number): boolean => value >= range.low && value <= range.high;
    expect([...pixels].filter(masked)).toHaveLength(values.filter((value) => value === -2000).length);
  });

  it('refuses what is no DICOM, is cut short, or is not there', async () => {
    const whole = part10File({ sopClassUid: '1.2', sopInstanceUid: '1.3' }, [text(0x00100010, 'PN', 'A'.repeat(60))]);
    for (const content of [Buffer.alloc(0), Buffer.alloc(5000, 1), whole.subarray(0, 140), whole.subarray(0, -20)]) {
      const file = join(series.folder, 'broken.dcm');
      writeFileSync(file, content);
      expect(await reader.readSlice(file)).toMatchObject({ ok: false, error: { code: 'image-unreadable' } });
      expect(await reader.readHeaders(file)).toMatchObject({ ok: false, error: { code: 'image-unreadable' } });
    }
    expect(await reader.readSlice(join(series.folder, 'nowhere.dcm'))).toMatchObject({
      ok: false,
      error: { code: 'image-unreadable', detail: expect.stringContaining('ENOENT') },
    });
  });

  it('refuses a broken JPEG-LS stream whatever is broken, and decodes the next one', async () => {
    const good = readFileSync(series.files.jpegls[1] as string);
    const start = good.indexOf(Buffer.from('ffd8fff7', 'hex'));
    const file = join(series.folder, 'flipped.dcm');
    const flips = fc.array(fc.record({ at: fc.nat(good.length - start - 30), bit: fc.nat(7) }), {
      minLength: 1,
      maxLength: 6,
    });
    await fc.assert(
      fc.asyncProperty(flips, async (flipped) => {
        const bad = Buffer.from(good);
        for (const { at, bit } of flipped) bad[start + at] = (bad[start + at] as number) ^ (1 << bit);
        writeFileSync(file, bad);
        const broken = await reader.readSlice(file);
        expect(broken.ok ? 'image-' : broken.error.code).toMatch(/^image-/);
        const next = must(await reader.readSlice(series.files.jpegls[1] as string));
        expect(
          Buffer.from(next.pixels.buffer).equals(Buffer.from(series.slices[1]?.pixels.buffer as ArrayBuffer)),
        ).toBe(true);
      }),
      { numRuns: 60, examples: [[[{ at: 7, bit: 7 }]], [[{ at: 9, bit: 7 }]], [[{ at: 2, bit: 0 }]]] },
    );
  });

  it('reads the header however long it is, and no pixels', async () => {
    const long = write('long.dcm', [
      bytes(0x00091001, 'UT', Buffer.alloc(300_001, 0x41)),
      bytes(0x7fe00010, 'OW', Buffer.alloc(90_000)),
    ]);
    expect(must(await reader.readHeaders(long))[0]?.format).toMatchObject({ rows: 217, columns: 181 });
  });
});
