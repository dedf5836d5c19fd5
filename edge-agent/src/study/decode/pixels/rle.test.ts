import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeRle } from './rle.ts';

/** Packs bytes in runs and literals as the generator chose: any packing that the standard allows must be read. */
function pack(bytes: Uint8Array, literal: readonly number[]): Uint8Array {
  const out: number[] = [];
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const value = bytes[at] as number;
    let run = 1;
    while (run < 128 && bytes[at + run] === value) run++;
    if (run >= 2) {
      out.push(257 - run, value);
      at += run;
    } else {
      const count = Math.min(literal[turn % literal.length] as number, bytes.length - at);
      out.push(count - 1, ...bytes.subarray(at, at + count));
      at += count;
    }
    if (turn % 3 === 0) out.push(128);
  }
  if (out.length % 2 === 1) out.push(0);
  return Uint8Array.from(out);
}

function frame(cells: Uint8Array, bytesPerCell: number, literal: readonly number[]): Uint8Array {
  const planes = Array.from({ length: bytesPerCell }, (_, plane) =>
    pack(
      cells.filter((_, i) => i % bytesPerCell === bytesPerCell - 1 - plane),
      literal,
    ),
  );
  const header = Buffer.alloc(64);
  header.writeUInt32LE(bytesPerCell, 0);
  planes.reduce((at, plane, i) => {
    header.writeUInt32LE(at, 4 + 4 * i);
    return at + plane.length;
  }, 64);
  return Buffer.concat([header, ...planes]);
}

const cases = fc.record({
  bytesPerCell: fc.constantFrom(1, 2),
  values: fc.array(fc.constantFrom(0, 0, 0, 1, 7, 255), { minLength: 2, maxLength: 600 }),
  literal: fc.array(fc.integer({ min: 1, max: 128 }), { minLength: 1, maxLength: 5 }),
});

describe('RLE', () => {
  it('gives back what was packed, however it was packed', () => {
    fc.assert(
      fc.property(cases, ({ bytesPerCell, values, literal }) => {
        const cells = Uint8Array.from(values.slice(0, values.length - (values.length % bytesPerCell)));
        const decoded = decodeRle(frame(cells, bytesPerCell, literal), bytesPerCell, cells.length / bytesPerCell);
        expect(decoded.ok && [...decoded.value]).toEqual([...cells]);
      }),
    );
  });

  it('never reads or writes outside, whatever the bytes', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 200 }),
        fc.constantFrom(1, 2),
        fc.nat(50),
        (bytes, bytesPerCell, cells) => {
          const decoded = decodeRle(bytes, bytesPerCell, cells);
          const wanted = cells * bytesPerCell;
          expect(decoded.ok ? decoded.value.length : wanted).toBe(wanted);
        },
      ),
    );
  });

  it('is refused when it ends early', () => {
    const whole = frame(
      Uint8Array.from({ length: 100 }, (_, i) => i),
      1,
      [10],
    );
    expect(decodeRle(whole.subarray(0, 90), 1, 100).ok).toBe(false);
  });
});
