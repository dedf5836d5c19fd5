import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Result } from '../result.ts';
import { verifyAssignment } from './assignment.ts';
import { canonicalJson, sha256Hex } from './canonical-json.ts';
import { type FixtureSet, fixtureAssignment, fixtureKeys, fixtureRoot, fixtureSet } from './fixture-repository.ts';
import { generateSigningKey, type Signature } from './keys.ts';
import type { Refusal } from './refusal.ts';
import { checkSignatures, documentBytes, signDocument } from './signatures.ts';
import { targetPath, verifyTargetNamed } from './targets.ts';
import {
  signedBy,
  type Trust,
  trustFresh,
  updateSnapshot,
  updateTargets,
  updateTimestamp,
} from './trusted-metadata.ts';
import { onlineKeysUnchanged, openRoot, updateRoot } from './trusted-root.ts';

const now = new Date('2026-11-23T12:00:00Z');
const later = (days: number) => new Date(now.getTime() + days * 86_400_000);
const keys = fixtureKeys();
const rootBytes = fixtureRoot(keys, 1, now);
const root = value(openRoot(rootBytes));
const entry = { path: targetPath('brain', '1.0.0'), sha256: 'a'.repeat(64), length: 10 };

function value<T>(result: Result<T, Refusal>): T {
  if (!result.ok) throw new Error(`${result.error.code}: ${result.error.detail}`);
  return result.value;
}
const code = (result: Result<unknown, Refusal>) => (result.ok ? 'ok' : result.error.code);

/** Takes a whole set on top of what is trusted, or says why not. */
function take(trust: Trust, set: FixtureSet, at = now): Result<Required<Trust>, Refusal> {
  const timestamp = updateTimestamp(trust, set.timestamp, at);
  if (!timestamp.ok) return timestamp;
  const snapshot = updateSnapshot({ ...trust, timestamp: timestamp.value }, set.snapshot, at);
  if (!snapshot.ok) return snapshot;
  const named = { ...trust, timestamp: timestamp.value, snapshot: snapshot.value };
  const targets = updateTargets(named, set.targets, at);
  return targets.ok ? trustFresh({ ...named, targets: targets.value }, at) : targets;
}

describe('the root', () => {
  const next = fixtureKeys();
  const rotated = { ...next, root: [...keys.root.slice(0, 1), ...next.root.slice(1)] };
  test.each([
    ['signed by both sides', fixtureRoot(rotated, 2, now, [...keys.root.slice(0, 2), next.root[1]!]), 'ok'],
    ['signed by the new side only', fixtureRoot(rotated, 2, now, rotated.root.slice(1)), 'metadata-signatures-too-few'],
    ['signed by the old side only', fixtureRoot(rotated, 2, now, keys.root.slice(0, 2)), 'metadata-signatures-too-few'],
    ['signed by a stranger', fixtureRoot(keys, 2, now, [...keys.root, generateSigningKey()]), 'metadata-key-unknown'],
    ['of the same version', rootBytes, 'metadata-older'],
    ['two versions on', fixtureRoot(keys, 3, now), 'root-version-skipped'],
    [
      'with an unreachable threshold',
      fixtureRoot({ ...keys, targets: keys.targets.slice(0, 1) }, 2, now),
      'metadata-malformed',
    ],
  ])('%s', (_, bytes, expected) => expect(code(updateRoot(root, bytes))).toBe(expected));

  test('with new online keys drops what they signed', () => {
    const same = value(updateRoot(root, fixtureRoot(keys, 2, now)));
    const other = value(updateRoot(root, fixtureRoot({ ...keys, timestamp: next.timestamp }, 2, now)));
    expect([onlineKeysUnchanged(root, same), onlineKeysUnchanged(root, other)]).toEqual([true, false]);
  });

  test('does not count one key twice under two ids', () => {
    const signed = JSON.parse(rootBytes.toString()).signed;
    const [first] = signed.roles.root.keyids;
    signed.keys['f'.repeat(64)] = signed.keys[first];
    signed.roles.root.keyids.push('f'.repeat(64));
    expect(code(openRoot(signDocument(signed, keys.root)))).toBe('metadata-malformed');
  });
});

describe('timestamp, snapshot and targets', () => {
  const [one, two] = [fixtureSet(keys, 1, now), fixtureSet(keys, 2, now, [entry])];
  const trusted = value(take({ root }, two));
  const wrong = { ...keys, timestamp: generateSigningKey(), snapshot: generateSigningKey() };
  test.each<[string, Result<unknown, Refusal>, string]>([
    ['a first set', take({ root }, one), 'ok'],
    ['a newer set', take(value(take({ root }, one)), two), 'ok'],
    ['the same set again', take(trusted, two), 'ok'],
    ['an older set (rollback)', take(trusted, one), 'metadata-older'],
    ['another set of the same version', take(trusted, fixtureSet(keys, 2, later(1), [entry])), 'metadata-mismatch'],
    ['an expired set (freeze)', take({ root }, one, later(7)), 'metadata-expired'],
    ['a fresh set one second before', take({ root }, one, new Date(later(7).getTime() - 1000)), 'ok'],
    [
      'an old snapshot under a new timestamp (mix)',
      take({ root }, { ...two, snapshot: one.snapshot }),
      'metadata-mismatch',
    ],
    ['old targets under a new snapshot (match)', take({ root }, { ...two, targets: one.targets }), 'metadata-mismatch'],
    ['a wrong online key', take({ root }, fixtureSet(wrong, 1, now)), 'metadata-key-unknown'],
    [
      'one targets key of two',
      take({ root }, fixtureSet(keys, 1, now, [], keys.targets.slice(0, 1))),
      'metadata-signatures-too-few',
    ],
    [
      'targets signed by the snapshot key',
      take({ root }, fixtureSet(keys, 1, now, [], [keys.snapshot])),
      'metadata-key-unknown',
    ],
  ])('%s', (_, result, expected) => expect(code(result)).toBe(expected));

  test('a key that signs twice counts once', () => {
    const { signed, signatures } = JSON.parse(two.targets.toString()) as { signed: object; signatures: Signature[] };
    const [signature] = signatures as [Signature];
    const role = root.roles.targets;
    const bytes = canonicalJson(signed);
    expect(code(checkSignatures('targets', bytes, [signature, signature], [role]))).toBe('metadata-malformed');
    expect(code(signedBy(root, 'targets', documentBytes(signed, [signature, signature])))).toBe('metadata-malformed');
  });

  test('what was trusted expires where it lies', () => {
    expect(code(trustFresh(trusted, later(8)))).toBe('metadata-expired');
    expect(code(trustFresh({ root }, now))).toBe('metadata-pending');
  });

  test('a target must be named with the digest of the assignment', () => {
    const ref = { name: 'brain', version: '1.0.0', sha256: entry.sha256 };
    expect(code(verifyTargetNamed(trusted.targets, ref))).toBe('ok');
    expect(code(verifyTargetNamed(trusted.targets, { ...ref, sha256: 'b'.repeat(64) }))).toBe('target-mismatch');
    expect(code(verifyTargetNamed(trusted.targets, { ...ref, version: '1.0.1' }))).toBe('target-unknown');
  });

  test('versions never go back, whatever comes in whatever order', () => {
    const sets = new Map([1, 2, 3, 4].map((v) => [v, fixtureSet(keys, v, now)]));
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 12 }), (order) => {
        let trust: Trust = { root };
        let highest = 0;
        for (const version of order) {
          const taken = take(trust, sets.get(version)!);
          expect(taken.ok).toBe(version >= highest);
          if (taken.ok) trust = taken.value;
          highest = Math.max(highest, version);
          expect(trust.timestamp?.signed.version).toBe(highest);
        }
      }),
    );
  });
});

describe('an assignment', () => {
  const release = { name: 'brain', version: '1.0.0', sha256: 'a'.repeat(64) };
  const make = (over: object = {}, director = keys.director) =>
    fixtureAssignment(now, { device: 'ward-7', serial: 5, release, ...over }, director);
  const good = make();
  const context = { device: 'ward-7', name: 'brain', now };
  const accepted = { serial: 5, bytes: good };
  test.each<[string, Result<unknown, Refusal>, string]>([
    ['a good one', verifyAssignment(root, good, context), 'ok'],
    ['the same again', verifyAssignment(root, good, { ...context, accepted }), 'ok'],
    ['a newer one', verifyAssignment(root, make({ serial: 6 }), { ...context, accepted }), 'ok'],
    ['an older one', verifyAssignment(root, make({ serial: 4 }), { ...context, accepted }), 'assignment-older'],
    [
      'two of one serial',
      verifyAssignment(root, make({ issued: '2026-11-22T00:00:00Z' }), { ...context, accepted }),
      'assignment-older',
    ],
    ['for another device', verifyAssignment(root, make({ device: 'ward-8' }), context), 'assignment-wrong-device'],
    [
      'on the topic of another release',
      verifyAssignment(root, good, { ...context, name: 'lung' }),
      'assignment-malformed',
    ],
    ['expired', verifyAssignment(root, good, { ...context, now: later(30) }), 'assignment-expired'],
    [
      'signed by a targets key',
      verifyAssignment(root, make({}, keys.targets[0]), context),
      'assignment-signature-invalid',
    ],
    ['not JSON', verifyAssignment(root, Buffer.from('hello'), context), 'assignment-malformed'],
    ['longer than any', verifyAssignment(root, Buffer.alloc(20_000, 32), context), 'assignment-malformed'],
  ])('%s', (_, result, expected) => expect(code(result)).toBe(expected));

  test('is refused when any single bit of it is flipped', () => {
    everyBit(good, (bytes) => verifyAssignment(root, bytes, context));
  });
});

describe('any single flipped bit is refused in', () => {
  const set = fixtureSet(keys, 1, now, [entry]);
  test('the timestamp', () => everyBit(set.timestamp, (timestamp) => take({ root }, { ...set, timestamp })));
  test('the snapshot', () => everyBit(set.snapshot, (snapshot) => take({ root }, { ...set, snapshot })));
  test('the targets', () => everyBit(set.targets, (targets) => take({ root }, { ...set, targets })));
  test('the next root', () => everyBit(fixtureRoot(keys, 2, now, [...keys.root]), (bytes) => updateRoot(root, bytes)));
});

/** Flips every bit of the file, one at a time; files are small enough not to need a sample. */
function everyBit(bytes: Buffer, verify: (bytes: Buffer) => Result<unknown, Refusal>): void {
  expect(code(verify(bytes))).toBe('ok');
  const before = sha256Hex(bytes);
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const mask = 1 << (bit & 7);
    bytes[bit >> 3] = bytes[bit >> 3]! ^ mask;
    const result = verify(bytes);
    bytes[bit >> 3] = bytes[bit >> 3]! ^ mask;
    if (result.ok) throw new Error(`bit ${bit & 7} of byte ${bit >> 3} can change unseen`);
  }
  expect(sha256Hex(bytes)).toBe(before);
}
