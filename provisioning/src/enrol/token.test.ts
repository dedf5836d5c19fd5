import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatToken, judgeToken, parseToken, type TokenRecord } from './token.ts';

const now = new Date('2026-11-23T12:00:00Z');
const later = new Date('2026-11-24T12:00:00Z');
const good: TokenRecord = { serial: 'RAD-1', expiresAt: later, usedAt: null, usedByKey: null };

test.each([
  ['an unknown token', undefined, 'token-unknown'],
  ['a used one', { ...good, usedAt: now }, 'token-used'],
  ['an expired one', { ...good, expiresAt: now }, 'token-expired'],
  ['one for another serial', { ...good, serial: 'RAD-2' }, 'token-wrong-serial'],
  ['a used one that has expired too', { ...good, usedAt: now, expiresAt: now }, 'token-used'],
])('%s is refused', (_what, record, code) => {
  expect(judgeToken(record, { serial: 'RAD-1', now })).toMatchObject({ ok: false, error: { code } });
});

test('a used one is taken again from the key that it enrolled, and from no other', () => {
  const used = { ...good, usedAt: now, usedByKey: 'k1' };
  expect(judgeToken(used, { serial: 'RAD-1', now, key: 'k1' }).ok).toBe(true);
  expect(judgeToken(used, { serial: 'RAD-1', now, key: 'k2' }).ok).toBe(false);
  expect(judgeToken({ ...used, usedByKey: null }, { serial: 'RAD-1', now }).ok).toBe(false);
  expect(judgeToken(used, { serial: 'RAD-1', now: later, key: 'k1' })).toMatchObject({
    error: { code: 'token-expired' },
  });
});

test('the right one enrols', () => expect(judgeToken(good, { serial: 'RAD-1', now }).ok).toBe(true));

test('a token is accepted only when unused, in time and for this serial, whatever the record', () => {
  const record = fc.record({
    serial: fc.constantFrom('a', 'b'),
    expiresAt: fc.date({ noInvalidDate: true }),
    usedAt: fc.option(fc.date({ noInvalidDate: true })),
    usedByKey: fc.option(fc.constantFrom('k1', 'k2')),
  });
  fc.assert(
    fc.property(record, fc.constantFrom('a', 'b'), fc.date({ noInvalidDate: true }), (r, serial, at) => {
      const accepted = judgeToken(r, { serial, now: at }).ok;
      return accepted === (r.usedAt === null && r.expiresAt > at && r.serial === serial);
    }),
  );
});

test('a token is found again by its id and digest, and no other text is', () => {
  const bytes = (n: number) => fc.uint8Array({ minLength: n, maxLength: n });
  fc.assert(
    fc.property(bytes(6), bytes(32), bytes(32), (id, secret, other) => {
      fc.pre(!Buffer.from(secret).equals(Buffer.from(other)));
      const mine = parseToken(formatToken(id, secret).token);
      const theirs = parseToken(formatToken(id, other).token);
      return mine !== undefined && theirs !== undefined && mine.id === theirs.id && mine.digest !== theirs.digest;
    }),
  );
  for (const text of ['', 'abc', 'zz.yy', `${'0'.repeat(12)}.${'a'.repeat(42)}`])
    expect(parseToken(text)).toBeUndefined();
});
