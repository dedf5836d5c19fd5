import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { APPLICATION_CONTEXT } from '../uid.ts';
import { canonicalBlock, longestPrefix, parseCidr } from './address.ts';
import type { UserIdentity } from './pdu.ts';
import { oneUser } from './user-identity.ts';
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

describe('two sources that both fit', () => {
  const source = (aeTitle: string, address: string, called: string) => ({
    aeTitle,
    addresses: [address],
    calledAeTitles: [called],
    associationsMax: 2,
  });
  const sources = [
    source('*', '10.1.2.3', 'ANYONE'),
    source('CT1', '10.0.0.0/8', 'WIDE'),
    source('CT1', '10.1.0.0/16', 'NARROW'),
    source('CT1', '10.1.0.0/16', 'LATER'),
  ];

  it.each([
    ['a title of its own before *, although the block of * is smaller', 'CT1', '10.1.2.3', 'NARROW'],
    ['the smallest block', 'CT1', '10.1.9.9', 'NARROW'],
    ['the wide one where the small one does not reach', 'CT1', '10.9.9.9', 'WIDE'],
    ['* for everybody else', 'MR1', '10.1.2.3', 'ANYONE'],
  ])('%s decides', (_case, callingAeTitle, remoteAddress, called) => {
    const who = { ...request, callingAeTitle, remoteAddress };
    expect(admit({ ...who, calledAeTitle: called }, { sources, associationsMax: 9 }, load())).toMatchObject({
      ok: true,
    });
    // And nobody else does: what another row would allow is refused.
    for (const other of ['ANYONE', 'WIDE', 'NARROW', 'LATER'].filter((title) => title !== called))
      expect(admit({ ...who, calledAeTitle: other }, { sources, associationsMax: 9 }, load()).ok).toBe(false);
  });
});

describe('user identity', () => {
  const claim = (type: number, primary: string, secondary = ''): UserIdentity => ({
    type,
    responseRequested: false,
    primary: Buffer.from(primary),
    secondary: Buffer.from(secondary),
  });
  const withUser = (name: string, passcode?: string): Policy => ({
    associationsMax: 4,
    sources: policy.sources.map((one) => ({ ...one, identify: oneUser(name, passcode) })),
  });

  it.each<[string, UserIdentity | undefined, Policy, boolean]>([
    ['name and passcode', claim(2, 'ct', 'secret'), withUser('ct', 'secret'), true],
    ['none', undefined, withUser('ct', 'secret'), false],
    ['another name', claim(2, 'mr', 'secret'), withUser('ct', 'secret'), false],
    ['another passcode', claim(2, 'ct', 'Secret'), withUser('ct', 'secret'), false],
    ['the name alone where a passcode is due', claim(1, 'ct'), withUser('ct', 'secret'), false],
    ['a ticket of another kind', claim(3, 'ct', 'secret'), withUser('ct', 'secret'), false],
    ['the name where that suffices', claim(1, 'ct'), withUser('ct'), true],
    ['whatever where nobody checks', claim(4, 'x'), policy, true],
  ])('%s', (_case, userIdentity, at, admitted) => {
    const decided = admit({ ...request, userIdentity }, at, load());
    expect(decided).toMatchObject(admitted ? { ok: true } : { ok: false, error: { result: 1, source: 1, reason: 1 } });
  });
});

describe('congestion', () => {
  it('refuses who is known as temporary congestion, and tells nobody else', () => {
    const congested: Load = { ...load(), congested: 'the disk is nearly full' };
    expect(admit(request, policy, congested)).toMatchObject({ error: { result: 2, source: 3, reason: 1 } });
    expect(admit({ ...request, callingAeTitle: 'X' }, policy, congested)).toMatchObject({ error: { reason: 3 } });
  });
});

describe('addresses', () => {
  it.each([
    ['192.0.2.7/24', '192.0.2.0/24', true],
    ['2001:db8:0:0:0::1', '2001:DB8::1/128', true],
    ['::ffff:192.0.2.1', '::ffff:c000:201', true],
    ['10.0.0.0/8', '10.0.0.0/9', false],
    ['0.0.0.0/0', '::/0', false],
  ])('%s and %s are one block: %s', (one, other, same) => {
    expect(canonicalBlock(one) === canonicalBlock(other)).toBe(same);
  });

  it.each([
    ['10.0.0.0/8', '10.9.8.7', true],
    ['10.0.0.0/8', '11.0.0.1', false],
    ['10.1.2.3', '10.1.2.3', true],
    ['0.0.0.0/0', '10.1.2.3', true],
    ['0.0.0.0/0', '::1', false],
    ['::/0', '::1', true],
    ['10.0.0.0/8', 'nonsense', false],
  ])('%s holds %s: %s', (block, address, expected) => {
    expect(longestPrefix([block], address) !== undefined).toBe(expected);
  });

  it.each(['', '10.0.0.0/33', '10.0.0.0/', '10.0.0/8', '10.0.0.0/8/8', '::/129', '10.0.0.0/a'])(
    'refuses %j',
    (text) => {
      expect(parseCidr(text).ok).toBe(false);
    },
  );
});
