import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { APPLICATION_CONTEXT } from '../uid.ts';
import { contains, parseCidr } from './address.ts';
import { admit, type AssociateRequest, type Load, type Policy } from './admission.ts';

const policy: Policy = {
  sources: [
    { aeTitle: 'CT1', addresses: ['192.0.2.0/24'], calledAeTitles: ['EDGE'], associationsMax: 2 },
    { aeTitle: 'MR1', addresses: ['2001:db8::/32', '198.51.100.7'], calledAeTitles: ['*'], associationsMax: 9 },
  ],
  associationsMax: 4,
};
const request: AssociateRequest = {
  callingAeTitle: 'CT1',
  calledAeTitle: 'EDGE',
  remoteAddress: '192.0.2.9',
  protocolVersion: 1,
  applicationContext: APPLICATION_CONTEXT,
};
const load = (associations = 0, ofSource = 0): Load => ({ associations, bySource: () => ofSource });

describe('admit', () => {
  it('takes a known sender from its address', () => {
    expect(admit(request, policy, load())).toEqual({ ok: true, value: policy.sources[0] });
    const other = { ...request, callingAeTitle: 'MR1', calledAeTitle: 'ANY', remoteAddress: '2001:db8::5' };
    expect(admit(other, policy, load())).toMatchObject({ ok: true });
  });

  it.each<[string, Partial<AssociateRequest>, Load, { result: number; source: number; reason: number }]>([
    ['protocol version', { protocolVersion: 2 }, load(), { result: 1, source: 2, reason: 2 }],
    ['unknown calling AE title', { callingAeTitle: 'X' }, load(), { result: 1, source: 1, reason: 3 }],
    ['title of another case', { callingAeTitle: 'ct1' }, load(), { result: 1, source: 1, reason: 3 }],
    ['another address', { remoteAddress: '203.0.113.1' }, load(), { result: 1, source: 1, reason: 3 }],
    ['another called AE title', { calledAeTitle: 'X' }, load(), { result: 1, source: 1, reason: 7 }],
    ['application context', { applicationContext: '1.2.3' }, load(), { result: 1, source: 1, reason: 2 }],
    ['all associations in use', {}, load(4), { result: 2, source: 3, reason: 2 }],
    ["all of this source's in use", {}, load(3, 2), { result: 2, source: 3, reason: 1 }],
  ])('refuses: %s', (_case, differs, at, refusal) => {
    expect(admit({ ...request, ...differs }, policy, at)).toMatchObject({ ok: false, error: refusal });
  });

  it('tells an unknown sender the same whatever the load', () => {
    fc.assert(
      fc.property(fc.nat(20), fc.nat(20), (all, own) => {
        const unknown = { ...request, callingAeTitle: 'X', calledAeTitle: 'Y' };
        expect(admit(unknown, policy, load(all, own))).toEqual(admit(unknown, policy, load()));
      }),
    );
  });

  it('never admits more than the limits', () => {
    fc.assert(
      fc.property(fc.nat(20), fc.nat(20), (all, own) => {
        expect(admit(request, policy, load(all, own)).ok).toBe(all < 4 && own < 2);
      }),
    );
  });
});

describe('addresses', () => {
  it.each([
    ['10.0.0.0/8', '10.9.8.7', true],
    ['10.0.0.0/8', '11.0.0.1', false],
    ['10.1.2.3', '10.1.2.3', true],
    ['0.0.0.0/0', '10.1.2.3', true],
    ['0.0.0.0/0', '::1', false],
    ['::/0', '::1', true],
    ['10.0.0.0/8', 'nonsense', false],
  ])('%s holds %s: %s', (block, address, expected) => {
    expect(contains([block], address)).toBe(expected);
  });

  it.each(['', '10.0.0.0/33', '10.0.0.0/', '10.0.0/8', '10.0.0.0/8/8', '::/129', '10.0.0.0/a'])(
    'refuses %j',
    (text) => {
      expect(parseCidr(text).ok).toBe(false);
    },
  );
});
