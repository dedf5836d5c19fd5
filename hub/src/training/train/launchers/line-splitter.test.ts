import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { makeLineSplitter } from './line-splitter.ts';

describe('line splitter', () => {
  test('however the text is cut, the lines are the same', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ maxLength: 12, unit: fc.constantFrom('a', 'b', '\n') })), (chunks) => {
        const splitter = makeLineSplitter(1000);
        const lines = [...chunks.flatMap((chunk) => splitter.push(chunk)), splitter.rest()];
        expect(lines).toEqual(chunks.join('').split('\n'));
        expect(splitter.droppedCharacters()).toBe(0);
      }),
    );
  });

  test('a line without end takes no more than its bound', () => {
    const splitter = makeLineSplitter(5);
    for (let i = 0; i < 100; i++) expect(splitter.push('abc')).toEqual([]);
    expect(splitter.rest()).toBe('abcab');
    expect(splitter.droppedCharacters()).toBe(295);
    expect(splitter.push('x\nnext\n')).toEqual(['abcab', 'next']);
  });
});
