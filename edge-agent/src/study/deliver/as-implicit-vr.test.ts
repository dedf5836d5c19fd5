import dicomParser, { type DataSet } from 'dicom-parser';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { RawElement } from '../decode/raw-element.ts';
import { encodeDataSet } from '../result/elements/encode-dataset.ts';
import { asImplicitVr } from './as-implicit-vr.ts';

const vrs = ['LO', 'UI', 'US', 'OB', 'OW', 'UT', 'FD', 'SQ', 'UN'] as const;
const value = fc.uint8Array({ maxLength: 40 });

/** Elements without meaning, nested up to three deep; not private, because the reader forgets the items of private ones. */
const { elements } = fc.letrec<{ elements: RawElement[]; one: RawElement }>((tie) => ({
  elements: fc.array(tie('one'), { minLength: 1, maxLength: 5 }),
  one: fc
    .record({
      tag: fc.integer({ min: 0x0008_1000, max: 0x0008_10ff }),
      vr: fc.constantFrom(...vrs),
      value,
      items: fc.oneof(
        { maxDepth: 3, depthIdentifier: 'nested' },
        fc.constant<RawElement[][]>([]),
        fc.array(tie('elements'), { maxLength: 3 }),
      ),
    })
    .map(({ tag, vr, value: bytes, items }) => ({ tag, vr, value: vr === 'SQ' ? items : bytes })),
}));

async function* inChunks(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield await Promise.resolve(bytes.subarray(at, at + size));
}

async function all(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of source) pieces.push(piece);
  return Buffer.concat(pieces);
}

/** Tags with their bytes, or with what their items hold. */
type Shape = { readonly [tag: string]: string | readonly Shape[] };
function shapeOf(dataSet: DataSet, isSequence: (path: string) => boolean, path = ''): Shape {
  return Object.fromEntries(
    // The reader lists the delimiter of an item among its elements.
    Object.values(dataSet.elements)
      .filter(({ tag }) => !tag.startsWith('xfffe'))
      .map((element) => {
        const { tag, dataOffset, length } = element;
        const here = `${path}/${tag}`;
        const items = (element.items ?? []).map((item, i) =>
          shapeOf(item.dataSet as DataSet, isSequence, `${here}[${i}]`),
        );
        const bytes = Buffer.from(dataSet.byteArray.subarray(dataOffset, dataOffset + length)).toString('hex');
        return [tag, isSequence(here) ? items : bytes];
      }),
  );
}

function parsed(bytes: Buffer, how: 'explicit' | 'implicit', vrOf: (tag: string) => string): DataSet {
  const parser = dicomParser.littleEndianByteArrayParser;
  const dataSet = { byteArray: bytes, byteArrayParser: parser, elements: {}, warnings: [] } as unknown as DataSet;
  const stream = new dicomParser.ByteStream(parser, bytes, 0);
  if (how === 'explicit') dicomParser.parseDicomDataSetExplicit(dataSet, stream, bytes.length, { untilTag: '' });
  else dicomParser.parseDicomDataSetImplicit(dataSet, stream, bytes.length, { untilTag: '', vrCallback: vrOf });
  return dataSet;
}

it('has the same elements with the same values, whatever the chunks', async () => {
  // One VR for each tag, so that the reader of implicit VR can be told of it.
  const vrOfTag = (tag: number): (typeof vrs)[number] => vrs[tag % vrs.length] ?? 'UN';
  const agreed = (some: readonly RawElement[]): RawElement[] =>
    some.map(({ tag, value: content }) => {
      const vr = vrOfTag(tag);
      const items = content instanceof Uint8Array ? [] : content.map(agreed);
      return { tag, vr, value: vr === 'SQ' ? items : content instanceof Uint8Array ? content : new Uint8Array(2) };
    });
  // The reader asks for delimiters as well.
  const vrOf = (tag: string): string => (tag.startsWith('xfffe') ? 'UN' : vrOfTag(Number.parseInt(tag.slice(1), 16)));
  const sequence = (path: string): boolean => vrOf(path.slice(path.lastIndexOf('/') + 1)) === 'SQ';
  await fc.assert(
    fc.asyncProperty(elements, fc.integer({ min: 1, max: 64 }), async (some, size) => {
      const explicit = Buffer.from(encodeDataSet(agreed(some)));
      const implicit = await all(asImplicitVr(inChunks(explicit, size)));
      expect(shapeOf(parsed(implicit, 'implicit', vrOf), sequence)).toEqual(
        shapeOf(parsed(explicit, 'explicit', vrOf), sequence),
      );
    }),
    { numRuns: 500 },
  );
});

it('says so when the data set ends inside an element', async () => {
  const whole = encodeDataSet([{ tag: 0x0008_1000, vr: 'LO', value: new Uint8Array(10) }]);
  for (let length = 1; length < whole.length; length += 1)
    await expect(all(asImplicitVr(inChunks(whole.subarray(0, length), 7)))).rejects.toThrow('ends inside an element');
});
