import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createPacketGuard } from './packet-guard.ts';

const packet = (length: number): Buffer => {
  const head = [0x30];
  let rest = length;
  do {
    head.push((rest % 128) | (rest >= 128 ? 0x80 : 0));
    rest = Math.floor(rest / 128);
  } while (rest > 0);
  return Buffer.concat([Buffer.from(head), Buffer.alloc(length, 0xff)]);
};

test('however a stream is cut, it passes exactly when every packet is within the bound', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(400), { maxLength: 8 }), fc.array(fc.integer({ min: 1, max: 50 })), (lengths, cuts) => {
      const stream = Buffer.concat(lengths.map(packet));
      const guard = createPacketGuard(300);
      let passed = true;
      for (let at = 0, i = 0; at < stream.length && passed; i++) {
        const step = cuts[i % Math.max(1, cuts.length)] ?? 7;
        passed = guard(stream.subarray(at, at + step));
        at += step;
      }
      expect(passed).toBe(lengths.every((length) => length <= 300));
    }),
  );
});

test('a length of more than four bytes is no MQTT', () =>
  expect(createPacketGuard(2 ** 31)(Buffer.from([0x30, 0xff, 0xff, 0xff, 0xff, 0xff, 1]))).toBe(false));
