import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DecodedFrame } from '@collimator/edge-agent/study/decode/image-file';
import { runTool } from '../results/tools.ts';

/** What pydicom reads of a file: its pixel format, and the native bytes where they are native. */
export type Described = {
  readonly file: string;
  readonly syntax: string;
  readonly photometric: string;
  readonly rows: number;
  readonly columns: number;
  readonly samples: number;
  readonly planar: number;
  readonly allocated: number;
  readonly stored: number;
  readonly high: number;
  readonly signed: number;
  readonly frames: number;
  /** Base64; empty unless asked for. */
  readonly pixels: string;
};

const describe = `
import base64, json, os, sys, warnings
import pydicom
warnings.simplefilter('ignore')
out = []
files = json.loads(sys.argv[2])
for file in files if files else [os.path.join(d, n) for d, _, names in os.walk(sys.argv[1]) for n in sorted(names)]:
    try:
        ds = pydicom.dcmread(file)
    except Exception:
        continue
    held = [n for n in ('PixelData', 'FloatPixelData', 'DoubleFloatPixelData') if n in ds]
    if not held or 'Rows' not in ds:
        continue
    frames = ds.get('NumberOfFrames')
    out.append(dict(file=file, syntax=str(ds.file_meta.TransferSyntaxUID), photometric=str(ds.PhotometricInterpretation),
        rows=ds.Rows, columns=ds.Columns, samples=ds.SamplesPerPixel, planar=ds.get('PlanarConfiguration') or 0,
        allocated=ds.BitsAllocated, stored=ds.get('BitsStored') or ds.BitsAllocated, high=ds.get('HighBit') or 0,
        signed=ds.get('PixelRepresentation') or 0,
        frames=int(frames) if frames is not None and str(frames).isdigit() else 1,
        pixels=base64.b64encode(ds[held[0]].value).decode() if files else ''))
print(json.dumps(out))
`;

/** Every file under a folder that pydicom reads and finds pixels in, without them. */
export const imagesUnder = (folder: string): Promise<readonly Described[]> => python(folder, []);

/** The same of some files, with their pixels. */
export const withPixels = (files: readonly string[]): Promise<readonly Described[]> => python('', files);

async function python(folder: string, files: readonly string[]): Promise<readonly Described[]> {
  const { exit, output } = await runTool('/usr/bin/python3', ['-', folder, JSON.stringify(files)], describe);
  if (exit !== 0) throw new Error(output);
  return JSON.parse(output) as Described[];
}

/** The decoder of dcmtk or GDCM that a transfer syntax is compared with; native data sets are rewritten only. */
export function referenceTool(syntax: string): readonly [string, ...string[]] {
  if (['4.50', '4.51', '4.57', '4.70'].some((end) => syntax.endsWith(`.1.2.${end}`))) return ['dcmdjpeg'];
  if (['4.80', '4.81'].some((end) => syntax.endsWith(`.1.2.${end}`))) return ['dcmdjpls'];
  if (syntax.endsWith('.1.2.5')) return ['dcmdrle'];
  if (['4.90', '4.91'].some((end) => syntax.endsWith(`.1.2.${end}`))) return ['gdcmconv', '--raw', '--force'];
  return ['dcmconv', '+te'];
}

/** A file and the program that its pixels are compared with, which is given the file and where to write. */
export type Compared = { readonly file: string; readonly tool: readonly [string, ...string[]] };

/** Lets the references decode files to native explicit little endian; undefined where one cannot. */
export async function decodedByReferences(
  compared: readonly Compared[],
  folder: string,
): Promise<readonly (Described | undefined)[]> {
  const written: (string | undefined)[] = [];
  for (const [i, { file, tool }] of compared.entries()) {
    const [program, ...options] = tool;
    const out = join(folder, `reference-${i}`);
    const { exit } = await runTool(program, [...options, file, out]);
    written.push(exit === 0 ? out : undefined);
  }
  const dicom = written.filter((out): out is string => out !== undefined && !isPortableAnymap(out));
  const read = new Map((await withPixels(dicom)).map((one) => [one.file, one]));
  return written.map((out) => {
    if (out === undefined) return undefined;
    return isPortableAnymap(out) ? anymap(out) : read.get(out);
  });
}

const isPortableAnymap = (file: string): boolean => ['P5', 'P6'].includes(readFileSync(file).toString('latin1', 0, 2));

/** A picture as dcm2pnm or OpenJPH writes it: P5 grey, P6 colours, two bytes a sample (big endian) above 255. */
export function anymap(file: string): Described {
  const bytes = readFileSync(file);
  const head = /^P([56])\s(?:#.*\n)*(\d+)\s+(\d+)\s+(\d+)\s/.exec(bytes.toString('latin1', 0, 200));
  if (head === null) throw new Error(`${file} is no picture`);
  const [, kind, columns, rows, max] = head.map(Number) as [number, number, number, number, number];
  const allocated = max > 255 ? 16 : 8;
  const pixels = Buffer.from(bytes.subarray(head[0].length));
  if (allocated === 16) pixels.swap16();
  const samples = kind === 6 ? 3 : 1;
  const format = { planar: 0, allocated, stored: allocated, high: allocated - 1, signed: 0, frames: 1 };
  const photometric = samples === 3 ? 'RGB' : 'MONOCHROME2';
  return { file, syntax: '', photometric, rows, columns, samples, ...format, pixels: pixels.toString('base64') };
}

/**
 * The greatest difference between our frames and the native pixels of a reference, which is read here once more from
 * its bytes, one sample after the other; Infinity where they do not even have the same size.
 */
export function greatestDifference(ours: readonly DecodedFrame[], reference: Described): number {
  const { rows, columns, samples, planar, allocated, stored, high, signed, frames } = reference;
  const bytes = Buffer.from(reference.pixels, 'base64');
  const pixels = rows * columns;
  if (ours.length !== frames) return Number.POSITIVE_INFINITY;
  let greatest = 0;
  for (const [f, frame] of ours.entries()) {
    if (frame.samples.length !== pixels * samples) return Number.POSITIVE_INFINITY;
    for (let i = 0; i < pixels * samples; i++) {
      const at =
        f * pixels * samples + (planar === 1 && samples > 1 ? (i % samples) * pixels + Math.floor(i / samples) : i);
      const cell =
        allocated === 1
          ? ((bytes[at >> 3] as number) >> (at & 7)) & 1
          : bytes.readUIntLE((at * allocated) / 8, allocated / 8);
      const bits = Math.floor(cell / 2 ** (high + 1 - stored)) % 2 ** stored;
      const value = signed === 1 && bits >= 2 ** (stored - 1) ? bits - 2 ** stored : bits;
      greatest = Math.max(greatest, Math.abs(value - (frame.samples[i] as number)));
    }
  }
  return greatest;
}
