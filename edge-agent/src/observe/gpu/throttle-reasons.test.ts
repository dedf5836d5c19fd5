import fc from 'fast-check';
import { expect, it } from 'vitest';
import { reasonsOf, throttleReasons } from './throttle-reasons.ts';

const holding = (mask: number): string[] =>
  Object.entries(reasonsOf(mask)).flatMap(([reason, holds]) => (holds ? [reason] : []));

it.each([
  [0x0, []],
  [0x1, ['gpu-idle']],
  [0x64, ['sw-power-cap', 'sw-thermal-slowdown', 'hw-thermal-slowdown']],
  [0x88, ['hw-slowdown', 'hw-power-brake-slowdown']],
  [0x200, ['other']],
  [2 ** 63, ['other']],
])('of mask %i hold %j', (mask, reasons) => expect(holding(mask)).toEqual(reasons));

it('of any mask hold some of the known ones, and only of an empty one none', () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), (mask) => {
      const all = Object.keys(reasonsOf(mask));
      expect(all).toEqual(throttleReasons);
      expect(holding(mask).length > 0).toBe(mask > 0);
    }),
  );
});
