import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createSharedMemory } from './shared-memory.ts';

describe('memory that threads share', () => {
  it('is never given twice at once, always of the length that was asked for, and bounded when it is given back', () => {
    const step = fc.record({
      length: fc.integer({ min: 1, max: 6 }),
      kind: fc.constantFrom('floats', 'bytes'),
      back: fc.nat(3),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const memory = createSharedMemory(20);
        const out: (Float32Array | Uint8Array)[] = [];
        for (const { length, kind, back } of steps) {
          const values = kind === 'floats' ? memory.floats(length) : memory.bytes(length);
          expect(values).toHaveLength(length);
          expect(values.buffer.byteLength).toBe(values.byteLength);
          expect(out.some(({ buffer }) => buffer === values.buffer)).toBe(false);
          out.push(values);
          for (const one of out.splice(0, back)) memory.free(one);
        }
      }),
    );
  });

  it('is used again, but for what is not shared, and for sizes that nobody asks for any more', () => {
    const memory = createSharedMemory();
    const first = memory.floats(3);
    memory.free(first);
    memory.free(new Float32Array(3));
    expect(memory.floats(3).buffer).toBe(first.buffer);
    memory.free(first);
    for (const length of [4, 5, 6, 7]) memory.free(memory.floats(length));
    expect(memory.floats(3).buffer).not.toBe(first.buffer);
  });

  it('lies ready up to a bound in bytes; what was given back last is kept rather than other sizes', () => {
    const memory = createSharedMemory(100);
    const pieces = Array.from({ length: 5 }, () => memory.bytes(30));
    for (const piece of pieces) memory.free(piece);
    const again = Array.from({ length: 5 }, () => memory.bytes(30).buffer);
    expect(again.filter((buffer) => pieces.some((piece) => piece.buffer === buffer))).toHaveLength(3);
    for (const piece of pieces.slice(0, 3)) memory.free(piece);
    const large = memory.bytes(90);
    memory.free(large);
    expect(memory.bytes(90).buffer).toBe(large.buffer);
    expect(pieces.map(({ buffer }) => buffer)).not.toContain(memory.bytes(30).buffer);
    memory.free(memory.bytes(101));
  });
});
