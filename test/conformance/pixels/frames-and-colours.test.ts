import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openImageFile } from '@collimator/edge-agent/study/decode/image-file';
import { createPixelCodecs } from '@collimator/edge-agent/study/decode/pixels/pixel-codecs';
import { bytes, us } from '@collimator/edge-agent/study/result/elements/element';
import dicomParser from 'dicom-parser';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runTool } from '../results/tools.ts';
import { decodeAll } from './decode-all.ts';
import { encapsulatedImage, type Encapsulation, nativeImage } from './encapsulated.ts';
import { picture } from './pictures.ts';
import { anymap, greatestDifference } from './reference.ts';

const folder = mkdtempSync(join(tmpdir(), 'pixels-'));
const codecs = createPixelCodecs();
afterAll(() => rmSync(folder, { recursive: true }));

function written(name: string, content: Uint8Array): string {
  const file = join(folder, name);
  writeFileSync(file, content);
  return file;
}

describe('frames of compressed pixels', () => {
  const { format, pixels } = picture({ rows: 40, columns: 31, allocated: 16, stored: 12, frames: 5 }, 4095);
  let streams: readonly Uint8Array[];
  let native: string;

  beforeAll(async () => {
    native = written('native.dcm', nativeImage(format, pixels));
    const file = join(folder, 'compressed.dcm');
    if ((await runTool('dcmcjpls', [native, file])).exit !== 0) throw new Error('dcmcjpls failed');
    const dataSet = dicomParser.parseDicom(readFileSync(file));
    const element = dataSet.elements['x7fe00010'];
    if (element?.fragments?.length !== 5) throw new Error('not a fragment for each frame');
    streams = element.fragments.map(
      (_, i) => new Uint8Array(dicomParser.readEncapsulatedPixelDataFromFragments(dataSet, element, i)),
    );
  });

  const decoded = (encapsulation: Encapsulation, frames = 5) =>
    decodeAll(
      written('made.dcm', encapsulatedImage('1.2.840.10008.1.2.4.80', { ...format, frames }, encapsulation)),
      codecs,
    );

  /** Each stream in pieces of at most 200 bytes, and where each first piece begins. */
  function pieces() {
    const fragments: Uint8Array[] = [];
    const offsets: number[] = [];
    let at = 0;
    for (const stream of streams) {
      offsets.push(at);
      for (let from = 0; from < stream.length; from += 200) {
        const piece = stream.subarray(from, from + 200);
        fragments.push(piece);
        at += 8 + piece.length;
      }
    }
    return { fragments, offsets };
  }

  it('are the same in a fragment each and in many, with a table of either kind and without', async () => {
    const wanted = await decodeAll(native, codecs);
    const { fragments, offsets } = pieces();
    expect(await decoded({ fragments: streams })).toEqual(wanted);
    expect(await decoded({ fragments })).toEqual(wanted);
    expect(await decoded({ fragments, basicOffsets: offsets })).toEqual(wanted);
    expect(await decoded({ fragments, extendedOffsets: offsets })).toEqual(wanted);
    // A table that points nowhere is not believed.
    expect(await decoded({ fragments, basicOffsets: offsets.map((offset) => offset + 2) })).toEqual(wanted);
  });

  it('are refused when there are fewer than the image says', async () => {
    expect(await decoded({ fragments: streams.slice(1) })).toMatchObject({
      ok: false,
      error: { code: 'image-damaged' },
    });
    const { fragments } = pieces();
    expect(await decoded({ fragments: fragments.slice(3) })).toMatchObject({ ok: false });
    expect(await decoded({ fragments }, 6)).toMatchObject({ ok: false });
  });

  it('are read one by one: a broken one spoils no other', async () => {
    const fragments = streams.map((stream, i) => (i === 2 ? stream.subarray(0, 40) : stream));
    const file = written('one.dcm', encapsulatedImage('1.2.840.10008.1.2.4.80', format, { fragments }));
    const opened = await openImageFile(file, codecs);
    if (!opened.ok) throw new Error(opened.error.detail);
    const all = await Promise.all([0, 1, 2, 3, 4].map((i) => opened.value.frame(i)));
    await opened.value.close();
    expect(all.map(({ ok }) => ok)).toEqual([true, true, false, true, true]);
  });
});

describe('native frames', () => {
  it('of single bits follow each other without padding', async () => {
    const bits = Array.from({ length: 3 * 15 }, (_, i) => ((i * 7) % 3 === 0 ? 1 : 0));
    const packed = new Uint8Array(6);
    for (const [i, bit] of bits.entries()) packed[i >> 3] = (packed[i >> 3] as number) | (bit << (i & 7));
    const file = written('bits.dcm', nativeImage({ rows: 3, columns: 5, allocated: 1, frames: 3 }, packed));
    const ours = await decodeAll(file, codecs);
    expect(ours.ok && ours.value.flatMap(({ samples }) => [...samples])).toEqual(bits);
  });

  it('lose the overlays in their unused bits', async () => {
    const { format, pixels } = picture({ rows: 9, columns: 9, allocated: 16, stored: 12 }, 4095);
    const overlaid = Uint8Array.from(pixels, (byte, i) => (i % 2 === 1 && i % 3 === 0 ? byte | 0xf0 : byte));
    const plain = await decodeAll(written('plain.dcm', nativeImage(format, pixels)), codecs);
    expect(await decodeAll(written('overlaid.dcm', nativeImage(format, overlaid)), codecs)).toEqual(plain);
  });

  it.each(['float', 'double'] as const)('of %s are found in their own element', async (kind) => {
    const values = kind === 'float' ? Float32Array.of(0.5, -1, 3e10, 0) : Float64Array.of(0.1, -1e-300, 7, Math.PI);
    const allocated = kind === 'float' ? 32 : 64;
    const [element, vr] = kind === 'float' ? ([0x0008, 'OF'] as const) : ([0x0009, 'OD'] as const);
    // A made image has the integer element; its tag is turned into the other's.
    const made = Buffer.from(nativeImage({ rows: 2, columns: 2, allocated }, new Uint8Array(values.buffer)));
    const at = made.lastIndexOf(Buffer.from('e07f10004f57', 'hex'));
    made.writeUInt16LE(element, at + 2);
    made.write(vr, at + 4, 'latin1');
    const ours = await decodeAll(written(`${kind}.dcm`, made), codecs);
    expect(ours.ok && ours.value[0]?.samples).toEqual(values);
  });
});

describe('colours', () => {
  const ramp = (f: (i: number) => number): Uint8Array =>
    new Uint8Array(Uint16Array.from({ length: 256 }, (_, i) => f(i)).buffer);
  const palette = (bits: number, f: (i: number) => number) => [
    ...[0x00281101, 0x00281102, 0x00281103].map((tag) => us(tag, 256, 0, bits)),
    bytes(
      0x00281201,
      'OW',
      ramp((i) => f(i)),
    ),
    bytes(
      0x00281202,
      'OW',
      ramp((i) => f(255 - i)),
    ),
    bytes(
      0x00281203,
      'OW',
      ramp((i) => f((i * 3) % 256)),
    ),
  ];

  it.each([
    ['a palette of 16 bits', 'PALETTE COLOR', palette(16, (i) => i * 257), 257],
    ['YBR_FULL', 'YBR_FULL', [], 1],
    ['YBR_FULL by planes', 'YBR_FULL', [us(0x00280006, 1)], 1],
    ['RGB by planes', 'RGB', [us(0x00280006, 1)], 1],
  ] as const)('of %s are those of dcm2pnm', async (name, photometric, more, scale) => {
    const samples = photometric === 'PALETTE COLOR' ? 1 : 3;
    const { format, pixels } = picture({ rows: 33, columns: 47, samples, photometric, allocated: 8 }, 255);
    const file = written(`${name}.dcm`, nativeImage(format, pixels, more));
    const out = join(folder, `${name}.ppm`);
    expect(await runTool('dcm2pnm', ['+op', file, out])).toMatchObject({ exit: 0 });
    const ours = await decodeAll(file, codecs);
    if (!ours.ok) throw new Error(ours.error.detail);
    const inBytes = ours.value.map((frame) => ({
      ...frame,
      samples: Uint8Array.from(frame.samples, (v) => v / scale),
    }));
    // dcm2pnm cuts its fractions off before it adds them up.
    expect(greatestDifference(inBytes, anymap(out))).toBeLessThanOrEqual(photometric === 'YBR_FULL' ? 2 : 0);
  });
});
