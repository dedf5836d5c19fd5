import { createHash } from 'node:crypto';
import { closeSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { derivedUid } from '@collimator/edge-agent/study/result/elements/derived-uid';
import { is, uid } from '@collimator/edge-agent/study/result/elements/element';
import { encodeDataSet } from '@collimator/edge-agent/study/result/elements/encode-dataset';
import { part10Bytes } from '@collimator/edge-agent/study/result/elements/part10-file';
import { explicitImage, mrElements } from '../../fixtures/mr-series/mr-image.ts';
import { type AxialSeries, readAxialSeries } from '../../fixtures/mr-series/volume.ts';

/** Root of the tests, from the source of this file and from its compiled form. */
const testRoot = new URL(import.meta.url.includes('/dist/') ? '../../../' : '../../', import.meta.url);
const volume = fileURLToPath(new URL('fixtures/brain-t1/t1.nii.gz', testRoot));

export type Load = { readonly name: string; readonly files: readonly string[]; readonly bytes: number };

export type LoadMaker = {
  /** One series of square 16 bit images: a real slice, enlarged, with noise of its own in each. */
  images(name: string, count: number, size: number): Load;
  /** So many files in so many studies: real slices at their own size, with noise. */
  studies(name: string, studies: number, files: number): Load;
  /** One multi-frame object with so many bytes of pixels. */
  large(name: string, pixelBytes: number): Load;
};

const EXPLICIT_LITTLE_ENDIAN = '1.2.840.10008.1.2.1';
const multiFrameSecondaryCapture = '1.2.840.10008.5.1.4.1.1.7.3';
const FRAME_EDGE = 512;
/** Noise added to each pixel, grey levels: incompressible, and no two images alike. */
const NOISE_LEVELS = 16;

/** Makes files below a folder; the same names and numbers give the same bytes. */
export function createLoadMaker(folder: string): LoadMaker {
  const source = readAxialSeries(volume);
  const middle = source.slices[source.slices.length >> 1] as Uint16Array;

  function write(name: string, count: number, image: (index: number) => Uint8Array): Load {
    const into = join(folder, name);
    mkdirSync(into, { recursive: true });
    let bytes = 0;
    const files = Array.from({ length: count }, (_, index) => {
      const file = join(into, `${String(index).padStart(5, '0')}.dcm`);
      const content = image(index);
      bytes += content.length;
      writeFileSync(file, content);
      return file;
    });
    return { name, files, bytes };
  }

  return {
    images(name, count, size) {
      const enlarged = enlarge(middle, source, size);
      return write(name, count, (index) => {
        const series = withSlice(source, index, noisy(enlarged, seedOf(name, index)), size, size);
        return explicitImage(series, index, `bench ${name}`);
      });
    },
    studies: (name, studies, files) =>
      write(name, files, (index) => {
        const place = Math.floor(index / studies);
        const slice = source.slices[place % source.slices.length] as Uint16Array;
        const series = withSlice(source, place, noisy(slice, seedOf(name, index)), source.rows, source.columns);
        return explicitImage(series, place, `bench ${name} ${index % studies}`);
      }),
    large(name, pixelBytes) {
      const frame = noisy(enlarge(middle, source, FRAME_EDGE), seedOf(name, 0));
      const piece = Buffer.from(frame.buffer, frame.byteOffset, frame.byteLength);
      const frames = Math.max(1, Math.round(pixelBytes / piece.length));
      mkdirSync(folder, { recursive: true });
      const file = join(folder, `${name}.dcm`);
      const head = largeHead(source, name, frames, piece.length);
      const handle = openSync(file, 'w');
      try {
        writeSync(handle, head);
        for (let i = 0; i < frames; i += 1) writeSync(handle, piece);
      } finally {
        closeSync(handle);
      }
      return { name, files: [file], bytes: head.length + frames * piece.length };
    },
  };
}

/** Preamble, meta and data set up to the value of the pixel data. */
function largeHead(source: AxialSeries, name: string, frames: number, frameBytes: number): Uint8Array {
  const sopInstanceUid = derivedUid('bench large', name);
  const elements = mrElements({ ...source, rows: FRAME_EDGE, columns: FRAME_EDGE }, 0, `bench ${name}`)
    .filter(({ tag }) => tag !== 0x00080016 && tag !== 0x00080018)
    .concat(uid(0x00080016, multiFrameSecondaryCapture), uid(0x00080018, sopInstanceUid), is(0x00280008, frames))
    .toSorted((a, b) => a.tag - b.tag);
  const pixelHead = Buffer.from('e07f10004f57000000000000', 'hex');
  pixelHead.writeUInt32LE(frames * frameBytes, 8);
  const dataSet = Buffer.concat([encodeDataSet(elements), pixelHead]);
  return part10Bytes({ sopClassUid: multiFrameSecondaryCapture, sopInstanceUid }, dataSet, EXPLICIT_LITTLE_ENDIAN);
}

function withSlice(source: AxialSeries, index: number, slice: Uint16Array, rows: number, columns: number): AxialSeries {
  const slices: Uint16Array[] = [];
  slices[index] = slice;
  const positions_mm: AxialSeries['positions_mm'][number][] = [];
  positions_mm[index] = [0, 0, index];
  return { ...source, rows, columns, slices, positions_mm, brightest: source.brightest + NOISE_LEVELS };
}

/** Nearest neighbour. */
function enlarge(slice: Uint16Array, { rows, columns }: AxialSeries, size: number): Uint16Array {
  const out = new Uint16Array(size * size);
  for (let y = 0; y < size; y += 1) {
    const row = Math.floor((y * rows) / size) * columns;
    for (let x = 0; x < size; x += 1) out[y * size + x] = slice[row + Math.floor((x * columns) / size)] ?? 0;
  }
  return out;
}

function noisy(slice: Uint16Array, seed: number): Uint16Array {
  let state = seed >>> 0 || 1;
  return slice.map((value) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return value + ((state >>> 0) % NOISE_LEVELS);
  });
}

const seedOf = (name: string, index: number): number =>
  createHash('sha256').update(`${name} ${index}`).digest().readUInt32LE(0);
