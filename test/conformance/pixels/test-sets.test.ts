import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createPixelCodecs } from '@collimator/edge-agent/study/decode/pixels/pixel-codecs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeAll } from './decode-all.ts';
import { decodedByReferences, type Described, greatestDifference, imagesUnder, referenceTool } from './reference.ts';

const pydicomSet = '/usr/lib/python3/dist-packages/pydicom/data';
const losslessSet = join(
  dirname(createRequire(import.meta.url).resolve('jpeg-lossless-decoder-js')),
  '../../tests/data',
);

/** Files that are compared with something else than their transfer syntax has, and why. */
const otherTools: Record<string, readonly [string, ...string[]]> = {
  // Calls itself RGB and is Y Cb Cr, which its subsampled stream shows: dcmdjpeg is told to look there, too.
  'SC_rgb_jpeg_lossy_gdcm.dcm': ['dcmdjpeg', '+cg'],
  // Rewriting leaves YBR_FULL_422 as it is; a picture of it is RGB.
  'SC_ybr_full_422_uncompressed.dcm': ['dcm2pnm', '+op'],
};

/** Files that cannot be decoded, and why. */
const refused: Record<string, { readonly detail: RegExp; readonly because: string }> = {
  'JPEG2000-embedded-sequence-delimiter.dcm': {
    detail: /stream is 1024×3722445056/,
    because: 'its codestream was broken on purpose: it says 3,722,445,056 columns, and GDCM refuses it, too',
  },
  'MR_truncated.dcm': {
    detail: /8130 bytes of pixels where 8192 are needed/,
    because: 'its last 62 bytes are missing, and dcmconv refuses it, too',
  },
  'SC_rgb_jpeg.dcm': {
    detail: /cannot be parsed/,
    because: 'its data set is implicit although it says that it is explicit',
  },
};

/** Decoders round for themselves what was compressed with loss, and what is turned from Y Cb Cr to RGB. */
const differsAtMost = ({ syntax, photometric }: Described): number =>
  photometric.startsWith('YBR_FULL') || ['4.50', '4.51', '4.91'].some((end) => syntax.endsWith(`.1.2.${end}`)) ? 1 : 0;

const [pydicom, lossless] = await Promise.all([imagesUnder(pydicomSet), imagesUnder(losslessSet)]);

describe.each([
  { set: "pydicom's", images: pydicom, folder: pydicomSet, atLeast: 80 },
  { set: "jpeg-lossless-decoder-js's", images: lossless, folder: losslessSet, atLeast: 9 },
])('every image of $set test set', ({ images, folder, atLeast }) => {
  const codecs = createPixelCodecs();
  const out = mkdtempSync(join(tmpdir(), 'pixels-'));
  const nameOf = (image: Described): string => image.file.slice(folder.length + 1);
  const lastOf = (image: Described): string => image.file.split('/').at(-1) as string;
  const references = new Map<string, Described | undefined>();

  beforeAll(async () => {
    const tools = images.map((image) => otherTools[lastOf(image)] ?? referenceTool(image.syntax));
    const decoded = await decodedByReferences(
      images.map(({ file }, i) => ({ file, tool: tools[i] as [string] })),
      out,
    );
    for (const [i, { file }] of images.entries()) references.set(file, decoded[i]);
  });
  afterAll(() => rmSync(out, { recursive: true }));

  it('is here', () => {
    expect(images.length).toBeGreaterThanOrEqual(atLeast);
  });

  it.each(
    images.filter((image) => refused[lastOf(image)] !== undefined).map((image) => [nameOf(image), image] as const),
  )('%s is refused', async (_, image) => {
    const ours = await decodeAll(image.file, codecs);
    const { detail, because } = refused[lastOf(image)] as (typeof refused)[string];
    expect(ours.ok ? 'decoded' : ours.error.detail, because).toMatch(detail);
  });

  it.each(
    images.filter((image) => refused[lastOf(image)] === undefined).map((image) => [nameOf(image), image] as const),
  )('%s', async (_, image) => {
    const ours = await decodeAll(image.file, codecs);
    if (!ours.ok) throw new Error(`${ours.error.code}: ${ours.error.detail}`);
    const reference = references.get(image.file);
    if (reference === undefined) throw new Error('the reference cannot decode it');
    expect(greatestDifference(ours.value, reference)).toBeLessThanOrEqual(differsAtMost(image));
  });
});
