import type { Assignment } from '../contracts/messages.ts';
import { signAssignment } from './assignment.ts';
import {
  buildRoot,
  buildSnapshot,
  buildTargets,
  buildTimestamp,
  expiresIn,
  publicPart,
  type TargetEntry,
} from './build-metadata.ts';
import { generateSigningKey, type SigningKey } from './keys.ts';
import { metadataTime } from './metadata.ts';
import { signDocument } from './signatures.ts';

/** A small signed repository with all keys in hand, for tests: everything in it can be re-signed, aged and mixed. */
export type FixtureKeys = {
  readonly root: readonly SigningKey[];
  readonly targets: readonly SigningKey[];
  readonly snapshot: SigningKey;
  readonly timestamp: SigningKey;
  readonly director: SigningKey;
};

const three = (): SigningKey[] => [generateSigningKey(), generateSigningKey(), generateSigningKey()];

export const fixtureKeys = (): FixtureKeys => ({
  root: three(),
  targets: three(),
  snapshot: generateSigningKey(),
  timestamp: generateSigningKey(),
  director: generateSigningKey(),
});

/** Root with thresholds 2 of 3; signed by `signers`, by default the first two root keys. */
export const fixtureRoot = (keys: FixtureKeys, version: number, now: Date, signers = keys.root.slice(0, 2)): Buffer =>
  signDocument(
    buildRoot({
      version,
      expires: expiresIn(now, 365),
      roles: {
        root: { keys: keys.root.map(publicPart), threshold: 2 },
        targets: { keys: keys.targets.map(publicPart), threshold: 2 },
        snapshot: { keys: [publicPart(keys.snapshot)], threshold: 1 },
        timestamp: { keys: [publicPart(keys.timestamp)], threshold: 1 },
      },
      director: publicPart(keys.director),
    }),
    signers,
  );

export type FixtureSet = { readonly timestamp: Buffer; readonly snapshot: Buffer; readonly targets: Buffer };

/** Targets, snapshot and timestamp that belong together, all of one version. */
export function fixtureSet(
  keys: FixtureKeys,
  version: number,
  now: Date,
  entries: readonly TargetEntry[] = [],
  signers = keys.targets.slice(0, 2),
): FixtureSet {
  const head = { version, expires: expiresIn(now, 7) };
  const targets = signDocument(buildTargets({ ...head, targets: entries }), signers);
  const snapshot = signDocument(buildSnapshot({ ...head, targets, targetsVersion: version }), [keys.snapshot]);
  const timestamp = signDocument(buildTimestamp({ ...head, snapshot, snapshotVersion: version }), [keys.timestamp]);
  return { timestamp, snapshot, targets };
}

export const fixtureAssignment = (
  now: Date,
  over: Pick<Assignment, 'device' | 'serial' | 'release'> & Partial<Assignment>,
  director: SigningKey,
): Buffer =>
  signAssignment(
    {
      _type: 'assignment',
      spec_version: '1',
      issued: metadataTime(now),
      expires: metadataTime(expiresIn(now, 30)),
      ...over,
    },
    director,
  );
