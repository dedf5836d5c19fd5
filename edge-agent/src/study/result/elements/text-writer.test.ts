import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { text } from './element.ts';
import { createTextWriter } from './text-writer.ts';

const written = (set: string | undefined, value: string): Uint8Array =>
  createTextWriter(set === undefined ? [] : [text(0x00080005, 'CS', set)])(0x0008103e, 'LO', value).value as Uint8Array;
const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');

describe('text of ours', () => {
  it.each([
    ['ISO_IR 192', 'Größe 脳', Buffer.from('Größe 脳', 'utf8')],
    ['ISO_IR 100', 'Größe', Buffer.from('Größe', 'latin1')],
    ['ISO_IR 100', 'Größe 脳', Buffer.from('Größe ?', 'latin1')],
    ['\\ISO 2022 IR 87', 'Größe 脳', Buffer.from('Gro?e ?', 'latin1')],
    [undefined, 'Ménière', Buffer.from('Meniere', 'latin1')],
    [undefined, 'a\\b', Buffer.from('a/b', 'latin1')],
  ])('in %s: %s', (set, value, bytes) => {
    expect(latin1(written(set, value))).toBe(latin1(bytes));
  });

  it('is ASCII where the character set is not known to hold more, and never parts or escapes', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 200 }),
        fc.constantFrom(undefined, 'ISO 2022 IR 87', 'GB18030'),
        (value, set) => {
          expect(latin1(written(set, value))).toMatch(/^[ -[\]-~]*$/);
        },
      ),
    );
  });
});
