import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { storeStatus, storeStatuses, statusText } from './statuses.ts';
import { transferSyntaxes } from './transfer-syntaxes.ts';
import { IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME, isUid, newUid } from './uids.ts';

describe('UIDs', () => {
  it('are made of a random UUID, below 2.25 and at most 64 characters', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (random) => {
        const uid = newUid(random);
        expect(uid).toMatch(/^2\.25\.[1-9][0-9]*$/);
        expect(isUid(uid)).toBe(true);
        const uuid = BigInt(uid.slice(5)).toString(16).padStart(32, '0');
        expect(uuid[12]).toBe('4');
        expect('89ab').toContain(uuid[16]);
      }),
    );
    expect(() => newUid(new Uint8Array(15))).toThrow(RangeError);
  });

  it.each(['', '.', '1.', '.1', '1..2', '1.2a', '../1', `1.${'2'.repeat(63)}`, '1.2\n'])('%j is none', (text) => {
    expect(isUid(text)).toBe(false);
  });

  it('of ours fit their elements', () => {
    expect(isUid(IMPLEMENTATION_CLASS_UID)).toBe(true);
    expect(IMPLEMENTATION_VERSION_NAME.length).toBeLessThanOrEqual(16);
  });
});

describe('store statuses', () => {
  it('are found by code, in ranges too', () => {
    for (const entry of Object.values(storeStatuses)) expect(storeStatus(entry.code)).toEqual(entry);
    expect(storeStatus(0xa7ab)).toEqual({ code: 0xa7ab, name: 'out of resources' });
    expect(storeStatus(0xc123).name).toBe('cannot understand');
    expect(storeStatus(0xb0ff).name).toBe('stored with a warning');
    expect(storeStatus(0x7777)).toEqual({ code: 0x7777, name: 'unknown status' });
    expect(statusText(0x0117)).toBe('0117H');
  });
});

describe('transfer syntaxes', () => {
  it('are UIDs, each once', () => {
    expect(transferSyntaxes.size).toBe(32);
    for (const [uid, entry] of transferSyntaxes) {
      expect(isUid(uid)).toBe(true);
      expect(entry.uid).toBe(uid);
    }
  });
});
