import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createPixelCodecs } from '@collimator/edge-agent/study/decode/pixels/pixel-codecs';
import { afterAll, describe, expect, it } from 'vitest';
import { runTool } from '../results/tools.ts';
import { decodeAll } from './decode-all.ts';
import { encapsulatedImage, nativeImage } from './encapsulated.ts';
import { type Picture, pictures } from './pictures.ts';
import { anymap, decodedByReferences, greatestDifference } from './reference.ts';

type Kind = keyof typeof pictures;
type Tool = readonly [string, ...string[]];

const greys: readonly Kind[] = [
  'grey of 8 bits',
  'grey of 12 bits',
  'signed grey of 12 bits',
  'grey of 16 bits',
  'signed grey of 16 bits',
];
const everything: readonly Kind[] = [...greys, 'RGB'];

/** What writes a stream without loss: the same pixels have to come back. */
const lossless: readonly { readonly tool: Tool; readonly kinds: readonly Kind[] }[] = [
  { tool: ['dcmcrle'], kinds: everything },
  { tool: ['dcmcjpeg', '+e1'], kinds: everything },
  ...[1, 2, 3, 4, 5, 6, 7].map((sv) => ({ tool: ['dcmcjpeg', '+el', '+sv', `${sv}`] as const, kinds: everything })),
  { tool: ['dcmcjpls', '+el'], kinds: everything },
  ...['+il', '+is', '+in'].map((interleave) => ({ tool: ['dcmcjpls', interleave] as const, kinds: ['RGB'] as const })),
  { tool: ['gdcmconv', '--j2k'], kinds: everything },
  { tool: ['gdcmconv', '--j2k', '-t', '32,40'], kinds: everything },
  { tool: ['gdcmconv', '--jpegls'], kinds: everything },
  { tool: ['gdcmconv', '--jpeg'], kinds: everything },
  { tool: ['gdcmconv', '--rle'], kinds: ['grey of 12 bits', 'signed grey of 16 bits'] },
  { tool: ['dcmconv', '+tb'], kinds: everything },
  { tool: ['dcmconv', '+td'], kinds: everything },
];

/** What writes a stream with loss, and what decodes it for comparison. */
const lossy: readonly { readonly tool: Tool; readonly kinds: readonly Kind[]; readonly reference: Tool }[] = [
  { tool: ['dcmcjpeg', '+eb'], kinds: ['grey of 8 bits', 'RGB'], reference: ['dcmdjpeg'] },
  { tool: ['dcmcjpeg', '+eb', '+cr'], kinds: ['RGB'], reference: ['dcmdjpeg'] },
  { tool: ['dcmcjpeg', '+eb', '+q', '30', '+s2'], kinds: ['RGB'], reference: ['dcmdjpeg'] },
  { tool: ['dcmcjpeg', '+ee'], kinds: ['grey of 8 bits', 'grey of 12 bits'], reference: ['dcmdjpeg'] },
  { tool: ['dcmcjpeg', '+ee', '+q', '20'], kinds: ['grey of 12 bits'], reference: ['dcmdjpeg'] },
  {
    tool: ['dcmcjpls', '+en', '+md', '3'],
    kinds: ['grey of 8 bits', 'grey of 12 bits', 'grey of 16 bits', 'RGB'],
    reference: ['dcmdjpls'],
  },
  {
    tool: ['gdcmconv', '--j2k', '--lossy', '-r', '10'],
    kinds: ['grey of 8 bits', 'grey of 12 bits', 'grey of 16 bits'],
    reference: ['gdcmconv', '--raw'],
  },
];

describe('streams that other programs write', () => {
  const codecs = createPixelCodecs();
  const folder = mkdtempSync(join(tmpdir(), 'pixels-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  function source(kind: Kind): string {
    const file = join(folder, `${kind}.dcm`);
    const { format, pixels } = pictures[kind];
    writeFileSync(file, nativeImage(format, pixels));
    return file;
  }

  async function written(kind: Kind, [program, ...options]: Tool): Promise<string> {
    const file = join(folder, `${kind}-${program}${options.join('')}.dcm`);
    expect(await runTool(program, [...options, source(kind), file])).toMatchObject({ exit: 0 });
    return file;
  }

  const rowsOf = <T extends { tool: Tool; kinds: readonly Kind[] }>(table: readonly T[]) =>
    table.flatMap((row) => row.kinds.map((kind) => ({ ...row, kind, by: row.tool.join(' ') })));

  it.each(rowsOf(lossless))('$by of $kind', async ({ tool, kind }) => {
    const ours = await decodeAll(await written(kind, tool), codecs);
    expect(ours).toEqual(await decodeAll(source(kind), codecs));
    expect(ours.ok).toBe(true);
  });

  it.each(rowsOf(lossy))('$by of $kind, within 1', async ({ tool, kind, reference }) => {
    const file = await written(kind, tool);
    const ours = await decodeAll(file, codecs);
    const [theirs] = await decodedByReferences([{ file, tool: reference }], folder);
    if (!ours.ok || theirs === undefined) throw new Error(JSON.stringify(ours));
    expect(greatestDifference(ours.value, theirs)).toBeLessThanOrEqual(1);
  });

  it.each([
    [['dcmcjpeg', '+el', '+pt', '1'], 'grey of 12 bits', 'lossless JPEG with a point transform'],
    [['dcmcjpeg', '+ep'], 'grey of 8 bits', 'JPEG Full Progression|unknown transfer syntax'],
  ] satisfies [Tool, Kind, string][])('%s of %s is refused by name', async (tool, kind, detail) => {
    const ours = await decodeAll(await written(kind, tool), codecs);
    expect(ours.ok ? 'decoded' : ours.error.detail).toMatch(new RegExp(detail));
  });

  describe('OpenJPH', () => {
    const kinds: readonly Kind[] = ['grey of 8 bits', 'grey of 12 bits', 'grey of 16 bits', 'RGB'];
    const ways: readonly (readonly string[])[] = [
      ['-reversible', 'true'],
      ['-reversible', 'true', '-prog_order', 'LRCP', '-num_decomps', '2'],
      ['-reversible', 'true', '-tile_size', '{40,32}'],
      ['-reversible', 'false'],
    ];
    it.each(kinds.flatMap((kind) => ways.map((options) => ({ kind, options, by: options.join(' ') }))))(
      '$by of $kind',
      async ({ kind, options }) => {
        const name = join(folder, `${kind}${options.join('')}`);
        const colours = kind === 'RGB';
        const [picture, stream, back] = [
          `${name}.${colours ? 'ppm' : 'pgm'}`,
          `${name}.j2c`,
          `${name}-back.${colours ? 'ppm' : 'pgm'}`,
        ];
        writeFileSync(picture, anymapOf(pictures[kind]));
        expect(await runTool('ojph_compress', ['-i', picture, '-o', stream, ...options])).toMatchObject({ exit: 0 });
        expect(await runTool('ojph_expand', ['-i', stream, '-o', back])).toMatchObject({ exit: 0 });
        const reversible = options[1] === 'true';
        const syntax = `1.2.840.10008.1.2.4.20${reversible ? 1 : 3}`;
        const photometric = colours ? { photometric: reversible ? 'YBR_RCT' : 'YBR_ICT' } : {};
        const file = `${name}.dcm`;
        const fragments = [readFileSync(stream)];
        writeFileSync(file, encapsulatedImage(syntax, { ...pictures[kind].format, ...photometric }, { fragments }));
        const ours = await decodeAll(file, codecs);
        if (!ours.ok) throw new Error(ours.error.detail);
        expect(greatestDifference(ours.value, anymap(back))).toBeLessThanOrEqual(reversible ? 0 : 1);
      },
    );
  });
});

/** A portable anymap of an unsigned picture. */
function anymapOf({ format, pixels }: Picture): Uint8Array {
  const { rows, columns, samples = 1, allocated, stored = allocated } = format;
  const head = `P${samples === 3 ? 6 : 5}\n${columns} ${rows}\n${2 ** stored - 1}\n`;
  const body = Buffer.from(pixels.subarray(0, (rows * columns * samples * allocated) / 8));
  if (allocated === 16) body.swap16();
  return Buffer.concat([Buffer.from(head, 'latin1'), body]);
}
