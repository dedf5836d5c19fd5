import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Encoding } from './encoding.ts';
import { DEPTH_MAX, type Element, readElements, readItems } from './read-elements.ts';
import { writeElement, writeSequence } from './write-elements.ts';

const encodings: readonly Encoding[] = ['implicit', 'explicit'];
const SEQUENCE = 0x0008_1199;
const DELIMITER = Buffer.from([0xfe, 0xff, 0xdd, 0xe0, 0, 0, 0, 0]);
const ITEM_OPEN = Buffer.from([0xfe, 0xff, 0x00, 0xe0, 0xff, 0xff, 0xff, 0xff]);
const ITEM_CLOSE = Buffer.from([0xfe, 0xff, 0x0d, 0xe0, 0, 0, 0, 0]);

/** The same sequence with undefined lengths, as many devices write it. */
function openSequence(tag: number, items: readonly Buffer[], encoding: Encoding): Buffer {
  const head = writeSequence(tag, [], encoding);
  head.writeUInt32LE(0xffff_ffff, head.length - 4);
  return Buffer.concat([head, ...items.flatMap((item) => [ITEM_OPEN, item, ITEM_CLOSE]), DELIMITER]);
}

function need<T>(result: { ok: true; value: T } | { ok: false; error: string }): T {
  if (!result.ok) throw new Error(result.error);
  return result.value;
}
const texts = (elements: readonly Element[]) => elements.map(({ tag, value }) => [tag, value.toString('latin1')]);

describe('small data sets', () => {
  it.each(encodings)('read back in %s what was written, sequences of defined and of undefined length', (encoding) => {
    const value = fc.stringMatching(/^[A-Z0-9.]{0,40}$/).map((text) => (text.length % 2 === 0 ? text : `${text}1`));
    const items = fc.array(fc.array(value, { maxLength: 3 }), { maxLength: 4 });
    fc.assert(
      fc.property(value, items, fc.boolean(), (first, inner, open) => {
        const encoded = inner.map((texts_) =>
          Buffer.concat(texts_.map((text, index) => writeElement(0x0008_1150 + index, 'LO', text, encoding))),
        );
        const bytes = Buffer.concat([
          writeElement(0x0008_0050, 'SH', first, encoding),
          (open ? openSequence : writeSequence)(SEQUENCE, encoded, encoding),
          writeElement(0x0010_0020, 'LO', 'LAST', encoding),
        ]);
        const elements = need(readElements(bytes, encoding));
        expect(elements.map(({ tag }) => tag)).toEqual([0x0008_0050, SEQUENCE, 0x0010_0020]);
        const sequence = elements[1];
        if (sequence === undefined) throw new Error('no sequence');
        expect(need(readItems(sequence)).map(texts)).toEqual(
          inner.map((texts_) => texts_.map((text, index) => [0x0008_1150 + index, text])),
        );
      }),
      { numRuns: 100 },
    );
  });

  it.each(encodings)('give up in %s on nesting without end, however it is written', (encoding) => {
    let bytes: Buffer = writeElement(0x0008_0050, 'SH', 'DEEP', encoding);
    for (let depth = 0; depth <= DEPTH_MAX; depth += 1) bytes = openSequence(SEQUENCE, [bytes], encoding);
    expect(readElements(bytes, encoding)).toMatchObject({ ok: false, error: expect.stringContaining('nested') });
    const endless = Buffer.concat(Array.from({ length: 100_000 }, () => ITEM_OPEN));
    const opened = Buffer.concat([openSequence(SEQUENCE, [], encoding).subarray(0, -8), endless]);
    expect(readElements(opened, encoding).ok).toBe(false);
  });

  it.each(encodings)('neither throw nor go on for ever in %s, whatever bytes come', (encoding) => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const elements = readElements(Buffer.from(bytes), encoding);
        if (elements.ok) for (const element of elements.value) readItems(element);
      }),
      { numRuns: 2_000 },
    );
  });
});
