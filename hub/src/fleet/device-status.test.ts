import type { DeviceRelease } from '@collimator/shared/contracts/messages';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type DeviceFacts, deviceStatus, silentAfterMs } from './device-status.ts';

const one = { name: 'brain', version: '1.0.0', sha256: 'a'.repeat(64) };
const two = { ...one, version: '2.0.0', sha256: 'b'.repeat(64) };
const said = (release: Partial<DeviceRelease>): DeviceRelease => ({
  name: 'brain',
  active: null,
  assigned: one,
  phase: 'announced',
  stale: false,
  ...release,
});
const facts: DeviceFacts = { retired: false, online: true, seenAtMs: 1_000, assigned: [one], reported: [] };

test.each<[string, Partial<DeviceFacts>, string]>([
  ['never heard', { seenAtMs: null, online: false }, 'registered'],
  ['retired, whatever else', { retired: true, seenAtMs: null }, 'retired'],
  ['not connected', { online: false }, 'silent'],
  ['heard too long ago', { seenAtMs: 1_000 - silentAfterMs - 1 }, 'silent'],
  ['nothing assigned', { assigned: [] }, 'pending'],
  ['assigned, not taken up', {}, 'pending'],
  ['still at an earlier assignment', { reported: [said({ active: two, assigned: two, phase: 'active' })] }, 'pending'],
  ['fetching', { reported: [said({ phase: 'fetching' })] }, 'updating'],
  ['running it', { reported: [said({ active: one, phase: 'active' })] }, 'in-sync'],
  ['running it on expired metadata', { reported: [said({ active: one, phase: 'active', stale: true })] }, 'degraded'],
  ['refused, the old one stays', { reported: [said({ active: two, phase: 'refused' })] }, 'degraded'],
])('%s', (_what, some, expected) => expect(deviceStatus({ ...facts, ...some }, 1_000)).toBe(expected));

test('in sync only when every assigned release is active, whatever is reported', () => {
  const ref = fc.constantFrom(one, two);
  const report = fc.record({
    name: fc.constant('brain'),
    active: fc.option(ref),
    assigned: fc.option(ref),
    phase: fc.constantFrom('announced' as const, 'active' as const, 'refused' as const),
    stale: fc.boolean(),
  });
  fc.assert(
    fc.property(
      fc.array(ref, { minLength: 1, maxLength: 2 }),
      fc.array(report, { maxLength: 2 }),
      (assigned, reported) => {
        if (deviceStatus({ ...facts, assigned, reported }, 1_000) !== 'in-sync') return;
        const active = reported[0]?.active;
        expect(assigned.every((a) => a === active)).toBe(true);
      },
    ),
  );
});
