import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openImageFile } from '@collimator/edge-agent/study/decode/image-file';
import { defaultImageBounds } from '@collimator/edge-agent/study/decode/image-bounds';
import { createPixelCodecs } from '@collimator/edge-agent/study/decode/pixels/pixel-codecs';
import dicomParser from 'dicom-parser';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runTool } from '../results/tools.ts';
import { decodeAll } from './decode-all.ts';
import { encapsulatedImage, type MadeFormat, nativeImage } from './encapsulated.ts';
import { pictures } from './pictures.ts';

const grey = pictures['grey of 12 bits'];
const eight = pictures['grey of 8 bits'];

/** A stream of each codec: who writes it, and where its own rows and columns lie behind a marker. */
const kinds = [
  { kind: 'RLE', syntax: '5', of: grey, tool: ['dcmcrle'] },
  { kind: 'JPEG', syntax: '4.50', of: eight, tool: ['dcmcjpeg', '+eb'] },
  { kind: 'JPEG of 12 bits', syntax: '4.51', of: grey, tool: ['dcmcjpeg', '+ee'] },
  { kind: 'lossless JPEG', syntax: '4.70', of: grey, tool: ['dcmcjpeg', '+e1'] },
  { kind: 'JPEG-LS', syntax: '4.80', of: grey, tool: ['dcmcjpls', '+el'] },
  { kind: 'JPEG 2000', syntax: '4.90', of: grey, tool: ['gdcmconv', '--j2k'] },
  { kind: 'HTJ2K', syntax: '4.201', of: grey, tool: ['ojph_compress'] },
] as const;

describe.each(kinds)('a $kind stream', ({ kind, syntax, of, tool }) => {
  const folder = mkdtempSync(join(tmpdir(), 'pixels-'));
  const codecs = createPixelCodecs();
  const uid = `1.2.840.10008.1.2.${syntax}`;
  let stream: Uint8Array;
  let whole: Awaited<ReturnType<typeof decodeAll>>;
  afterAll(() => rmSync(folder, { recursive: true }));

  beforeAll(async () => {
    stream = await streamOf(folder, tool, of.format, of.pixels);
    whole = await decoded(stream);
    if (!whole.ok) throw new Error(whole.error.detail);
  });

  function decoded(bytes: Uint8Array, format: MadeFormat = of.format) {
    const file = join(folder, 'stream.dcm');
    writeFileSync(file, encapsulatedImage(uid, format, { fragments: [bytes] }));
    return decodeAll(file, codecs);
  }

  it('that is cut short is told, and never filled', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat((stream.length >> 1) - 1), async (half) => {
        // Even, because an odd one gets a byte of padding, which may be the very one that is missing.
        const length = 2 * half;
        const cut = await decoded(stream.subarray(0, length));
        // Without the marker of its end alone nothing is missing.
        const nothingMissing = cut.ok && stream.length - length <= 4;
        // Compared as text: the difference of two pictures is no message.
        const outcome = nothingMissing ? JSON.stringify(cut) === JSON.stringify(whole) : !cut.ok && cut.error.code;
        expect(outcome).toBe(nothingMissing ? true : 'image-damaged');
      }),
      { numRuns: 25, examples: [[(stream.length >> 1) - 1], [stream.length >> 2], [(stream.length >> 1) - 5]] },
    );
  });

  it('whatever is broken in it, is a picture of the same size or a problem, and the next one decodes', async () => {
    const flips = fc.array(fc.record({ at: fc.nat(stream.length - 1), bit: fc.nat(7) }), {
      minLength: 1,
      maxLength: 6,
    });
    await fc.assert(
      fc.asyncProperty(flips, async (flipped) => {
        const bad = Uint8Array.from(stream);
        for (const { at, bit } of flipped) bad[at] = (bad[at] as number) ^ (1 << bit);
        const broken = await decoded(bad);
        expect(broken.ok ? broken.value[0]?.samples.length : broken.error.code).toBe(
          broken.ok ? of.format.rows * of.format.columns : 'image-damaged',
        );
        expect(await decoded(stream)).toEqual(whole);
      }),
      { numRuns: 25 },
    );
  });

  it('of another size, depth or number of components than its image is refused before it is decoded', async () => {
    const { rows, columns } = of.format;
    const colours: MadeFormat = { ...of.format, samples: 3, photometric: 'RGB' };
    // RLE says neither rows nor columns.
    const sizes: MadeFormat[] =
      kind === 'RLE'
        ? [{ ...of.format, rows: rows + 1 }]
        : [
            { ...of.format, rows: columns, columns: rows },
            { ...of.format, rows: rows - 1 },
            { ...of.format, rows: rows + 1 },
          ];
    const others = [colours, ...sizes];
    for (const other of others) {
      const refused = await decoded(stream, other);
      expect(refused.ok ? 'decoded' : refused.error.code).toBe('image-damaged');
    }
  });
});

describe('a small file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'pixels-'));
  const codecs = createPixelCodecs();
  afterAll(() => rmSync(folder, { recursive: true }));

  it.each([
    ['JPEG', '4.50', 'ffd8ffc0000b08ffffffff01011100ffda0008010100003f00'],
    ['lossless JPEG', '4.70', 'ffd8ffc3000b10ffffffff01011100ffda00080101000100 00'],
    ['JPEG-LS', '4.80', 'ffd8fff7000b10ffffffff01011100ffda00080101000000 00'],
    ['JPEG 2000', '4.90', 'ff4fff51002900000000ffff0000ffff00000000000000000000ffff0000ffff000000000000000000010f0101'],
    ['HTJ2K', '4.201', 'ff4fff51002940000000ffff0000ffff00000000000000000000ffff0000ffff000000000000000000010f0101'],
  ])('of %s that says 65,535 × 65,535 in both headers takes no memory', async (_, syntax, hex) => {
    const file = join(folder, 'huge.dcm');
    const fragments = [Buffer.from(hex.replaceAll(' ', ''), 'hex')];
    const format = { rows: 65_535, columns: 65_535, allocated: 16 };
    writeFileSync(file, encapsulatedImage(`1.2.840.10008.1.2.${syntax}`, format, { fragments }));
    const opened = await openImageFile(file, codecs);
    expect(opened).toMatchObject({ ok: false, error: { code: 'image-unsupported' } });
  });

  it('with a header beyond the bound is refused', async () => {
    const file = join(folder, 'head.dcm');
    writeFileSync(
      file,
      nativeImage({ rows: 1, columns: 1, allocated: 16 }, new Uint8Array(2), [
        { tag: 0x00091001, vr: 'UT', value: Buffer.alloc(100_000, 0x41) },
      ]),
    );
    const bounds = { ...defaultImageBounds, headBytesFirst: 1000, headBytesMax: 50_000 };
    expect(await openImageFile(file, codecs, bounds)).toMatchObject({
      ok: false,
      error: { code: 'image-unsupported', detail: expect.stringContaining('headBytesMax') },
    });
  });

  it.each(['4.100', '4.102', '4.107'])('of video (%s) is refused by name', async (syntax) => {
    const file = join(folder, 'video.dcm');
    const format = { rows: 16, columns: 16, samples: 3, photometric: 'YBR_FULL_422', allocated: 8 };
    writeFileSync(file, encapsulatedImage(`1.2.840.10008.1.2.${syntax}`, format, { fragments: [Buffer.alloc(8)] }));
    expect(await openImageFile(file, codecs)).toMatchObject({
      ok: false,
      error: { code: 'image-transfer-syntax-unsupported', detail: expect.stringMatching(/^(MPEG|HEVC)/) },
    });
  });
});

/** The one frame of what a program writes of a picture. */
async function streamOf(
  folder: string,
  [program, ...options]: readonly [string, ...string[]],
  format: MadeFormat,
  pixels: Uint8Array,
): Promise<Uint8Array> {
  if (program === 'ojph_compress') return htj2kOf(folder, format, pixels);
  const [from, to] = [join(folder, 'from.dcm'), join(folder, 'to.dcm')];
  writeFileSync(from, nativeImage(format, pixels));
  expect(await runTool(program, [...options, from, to])).toMatchObject({ exit: 0 });
  const dataSet = dicomParser.parseDicom(readFileSync(to));
  const element = dataSet.elements['x7fe00010'];
  if (element?.fragments === undefined) throw new Error(`${program} wrote no fragments`);
  const stream = dicomParser.readEncapsulatedPixelDataFromFragments(dataSet, element, 0, element.fragments.length);
  // An odd stream has a byte of padding behind it.
  return new Uint8Array(stream).subarray(0, stream.at(-1) === 0 && stream.at(-2) === 0xd9 ? -1 : stream.length);
}

async function htj2kOf(folder: string, { rows, columns }: MadeFormat, pixels: Uint8Array): Promise<Uint8Array> {
  const [from, to] = [join(folder, 'from.pgm'), join(folder, 'to.j2c')];
  const body = Buffer.from(pixels.subarray(0, 2 * rows * columns)).swap16();
  writeFileSync(from, Buffer.concat([Buffer.from(`P5\n${columns} ${rows}\n4095\n`), body]));
  expect(await runTool('ojph_compress', ['-i', from, '-o', to, '-reversible', 'true'])).toMatchObject({ exit: 0 });
  return readFileSync(to);
}
