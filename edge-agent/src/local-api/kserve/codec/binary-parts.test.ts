import fc from 'fast-check';
import { expect, it } from 'vitest';
import { binaryParts } from './binary-parts.ts';

const sizes = fc.array(fc.oneof(fc.nat(40), fc.constantFrom(-1, 0.5, NaN, Infinity, 2 ** 53, 2 ** 31)), {
  maxLength: 6,
});

it('gives each part its bytes and nothing of another, or says what is wrong', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 120 }), sizes, (bytes, wanted) => {
      const binary = new Uint8Array(bytes);
      const split = binaryParts(
        binary,
        wanted.map((size, i) => ({ name: `t${i}`, bytes: size })),
      );
      const sum = wanted.reduce((total, size) => total + size, 0);
      expect(split.ok).toBe(wanted.every((size) => Number.isSafeInteger(size) && size >= 0) && sum === binary.length);
      if (!split.ok) return;
      expect(split.value.map(({ length }) => length)).toEqual(wanted);
      expect(Buffer.concat(split.value)).toEqual(Buffer.from(binary));
    }),
    { numRuns: 2_000 },
  );
});

it('splits any body into what was put together', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 30 }), { maxLength: 8 }), (parts) => {
      const split = binaryParts(
        new Uint8Array(Buffer.concat(parts)),
        parts.map(({ length }, i) => ({ name: `t${i}`, bytes: length })),
      );
      expect(split).toEqual({ ok: true, value: parts.map((part) => new Uint8Array(part)) });
    }),
  );
});

it('names the input that the body is too short for, and what is left over', () => {
  const body = new Uint8Array(10);
  expect(
    binaryParts(body, [
      { name: 'a', bytes: 4 },
      { name: 'b', bytes: 8 },
    ]),
  ).toEqual({
    ok: false,
    error: 'input "b": the body ends before its 8 bytes do',
  });
  expect(binaryParts(body, [{ name: 'a', bytes: 4 }])).toEqual({
    ok: false,
    error: '6 bytes of the body belong to no input',
  });
  expect(binaryParts(body, [{ name: 'a', bytes: '4' as unknown as number }])).toMatchObject({ ok: false });
});
